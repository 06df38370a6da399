"""310 registerHealthCardPreAuth and 312 registerHealthCardPreFill: the hospital's own form."""

from typing import Any

from django.conf import settings

from cards.services import preauth
from cards.services.registration import check_particulars
from foundation.gateway import addresses
from foundation.gateway import selectors as gateway
from foundation.gateway.scopes import CARD_REGISTER
from interop.dialects.tencent.operations import words
from interop.dialects.tencent.operations.base import Call, Operation
from interop.dialects.tencent.operations.weixin import spend
from mpi.types import PersonIdentity

_OTHER_PAGES = ("faceUrl", "ncidasUrl", "verifyFailRedirectUrl")
_UNUSED = ("relation", "citycode", "phone2", "openId", "patid", "address")


def spend_code(call: Call) -> None:
    """Redeem the user's one-time code where one is given, before anything is written."""
    code = call.req.optional("wechatCode")
    if code:
        spend(code, call)


def pre_authorise(call: Call) -> dict[str, Any]:
    """The page on which the resident agrees."""
    for name in ("patientType", "domainChannel"):
        call.req.optional(name)
    call.req.text("successRedirectUrl", most=addresses.LONGEST)
    urls = {
        name: _own_address(call, name)
        for name in ("successRedirectUrl", "failRedirectUrl", "userFormPageUrl", *_OTHER_PAGES)
    }
    order_id = preauth.begin_pre_registration(
        success_url=urls["successRedirectUrl"],
        fail_url=urls["failRedirectUrl"],
        form_url=urls["userFormPageUrl"],
        actor=call.actor,
    )
    return {"bindCardUrl": f"{settings.BASE_URL}/open/preauth/{order_id}/"}


def pre_fill(call: Call) -> dict[str, Any]:
    """Hand in what the form said; the resident confirms it on our page."""
    req = call.req
    given = PersonIdentity(
        name=req.text("name"),
        id_type=req.text("idType"),
        id_number=req.text("idNumber"),
        sex=words.gender_of(req, "gender"),
        birth_date=words.date_of(req, "birthday"),
        nation=words.nation_of(req, "nation"),
        phone=req.text("phone1"),
    )
    for name in _UNUSED:
        req.optional(name)
    check_particulars(given)
    order_id = preauth.hand_in_form(
        code=req.text("authCode", most=64),
        particulars={
            "name": given.name,
            "id_type": given.id_type,
            "id_number": given.id_number,
            "gender": given.sex,
            "birth_date": given.birth_date.isoformat() if given.birth_date else "",
            "nation": given.nation,
            "phone": given.phone,
        },
        actor=call.actor,
    )
    return {"verifyUrl": f"{settings.BASE_URL}/open/prefill/{order_id}/"}


def _own_address(call: Call, name: str) -> str:
    address = call.req.optional(name, most=addresses.LONGEST)
    if address:
        client = gateway.client_ref(call.caller.public_id)
        addresses.require_address(address, client.hosts if client is not None else (), field=name)
    return address


PRE_AUTHORISE = Operation(
    name="registerHealthCardPreAuth",
    number="310",
    purpose="注册预授权",
    rsp=("bindCardUrl",),
    handle=pre_authorise,
    scopes=frozenset({CARD_REGISTER}),
    ask_outside=spend_code,
)
PRE_FILL = Operation(
    name="registerHealthCardPreFill",
    number="312",
    purpose="注册预填写",
    rsp=("verifyUrl",),
    handle=pre_fill,
    scopes=frozenset({CARD_REGISTER}),
)
