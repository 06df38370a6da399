"""141 reportHISData (199 is the same operation for application-side use), 294 and 237.

The three tell of a use that has happened, and differ in how they name the card: 141 by code or
identity number, 294 by code or card number, 237 by code or the hospital's own patient number.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings

from cards.codes.institution import find_number
from cards.errors import NoScanSession, PersonNotBound, ScanSessionOver
from cards.rules.codes import StaticCode, parse
from cards.services.binding import is_bound
from cards.services.issue import live_card
from cards.verification import Details, Reported, report_by_card, report_by_code
from foundation.core.text import normalise_name
from foundation.gateway.scopes import USAGE_REPORT
from interop.dialects.tencent.errors import BadParameter, MissingParameter
from interop.dialects.tencent.operations import words
from interop.dialects.tencent.operations.base import Call, Operation
from mpi import selectors as mpi
from mpi.types import PersonRef

NUMBER, BY_SCAN, BY_PATIENT = "141", "294", "237"
_LONGEST_CODE = 4_000
_IDENTITY_CARD = "01"


def report_his_data(call: Call) -> dict[str, Any]:
    """Record a use that has happened."""
    details = _details(call, NUMBER)
    for name in ("hospitalCode", "serviceId"):
        call.req.optional(name)
    reported = _reported(call, details, "idCardNumber", _card_by_identity)
    return {"none": "", "resultCode": 0, "time": words.beijing_text(reported.at)}


def report_scan(call: Call) -> dict[str, Any]:
    """Record that a code was scanned."""
    details = _details(call, BY_SCAN)
    for name in ("hospitalCode", "hospitalName"):
        call.req.optional(name)
    _reported(call, details, "healthCardId", _card_by_number)
    return {}


def report_patient_data(call: Call) -> dict[str, Any]:
    """Record a use by a patient whom the hospital knows by its own number."""
    details = _details(call, BY_PATIENT)
    call.req.optional("platformId")
    _reported(call, details, "patientId", _card_by_patient)
    return {}


def _details(call: Call, operation: str) -> Details:
    req = call.req
    if not req.has("time"):
        raise MissingParameter(field="time", name="time")
    scene = words.scene_of(req, "scene")
    if scene in words.SCENES_WITH_COST and not req.has("cardCostTypes"):
        raise MissingParameter(field="cardCostTypes", name="cardCostTypes")
    return Details(
        scene=scene,
        request_id=call.request_id,
        operation=operation,
        department=words.plain(req, "department", most=60),
        channel=words.one_of(req, "cardChannel", words.CARD_CHANNELS),
        card_type=words.one_of(req, "cardType", words.CARD_TYPES, default="11"),
        cost_type=words.one_of(req, "cardCostTypes", words.COST_TYPES, default=""),
        branch=words.plain(req, "subHospitalCode", most=22),
        caller_time=words.time_of(req, "time"),
    )


def _reported(call: Call, details: Details, other: str, card_of: Callable[[Call], str]) -> Reported:
    text = call.req.optional("qrCodeText", most=_LONGEST_CODE)
    if text:
        code = parse(text, own_issuer=settings.EHCAPPID)
        try:
            return report_by_code(text=text, caller=call.caller, details=details)
        except (NoScanSession, ScanSessionOver):
            if not isinstance(code, StaticCode):
                raise
        _require_patient(call, code.card_id, "qrCodeText")
        return report_by_card(card_id=code.card_id, caller=call.caller, details=details)
    if call.req.has(other):
        return report_by_card(card_id=card_of(call), caller=call.caller, details=details)
    raise MissingParameter(field="qrCodeText", name="qrCodeText")


def _require_patient(call: Call, card_id: str, field: str) -> None:
    """Of a card without a scan of its own, only that it may be known to the hospital."""
    if not is_bound(find_number(card_id).card_id, call.caller.institution):
        raise PersonNotBound(field=field)


def _card_by_number(call: Call) -> str:
    card_id = call.req.text("healthCardId")
    _require_patient(call, card_id, "healthCardId")
    return card_id


def _card_by_patient(call: Call) -> str:
    person = mpi.find_by_source(call.caller.institution, call.req.text("patientId", most=64))
    return _card_of(call, person, "patientId")


def _card_by_identity(call: Call) -> str:
    """The card of a patient known by the identity number; for others the answer is one and the same."""
    person = mpi.find_by_identifier(_IDENTITY_CARD, call.req.text("idCardNumber"))
    name = call.req.optional("name")
    return _card_of(call, person, "idCardNumber", name=name)


def _card_of(call: Call, person: PersonRef | None, field: str, *, name: str = "") -> str:
    card = live_card(person.person_pk) if person is not None else None
    if card is None or not is_bound(card.pk, call.caller.institution):
        raise PersonNotBound(field=field)
    if name and normalise_name(name) != card.face["name"]:
        raise BadParameter(field="name", name="name")
    number: str = card.numbers.get(state="current").value
    return number


OPERATION = Operation(
    name="reportHISData",
    number=NUMBER,
    purpose="用卡数据监测",
    rsp=("none", "resultCode", "time"),
    handle=report_his_data,
    scopes=frozenset({USAGE_REPORT}),
)
REPORT_SCAN = Operation(
    name="reportScanQRCode",
    number=BY_SCAN,
    purpose="扫码上报",
    rsp=(),
    handle=report_scan,
    scopes=frozenset({USAGE_REPORT}),
)
REPORT_PATIENT = Operation(
    name="reportRealNamePatientData",
    number=BY_PATIENT,
    purpose="实名就诊人用卡数据上报",
    rsp=(),
    handle=report_patient_data,
    scopes=frozenset({USAGE_REPORT}),
)
