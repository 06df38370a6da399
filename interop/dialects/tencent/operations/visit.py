"""250 checkAppointmentLimit, 261 sendMedicalRecordNotice and 293 saveScanQrField."""

import ipaddress
from typing import Any

from appointments.selectors.risk import risk_of
from cards.codes.page import showable_number
from cards.services import visits
from cards.services.by_institution import bound_card
from foundation.gateway.scopes import APPOINTMENT_CHECK, CARD_REGISTER, NOTICE_SEND
from institutions import selectors as institutions
from interop.dialects.tencent.errors import BadParameter, MissingParameter
from interop.dialects.tencent.operations import words
from interop.dialects.tencent.operations.base import Call, Operation
from mpi import selectors as mpi

MOST_RECORDS = 20
SLIP_FIELDS = (
    "registerCardNum",
    "registerId",
    "outpatientNum",
    "registerQrCode",
    "registerBarCode",
    "caregiverName",
    "caregiverPhone",
    "caregiverCardNumber",
    "visitCodeFirst",
)
_TOASTS = {
    visits.Risk.NONE: "",
    visits.Risk.NEAR: "今日预约次数已接近上限",
    visits.Risk.OVER: "今日预约次数过多，请明天再试，或到医院窗口预约",
}


def check_limit(call: Call) -> dict[str, Any]:
    """How often the card, the user and the address have asked today, and the person has booked here."""
    req = call.req
    card = _card_of_patient(call)
    address = req.optional("clientIp", most=45)
    if address and not _is_address(address):
        raise BadParameter(field="clientIp", name="clientIp")
    risk = visits.count_appointment(
        card_id=card.public_id, user=req.optional("openId", most=64), address=address
    )
    pk = institutions.institution_pk(call.institution.public_id)
    if pk is not None:
        risk = max(risk, risk_of(mpi.cluster(card.person_id), institution_pk=pk))
    return {
        "verify": risk is not visits.Risk.OVER,
        "riskLevel": risk.value,
        "toast": _TOASTS[risk],
    }


def send_notice(call: Call) -> dict[str, Any]:
    """Tell the holders that there is something to read; of what, nothing is kept or sent."""
    req = call.req
    for name in ("appId", "openId", "unionId", "hospitalName"):
        req.optional(name)
    for item in req.rows("userCardInfoList", most=MOST_RECORDS) if req.has("userCardInfoList") else ():
        words.time_of(item, "time")
        for name in ("department", "cardChannel", "scene"):
            item.optional(name)
    visits.tell_of_record(card_pk=_card_of_patient(call).pk, actor=call.actor)
    return {}


def save_fields(call: Call) -> dict[str, Any]:
    """Keep what stands behind a code that the hospital prints."""
    fields = {name: words.plain(call.req, name, most=200) for name in SLIP_FIELDS}
    fields = {name: value for name, value in fields.items() if value}
    if not fields:
        raise MissingParameter(field=SLIP_FIELDS[0], name=SLIP_FIELDS[0])
    card_pk = _card_of_patient(call).pk if call.req.has("healthCardId") else None
    return {"fieldCode": visits.keep_slip(card_pk=card_pk, fields=fields, actor=call.actor)}


def _card_of_patient(call: Call) -> Any:
    """Of strangers nothing is told, also not whether their cards are in use."""
    card = bound_card(card_id=call.req.text("healthCardId"), actor=call.actor)
    showable_number(card)
    return card


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


CHECK_LIMIT = Operation(
    name="checkAppointmentLimit",
    number="250",
    purpose="预约风控",
    rsp=("verify", "riskLevel", "toast"),
    handle=check_limit,
    scopes=frozenset({APPOINTMENT_CHECK}),
)
SEND_NOTICE = Operation(
    name="sendMedicalRecordNotice",
    number="261",
    purpose="就诊记录通知",
    rsp=(),
    handle=send_notice,
    scopes=frozenset({NOTICE_SEND}),
)
SAVE_FIELDS = Operation(
    name="saveScanQrField",
    number="293",
    purpose="保存扫码字段",
    rsp=("fieldCode",),
    handle=save_fields,
    scopes=frozenset({CARD_REGISTER}),
)
