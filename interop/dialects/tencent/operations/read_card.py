"""104 getHealthCardByQRCode and 158 getHealthCardByHealthCardId."""

from typing import Any

from django.conf import settings

from cards.codes.institution import find_number
from cards.errors import CodeUsed, NoScanSession
from cards.rules.codes import StaticCode, parse
from cards.verification import reference, verify
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.gateway.scopes import CARD_READ, CARD_READ_FULL, CODE_VERIFY
from interop.dialects.tencent.operations.base import Call, Operation
from interop.dialects.tencent.operations.card import (
    LONGEST_CODE,
    card_object,
    require_code_in_use,
    require_in_use,
)

BY_CODE = "104"
# The operation has no place for the step of care. A static code is taken as shown at
# registration, the one step that it opens by default; of a dynamic code the 143 that follows
# tells the step.
_STATIC_SCENE, _DYNAMIC_SCENE = "010101", "000000"


def get_by_code(call: Call) -> dict[str, Any]:
    """The card behind a scanned code.

    The first call consumes a dynamic code and opens the scan session; within it the same
    institution may ask again.
    """
    text = call.req.text("qrCodeText", most=LONGEST_CODE)
    return {"card": card_object(call, _scanned(call, text))}


def get_by_card_id(call: Call) -> dict[str, Any]:
    """The card with a number."""
    card_id = call.req.text("healthCardId")
    _record_read(call, find_number(card_id).card)
    return {"card": card_object(call, card_id)}


def _card_in_use(call: Call) -> None:
    require_in_use(call.req.text("healthCardId"))


def _scanned(call: Call, text: str) -> str:
    if isinstance(parse(text, own_issuer=settings.EHCAPPID), StaticCode):
        return _first_scan(call, text, _STATIC_SCENE)
    try:
        return _again(call, text)
    except NoScanSession:
        return _first_or_beside(call, text)


def _first_or_beside(call: Call, text: str) -> str:
    try:
        return _first_scan(call, text, _DYNAMIC_SCENE)
    except CodeUsed:
        # Two at once: if the other was of this institution, this one is the second reader.
        return _again(call, text)


def _first_scan(call: Call, text: str, scene: str) -> str:
    verified = verify(
        text=text,
        caller=call.caller,
        scene=scene,
        request_id=call.request_id,
        terminal_id="",
        operation=BY_CODE,
    )
    return verified.card_id


def _again(call: Call, text: str) -> str:
    scanned = reference(text, caller=call.caller)
    _record_read(call, ("cards.Card", scanned.found.card_public_id))
    return scanned.card_id


def _record_read(call: Call, subject: Any) -> None:
    audit.record(
        Action.CARD_READ,
        actor=call.actor,
        subject=subject,
        details={"scopes": sorted(call.caller.scopes)},
    )


GET_BY_CODE = Operation(
    name="getHealthCardByQRCode",
    number=BY_CODE,
    purpose="通过二维码获取健康卡",
    rsp=("card",),
    handle=get_by_code,
    scopes=frozenset({CODE_VERIFY}),
    may_answer_again=require_code_in_use,
)
GET_BY_CARD_ID = Operation(
    name="getHealthCardByHealthCardId",
    number="158",
    purpose="通过健康卡ID获取健康卡",
    rsp=("card",),
    handle=get_by_card_id,
    scopes=frozenset({CARD_READ, CARD_READ_FULL}),
    may_answer_again=_card_in_use,
)
