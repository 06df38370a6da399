"""Calls about reports and visits: what patients read in the portal."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sdk.transport import Connection


@dataclass(frozen=True, slots=True)
class ReportResult:
    """One line of a laboratory report, exactly as the hospital prints it.

    Attributes:
        code: Results are compared over time by it, also between hospitals.
        mark: The hospital's own, for example ``H``, ``L``, ``POS``; empty for none.
    """

    code: str = field(repr=False)
    name: str = field(repr=False)
    value: str = field(repr=False)
    unit: str = field(default="", repr=False)
    low: str = field(default="", repr=False)
    high: str = field(default="", repr=False)
    range_text: str = field(default="", repr=False)
    mark: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class KeptReport:
    """What became of a report; ``changed`` is false for what was known already."""

    report_id: str
    version: int
    changed: bool


class ReportCalls(Connection):
    """Reports and visits of patients of this institution."""

    def publish_report(
        self,
        *,
        report_no: str,
        kind: str,
        title: str,
        reported_at: datetime,
        results: Sequence[ReportResult] = (),
        findings: str = "",
        conclusion: str = "",
        department: str = "",
        doctor: str = "",
        specimen: str = "",
        encounter_no: str = "",
        reason: str = "",
        has_document: bool = False,
        health_card_id: str = "",
        patient_id: str = "",
        idempotency_key: str = "",
    ) -> KeptReport:
        """Publish a report; the same number again with other content amends it.

        Args:
            kind: ``lab``, ``imaging``, ``pathology``, ``function`` or ``other``.
            reason: Why it was amended; the patient reads it.
            has_document: Whether the institution offers a PDF of it to be fetched.
            health_card_id: Or ``patient_id``, the institution's own number; one of the two.
        """
        body = _patient(health_card_id, patient_id) | {
            "report_no": report_no,
            "kind": kind,
            "title": title,
            "reported_at": reported_at.isoformat(),
            "results": [asdict(one) for one in results],
            "findings": findings,
            "conclusion": conclusion,
            "department": department,
            "doctor": doctor,
            "specimen": specimen,
            "encounter_no": encounter_no,
            "reason": reason,
            "has_document": has_document,
        }
        return self._change("/reports", body, _kept, idempotency_key)

    def printable_reports(self, code: str) -> list[Mapping[str, Any]]:
        """What the patient whose dynamic code was verified just now may print here."""
        return self._change("/report-prints", {"code": code}, _listed, "")

    def print_report(self, code: str, report_id: str) -> bytes:
        """The PDF of one of them."""
        return self._change(f"/report-prints/{quote(report_id, safe='')}", {"code": code}, _pdf, "")

    def withdraw_report(self, report_no: str, *, reason: str = "", idempotency_key: str = "") -> bool:
        """Take a report back; returns whether it was not withdrawn before."""
        body = {"report_no": report_no, "reason": reason}
        return self._change("/reports/withdrawals", body, _changed, idempotency_key)

    def record_encounter(
        self,
        *,
        encounter_no: str,
        kind: str,
        started_at: datetime,
        ended_at: datetime | None = None,
        department: str = "",
        doctor: str = "",
        complaint: str = "",
        diagnoses: Sequence[str] = (),
        advice: str = "",
        medicines: Sequence[str] = (),
        health_card_id: str = "",
        patient_id: str = "",
        idempotency_key: str = "",
    ) -> str:
        """Tell of a visit or a stay, or what is new of one; returns its id here.

        Args:
            kind: ``outpatient``, ``emergency`` or ``inpatient``.
        """
        body = _patient(health_card_id, patient_id) | {
            "encounter_no": encounter_no,
            "kind": kind,
            "started_at": started_at.isoformat(),
            "ended_at": ended_at.isoformat() if ended_at is not None else None,
            "department": department,
            "doctor": doctor,
            "complaint": complaint,
            "diagnoses": list(diagnoses),
            "advice": advice,
            "medicines": list(medicines),
        }
        return self._change("/encounters", body, _encounter, idempotency_key)


def _patient(health_card_id: str, patient_id: str) -> dict[str, Any]:
    named = {"health_card_id": health_card_id, "patient_id": patient_id}
    return {name: value for name, value in named.items() if value}


def _kept(answer: Mapping[str, Any]) -> KeptReport:
    return KeptReport(answer["report_id"], answer["version"], answer["changed"])


def _changed(answer: Mapping[str, Any]) -> bool:
    return answer["changed"] is True


def _encounter(answer: Mapping[str, Any]) -> str:
    return str(answer["encounter_id"])


def _listed(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(answer["reports"])


def _pdf(answer: Mapping[str, Any]) -> bytes:
    return base64.b64decode(answer["pdf"])
