"""Events as an older system writes them: messages of HL7 v2.5 in pipe form."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.answers import RestRefusal
from sandbox.his import pdf
from sandbox.his.events import Envelope
from sandbox.his.hospitals import Hospital

_STATUS = {"report.published": "F", "report.amended": "C", "report.revoked": "X"}
_TRIGGERS = {
    "appointment.booked": "S12",
    "appointment.rescheduled": "S13",
    "appointment.cancelled": "S15",
    "appointment.missed": "S26",
    "schedule.stopped": "S23",
}
_SECTIONS = {"lab": "LAB", "imaging": "RAD", "pathology": "SP"}
_ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"})


def message_of(hospital: Hospital, event: Envelope) -> bytes:
    """The message that tells of an event.

    Raises:
        RestRefusal: There is none for events of this kind.
    """
    kind, data = event["type"], event["data"]
    if kind in _STATUS:
        segments = [_header(hospital, event, "ORU^R01"), _patient(data), *_report(hospital, kind, data)]
    elif kind in _TRIGGERS:
        segments = [_header(hospital, event, f"SIU^{_TRIGGERS[kind]}"), _schedule(data), _patient(data)]
    else:
        raise RestRefusal(400, "no_hl7_form", "There is no HL7 message for events of this type.", "type")
    return "".join(f"{segment}\r" for segment in segments if segment).encode()


def _header(hospital: Hospital, event: Envelope, kind: str) -> str:
    fields = {
        3: "HIS",
        4: _text(hospital.code),
        5: "EHC",
        6: "CENTRE",
        7: _time(event["timestamp"], milliseconds=True),
        9: kind,
        10: event["data"]["event_id"],
        11: "P",
        12: "2.5",
        18: "UNICODE UTF-8",
    }
    # The first two fields of a header are the marks themselves.
    return "MSH|^~\\&" + _segment("", fields, first=3)


def _patient(data: Mapping[str, Any]) -> str:
    named = data.get("patient") or {}
    card, number = named.get("health_card_id"), named.get("patient_id")
    identifier = f"{card}^^^EHC^JHN" if card else f"{_text(number)}^^^HIS^MR" if number else ""
    return _segment("PID", {3: identifier}) if identifier else ""


def _report(hospital: Hospital, kind: str, data: Mapping[str, Any]) -> list[str]:
    order = {
        1: "1",
        3: _text(data["report_no"]),
        4: f"^{_text(data.get('title', ''))}",
        22: _time(data.get("reported_at", data["occurred_at"])),
        24: _SECTIONS.get(data.get("kind", ""), "OTH"),
        25: _STATUS[kind],
        32: f"^{_text(data.get('doctor', ''))}",
    }
    if kind == "report.revoked":
        return [_segment("OBR", order)]
    results = [_result(*each) for each in enumerate(data.get("results", []), 1)]
    return [_segment("OBR", order), *results, _document(hospital, data, len(results) + 1)]


def _document(hospital: Hospital, data: Mapping[str, Any], place: int) -> str:
    """The report as it is printed, inside the message."""
    content = base64.b64encode(pdf.printed(hospital.name, data)).decode()
    return _segment(
        "OBX",
        {
            1: str(place),
            2: "ED",
            3: "PDF^报告单",
            5: f"^application^pdf^Base64^{content}",
            11: "F",
        },
    )


def _result(place: int, result: Mapping[str, Any]) -> str:
    said = {name: _text(result.get(name, "")) for name in ("code", "name", "value", "unit", "range", "mark")}
    return _segment(
        "OBX",
        {
            1: str(place),
            2: "ST",
            3: f"{said['code']}^{said['name']}",
            5: said["value"],
            6: said["unit"],
            7: said["range"],
            8: said["mark"],
            11: "F",
        },
    )


def _schedule(data: Mapping[str, Any]) -> str:
    starts_at = data.get("starts_at")
    return _segment(
        "SCH",
        {
            2: _text(data.get("booking_no", "")),
            5: _text(data.get("schedule_code", "")),
            6: f"^{_text(data.get('reason', ''))}",
            11: f"^^^{_time(starts_at)}" if starts_at else "",
        },
    )


def _segment(name: str, fields: Mapping[int, str], *, first: int = 1) -> str:
    return name + "".join(f"|{fields.get(place, '')}" for place in range(first, max(fields) + 1))


def _text(value: object) -> str:
    return str(value).translate(_ESCAPES)


def _time(text: str, *, milliseconds: bool = False) -> str:
    moment = datetime.fromisoformat(text)
    fraction = f".{moment.microsecond // 1000:03}" if milliseconds else ""
    return moment.strftime("%Y%m%d%H%M%S") + fraction + moment.strftime("%z")
