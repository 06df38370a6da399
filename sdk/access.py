"""Calls about records that a patient opens to a doctor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sdk.transport import Connection, built


@dataclass(frozen=True, slots=True)
class AskedAccess:
    """A request to a patient; ``grant_id`` is empty unless it was granted."""

    request_id: str
    reader_name: str
    place: str
    purpose: str
    kinds: Sequence[str]
    state: str
    is_waiting: bool
    expires_at: datetime
    grant_id: str


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """What a consent opens; reports and visits have the members that the description names."""

    until: datetime
    purpose: str
    reports: Sequence[Mapping[str, Any]] = field(repr=False)
    visits: Sequence[Mapping[str, Any]] = field(repr=False)


class AccessCalls(Connection):
    """Asking patients of this institution, and reading what they opened."""

    def ask_for_access(
        self,
        *,
        doctor_code: str,
        purpose: str,
        kinds: Sequence[str],
        health_card_id: str = "",
        patient_id: str = "",
        idempotency_key: str = "",
    ) -> AskedAccess:
        """Ask a patient to open records to a doctor; the patient's phone is told.

        Args:
            doctor_code: The institution's own staff number.
            kinds: Of ``outpatient``, ``inpatient``, ``lab``, ``imaging`` and ``other``.
            health_card_id: Or ``patient_id``; one of the two.
        """
        named = {"health_card_id": health_card_id, "patient_id": patient_id}
        body = {"doctor_code": doctor_code, "purpose": purpose, "kinds": list(kinds)}
        body |= {name: value for name, value in named.items() if value}
        return self._change("/access-requests", body, _asked, idempotency_key)

    def access_state(self, request_id: str) -> AskedAccess:
        """Where a request stands."""
        return self._read(f"/access-requests/{quote(request_id, safe='')}", _asked)

    def opened_records(self, grant_id: str) -> OpenedRecord:
        """What a consent opens; each call is written down and shown to the patient."""
        return self._read(f"/access/{quote(grant_id, safe='')}/records", _opened)

    def opened_report(self, grant_id: str, report_id: str) -> Mapping[str, Any]:
        """One report that a consent opens, with its results."""
        path = f"/access/{quote(grant_id, safe='')}/reports/{quote(report_id, safe='')}"
        return self._read(path, dict)


def _asked(answer: Mapping[str, Any]) -> AskedAccess:
    return built(AskedAccess, answer, expires_at=datetime.fromisoformat(answer["expires_at"]))


def _opened(answer: Mapping[str, Any]) -> OpenedRecord:
    return OpenedRecord(
        until=datetime.fromisoformat(answer["until"]),
        purpose=answer["purpose"],
        reports=answer["reports"],
        visits=answer["visits"],
    )
