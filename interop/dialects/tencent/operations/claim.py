"""100, 140, 142 and 303: a card that its holder hands over, and the card pack.

The resident agrees on a page of ours and comes back to the hospital with a ``healthCode``;
the hospital redeems it with 100, once, and links its own number for the patient with 140. An
order of 142 takes the card of a patient into the pack, on our page ``/open/takeMsCard``.
"""

from typing import Any

from django.conf import settings

from cards.codes.institution import find_number
from cards.codes.page import showable_number
from cards.errors import NoScanSession, PersonNotBound, ScanSessionOver
from cards.rules.codes import StaticCode, parse
from cards.services import handover
from cards.services.binding import is_bound, link_patient
from cards.verification import reference
from foundation.core.text import mask_name, mask_number
from foundation.gateway.scopes import CARD_CLAIM, CARD_READ_FULL
from interop.dialects.tencent.errors import BadParameter
from interop.dialects.tencent.operations.base import Call, Operation
from interop.dialects.tencent.operations.card import LONGEST_CODE, card_object


def get_by_health_code(call: Call) -> dict[str, Any]:
    """The card that its holder has handed over."""
    claimed = handover.redeem_claim_code(code=call.req.text("healthCode", most=64), actor=call.actor)
    number = showable_number(claimed.card)
    return {"isSelf": claimed.is_self, "card": card_object(call, number.value)}


def bind_relation(call: Call) -> dict[str, Any]:
    """Link the hospital's own number to the holder of a card."""
    patient_id = call.req.text("patid", most=64)
    if not patient_id.isprintable():
        raise BadParameter(field="patid", name="patid")
    card_pk = card_of_patient(call, call.req.text("qrCodeText", most=LONGEST_CODE))
    link_patient(card_pk=card_pk, patient_id=patient_id, actor=call.actor)
    return {"result": True}


def get_order_id(call: Call) -> dict[str, Any]:
    """An order for the pack, for the card of a patient."""
    call.req.text("appId", most=100)
    card_pk = card_of_patient(call, call.req.text("qrCodeText", most=LONGEST_CODE))
    return {"orderId": handover.place_pack_order(card_pk=card_pk, actor=call.actor)}


def card_of_patient(call: Call, text: str) -> int:
    """The card of a code that this institution has scanned, or whose holder it knows.

    Raises:
        PersonNotBound: Neither, or the static code of a stranger.
        CodeUsed, CodeForged and the other refusals of ``reference``.
        CardFrozen, CardLost, CardCancelled: It is not in use.
    """
    code = parse(text, own_issuer=settings.EHCAPPID)
    try:
        card_id = reference(text, caller=call.caller).card_id
    except (NoScanSession, ScanSessionOver) as exc:
        if not isinstance(code, StaticCode):
            raise
        if not is_bound(find_number(code.card_id).card_id, call.caller.institution):
            raise PersonNotBound(field="qrCodeText") from exc
        card_id = code.card_id
    card = find_number(card_id).card
    showable_number(card)
    return card.pk


def get_order_info(call: Call) -> dict[str, Any]:
    """Whom an order of this institution is about; the order stays open."""
    call.req.optional("verifyType", most=20)
    order = handover.open_order(code=call.req.text("orderId", most=64), institution=call.caller.institution)
    face = order.card.face
    full = CARD_READ_FULL in call.caller.scopes
    return {
        "idCard": face["id_number"] if full else mask_number(face["id_number"]),
        "cardType": face["id_type"],
        "name": face["name"] if full else mask_name(face["name"]),
    }


GET_BY_HEALTH_CODE = Operation(
    name="getHealthCardByHealthCode",
    number="100",
    purpose="通过授权码获取健康卡",
    rsp=("isSelf", "card"),
    handle=get_by_health_code,
    scopes=frozenset({CARD_CLAIM}),
)
BIND_RELATION = Operation(
    name="bindCardRelation",
    number="140",
    purpose="绑定健康卡和院内就诊人",
    rsp=("result",),
    handle=bind_relation,
    scopes=frozenset({CARD_CLAIM}),
)
GET_ORDER_ID = Operation(
    name="getOrderIdByOutAppId",
    number="142",
    purpose="获取卡包订单",
    rsp=("orderId",),
    handle=get_order_id,
    scopes=frozenset({CARD_CLAIM}),
)
GET_ORDER_INFO = Operation(
    name="getOrderInfoByOrderId",
    number="303",
    purpose="查询订单信息",
    rsp=("idCard", "cardType", "name"),
    handle=get_order_info,
    scopes=frozenset({CARD_CLAIM}),
)
