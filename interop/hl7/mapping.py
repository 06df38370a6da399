"""What a message of HL7 v2 means as events: of each kind of message, one function."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import gmcrypto
from foundation.core import clock
from interop.hl7 import documents
from interop.hl7.parsing import Hl7Message, Segment, moment_of

Envelope = dict[str, Any]

# HL7 tables 0074 (diagnostic service section): what we tell apart.
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("LAB", "CH", "HM", "MB", "BLB", "SR", "TX", "IMM", "VR", "MYC", "PAR", "BG", "CUS"), "lab"
    ),
    **dict.fromkeys(
        ("RAD", "RX", "CT", "CTH", "NMR", "MR", "US", "RUS", "VUS", "OUS", "XRC", "NMS"), "imaging"
    ),
    **dict.fromkeys(("SP", "CP", "CG"), "pathology"),
    **dict.fromkeys(("EC", "EN", "PF", "PHY", "CUS", "ICU", "NRS"), "function"),
}
# OBR-25, table 0123: final, corrected, taken back. Nothing else is for the patient yet.
_STATUS = {"F": "report.published", "C": "report.amended", "X": "report.revoked"}
_APPOINTMENTS = {
    "S12": "appointment.booked",
    "S13": "appointment.rescheduled",
    "S14": "appointment.rescheduled",
    "S15": "appointment.cancelled",
    "S26": "appointment.missed",
}
# Blocked time slots of a schedule are a session that is not held.
_STOPPED = frozenset({"S23"})
_TEXTS = frozenset({"TX", "FT"})
_IMPRESSION, _DESCRIPTION = "IMP", "GDT"


class Unmappable(Exception):
    """The message lacks something without which no event can be made; ``where`` names the field."""

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(where)


def events_of(message: Hl7Message) -> list[Envelope] | None:
    """The events that a message tells of; none at all for a kind that is not heard.

    Raises:
        Unmappable: A field is missing.
        UnreadableDocument: A PDF in it cannot be read.
    """
    kind, trigger = message.header.text(9), message.header.text(9, 2)
    read = _READERS.get((kind, trigger))
    return list(read(message, trigger)) if read is not None else None


def kinds() -> list[str]:
    """The kinds of messages that are heard."""
    return [f"{kind}^{trigger}" for kind, trigger in _READERS]


def _reports(message: Hl7Message, trigger: str) -> Iterator[Envelope]:
    for place, group in enumerate(message.groups("OBR")):
        order = group[0]
        kind = _STATUS.get(order.text(25))
        if kind is None:
            continue
        number = order.text(3) or order.text(2)
        if not number:
            raise Unmappable(f"OBR[{place + 1}]-3")
        data: dict[str, Any] = {"report_no": number}
        if kind != "report.revoked":
            data |= _report(message, order, group, place)
        yield _envelope(message, kind, f"report:{number}", data, place, with_patient=True)


def _report(message: Hl7Message, order: Segment, group: Sequence[Segment], place: int) -> dict[str, Any]:
    title = order.text(4, 2) or order.text(4)
    if not title:
        raise Unmappable(f"OBR[{place + 1}]-4")
    reported = moment_of(order.text(22)) or moment_of(order.text(7)) or moment_of(message.header.text(7))
    observed = [segment for segment in group if segment.name == "OBX"]
    visit = message.first("PV1")
    specimen = next((segment.text(4, 2) or segment.text(4) for segment in group if segment.name == "SPM"), "")
    document = documents.pdf_of(observed)
    found: dict[str, Any] = {
        "kind": _KINDS.get(order.text(24), "other"),
        "title": title[:100],
        "reported_at": (reported or clock.now()).isoformat(),
        "doctor": _name(order.text(32, 2), order.text(32, 3)),
        "specimen": specimen,
        "encounter_no": visit.text(19) if visit is not None else "",
        "results": [_result(one) for one in observed if _is_result(one)],
        "findings": _words(observed, is_impression=False),
        "conclusion": _words(observed, is_impression=True),
        "document_sm3": documents.digest_of(document) if document else "",
    }
    return {name: value for name, value in found.items() if value}


def _is_result(observation: Segment) -> bool:
    kind = observation.text(2)
    return bool(kind) and kind not in _TEXTS and kind not in {"ED", "RP"} and bool(observation.text(3))


def _result(observation: Segment) -> dict[str, str]:
    # A comparator and its number, or a coded value by its name.
    value = observation.text(5)
    if observation.text(2) == "SN":
        value = "".join(observation.text(5, part) for part in (1, 2, 3, 4))
    elif observation.text(2) in {"CE", "CWE", "CNE"}:
        value = observation.text(5, 2) or value
    found = {
        "code": observation.text(3)[:40],
        "name": (observation.text(3, 2) or observation.text(3))[:100],
        "value": value[:100],
        "unit": (observation.text(6) or "")[:40],
        "range": observation.text(7)[:100],
        "mark": observation.text(8)[:10],
    }
    return {name: text for name, text in found.items() if text or name == "value"}


def _words(observed: Sequence[Segment], *, is_impression: bool) -> str:
    """What is said in words: the impression, or everything else."""
    said: list[str] = []
    for one in observed:
        if one.text(2) not in _TEXTS:
            continue
        parts = one.raw(3).split(one.marks.component)[0].split(one.marks.subcomponent)
        if (_IMPRESSION in parts) == is_impression:
            said.extend(one.text(5, of=line) for line in one.repetitions(5))
    return "\n".join(filter(None, said))


def _appointment(message: Hl7Message, trigger: str) -> Iterator[Envelope]:
    schedule = message.first("SCH")
    number = (schedule.text(2) or schedule.text(1)) if schedule is not None else ""
    if schedule is None or not number:
        raise Unmappable("SCH-2")
    data: dict[str, Any] = {"booking_no": number}
    kind = _APPOINTMENTS[trigger]
    if kind == "appointment.cancelled":
        data["reason"] = schedule.text(6, 2) or schedule.text(6)
    elif kind != "appointment.missed":
        data["schedule_code"] = _required(schedule.text(5), "SCH-5")
        data["starts_at"] = _start(message, schedule)
    yield _envelope(message, kind, f"booking:{number}", _full(data), 0, with_patient=True)


def _stopped(message: Hl7Message, trigger: str) -> Iterator[Envelope]:
    schedule = message.first("SCH")
    code = _required(schedule.text(5) if schedule is not None else "", "SCH-5")
    reason = (schedule.text(6, 2) or schedule.text(6)) if schedule is not None else ""
    data = _full({"schedule_code": code, "reason": reason})
    yield _envelope(message, "schedule.stopped", f"schedule:{code}", data, 0, with_patient=False)


def _start(message: Hl7Message, schedule: Segment) -> str:
    """When it begins: SCH-11 in older versions, TQ1-7 or the service's own time in newer ones."""
    timing, service = message.first("TQ1"), message.first("AIS")
    for text in (
        schedule.text(11, 4),
        timing.text(7) if timing is not None else "",
        service.text(4) if service is not None else "",
    ):
        moment = moment_of(text)
        if moment is not None:
            return moment.isoformat()
    raise Unmappable("SCH-11")


