"""144, 103, 169, 170 and 304: somebody shows their face because the hospital asks for it.

All are one thing here: an order about a person, a page of ours with the face check behind it,
and an outcome that is kept as evidence. The page of an order is ``/open/verify/<order>/``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.conf import settings

from cards.services.issue import live_card
from cards.states import CardState
from foundation.core import clock
from foundation.gateway import addresses
from foundation.gateway import selectors as gateway
from foundation.gateway.scopes import IDENTITY_VERIFY
from identity.services import orders
from interop.dialects.tencent.errors import BadParameter
from interop.dialects.tencent.operations.base import Call, Operation
from interop.dialects.tencent.operations.weixin import spend
from mpi import selectors as mpi
from mpi.errors import raise_first
from mpi.rules import check_certificate, check_name

log = structlog.get_logger(__name__)

# The platform's own numbers are not public; these are ours.
STATUS: Mapping[str, int] = {"open": 0, "passed": 1, "failed": 2, "expired": 3}
_IDENTITY_CARD = "01"
_FACE = "face"
_PROXY = ("proxyVerifyName", "proxyVerifyCardType", "proxyVerifyIdCard", "proxyVerifyExpiredTime")
_UNUSED = ("ecardNo", "scene", "department", "useCardType", "cardCostTypes", "domainChannel")
_PAGES = ("faceUrl", "ncidasUrl")


@dataclass(frozen=True, slots=True)
class _Who:
    id_type: str
    id_number: str = field(repr=False)
    name: str = field(repr=False)


def register_order(call: Call) -> dict[str, Any]:
    """144: an order about an identity card."""
    who = _who(_IDENTITY_CARD, call.req.text("idCardNumber"), call.req.text("name"))
    return {"orderId": _placed(call, "face", who)}


def verify_face(call: Call) -> dict[str, Any]:
    """103: what came of it."""
    order = orders.order_of(order_id=call.req.text("orderId", most=64), client=call.caller.public_id)
    _require_result(call, order)
    return {
        "status": STATUS[order.state],
        "result": order.state == "passed",
        "healthCardId": _card_id(order),
    }


def spend_code(call: Call) -> None:
    """Redeem the user's one-time code where one is given, before anything is written."""
    code = call.req.optional("wechatCode")
    if code:
        spend(code, call)


def register_uniform(call: Call) -> dict[str, Any]:
    """169: an order with the addresses that the browser is led back to."""
    req = call.req
    for name in _UNUSED:
        req.optional(name)
    who = _who(req.text("cardType", most=2), req.text("idCard"), req.text("name"))
    urls = {
        name: _own_address(call, name)
        for name in ("verifySuccessRedirectUrl", "verifyFailRedirectUrl", *_PAGES)
    }
    order_id = _placed(
        call,
        "uniform",
        who,
        success_url=urls["verifySuccessRedirectUrl"],
        fail_url=urls["verifyFailRedirectUrl"],
    )
    return {
        "verifyUrl": f"{settings.BASE_URL}/open/verify/{order_id}/",
        "verifyOrderId": order_id,
        "protectState": 0,
    }


def check_uniform(call: Call) -> dict[str, Any]:
    """170: what came of it."""
    order_id = call.req.text("verifyOrderId", most=64)
    order = orders.order_of(order_id=order_id, client=call.caller.public_id)
    _require_result(call, order)
    return {
        "suc": order.state == "passed",
        "verifyType": _FACE if order.result else "",
        "ext": "",
        **dict.fromkeys(_PROXY, ""),
        "healthCardId": _card_id(order),
    }


def register_real_person(call: Call) -> dict[str, Any]:
    """304: a further order about the person of an earlier one, or about the one who is named.

    What the hospital says of a check of its own is taken and proves nothing here.
    """
    req = call.req
    for name in ("result", "verifyType"):
        req.optional(name)
    earlier = req.optional("orderId", most=64)
    if earlier:
        order = orders.order_of(order_id=earlier, client=call.caller.public_id)
        who = _Who(order.id_type, order.id_number, order.name)
        if req.has("idCard") and req.text("idCard").strip().upper() != who.id_number:
            raise BadParameter(field="idCard", name="idCard")
    else:
        card_type = req.optional("cardType", most=2) or _IDENTITY_CARD
        who = _who(card_type, req.text("idCard"), req.text("name"))
    return {"verifyOrderId": _placed(call, "real_person", who)}


def _who(id_type: str, id_number: str, name: str) -> _Who:
    today = clock.beijing(clock.now()).date()
    raise_first([*check_certificate(id_type, id_number, None, today=today), *check_name(name)])
    return _Who(id_type, id_number, name)


def _placed(call: Call, kind: str, who: _Who, **urls: str) -> str:
    return orders.place_order(
        kind=kind, id_type=who.id_type, id_number=who.id_number, name=who.name, actor=call.actor, **urls
    )


def _own_address(call: Call, name: str) -> str:
    address = call.req.optional(name, most=addresses.LONGEST)
    if address:
        client = gateway.client_ref(call.caller.public_id)
        addresses.require_address(address, client.hosts if client is not None else (), field=name)
    return address


def _require_result(call: Call, order: orders.Order) -> None:
    """What the browser brought back, where it is given, must be of this order."""
    given = call.req.optional("verifyResult", most=200)
    if given and order.result and not orders.is_result(order=order, given=given):
        raise BadParameter(field="verifyResult", name="verifyResult")


def _card_id(order: orders.Order) -> str:
    """The card of somebody who has shown that it is them."""
    if order.state != "passed":
        return ""
    person = mpi.find_by_identifier(order.id_type, order.id_number)
    card = live_card(person.person_pk) if person is not None else None
    if card is None or card.state != CardState.ACTIVE:
        return ""
    number: str = card.numbers.get(state="current").value
    return number


def _operation(
    name: str, number: str, purpose: str, rsp: tuple[str, ...], handle: Any, **more: Any
) -> Operation:
    return Operation(
        name=name,
        number=number,
        purpose=purpose,
        rsp=rsp,
        handle=handle,
        scopes=frozenset({IDENTITY_VERIFY}),
        **more,
    )


REGISTER_ORDER = _operation("registerOrder", "144", "人脸核身下单", ("orderId",), register_order)
VERIFY_FACE = _operation(
    "verifyFaceIdentity", "103", "人脸核身结果", ("status", "result", "healthCardId"), verify_face
)
REGISTER_UNIFORM = _operation(
    "registerUniformVerifyOrder",
    "169",
    "统一核身下单",
    ("verifyUrl", "verifyOrderId", "protectState"),
    register_uniform,
    ask_outside=spend_code,
)
CHECK_UNIFORM = _operation(
    "checkUniformVerifyResult",
    "170",
    "统一核身结果",
    ("suc", "verifyType", "ext", *_PROXY, "healthCardId"),
    check_uniform,
)
REGISTER_REAL_PERSON = _operation(
    "registerRealPersonAuthOrder",
    "304",
    "实人认证下单",
    ("verifyOrderId",),
    register_real_person,
    ask_outside=spend_code,
)