def _envelope(
    message: Hl7Message, kind: str, aggregate: str, data: dict[str, Any], place: int, *, with_patient: bool
) -> Envelope:
    header = message.header
    said = moment_of(header.text(7))
    if said is None:
        raise Unmappable("MSH-7")
    control = _required(header.text(10), "MSH-10")
    sender = "|".join(header.text(number) for number in (3, 4))
    digest = gmcrypto.sm3(f"{sender}|{control}|{place}|{kind}".encode()).hex()[:40]
    told: dict[str, Any] = {
        **data,
        # The control id names the message for its sender, also when it is sent again.
        "event_id": f"hl7:{digest}",
        "occurred_at": said.isoformat(),
        "seq": int(said.timestamp() * 1000),
        "aggregate": aggregate,
    }
    if with_patient:
        told["patient"] = _patient(message)
    return {"type": kind, "timestamp": said.isoformat(), "data": told}


def _patient(message: Hl7Message) -> dict[str, str]:
    """PID-3: the card's number, by its form, or the hospital's own number."""
    identity = message.first("PID")
    own = ""
    for one in identity.repetitions(3) if identity is not None else []:
        number = identity.text(3, of=one) if identity is not None else ""
        if len(number) == 64:
            return {"health_card_id": number}
        # The type of the number, table 0203: an internal one, or none said.
        if not own and identity is not None and identity.text(3, 5, of=one) in {"", "PI", "MR", "PT", "AN"}:
            own = number
    return {"patient_id": _required(own, "PID-3")}


def _name(family: str, given: str) -> str:
    """A name as Chinese systems fill it: whole in the family's place, or parted."""
    return f"{family}{given}"[:60]


def _required(text: str, where: str) -> str:
    if not text:
        raise Unmappable(where)
    return text


def _full(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value}


_Reader = Callable[[Hl7Message, str], Iterator[Envelope]]
_READERS: Mapping[tuple[str, str], _Reader] = {
    ("ORU", "R01"): _reports,
    **{("SIU", trigger): _appointment for trigger in _APPOINTMENTS},
    **{("SIU", trigger): _stopped for trigger in _STOPPED},
}
