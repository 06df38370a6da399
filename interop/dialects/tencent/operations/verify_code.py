"""143 verifyQRCode.

A code that this client opened with 104 is completed, once; any other code is verified here and
now, or by its own centre if another one issued it. What the institution says of itself
(hospitalCode, orgId and so on) is not needed: the signature says who it is.
"""

from typing import Any

from django.conf import settings

from cards.centre import rules_in_force
from cards.errors import CodeUsed, NoScanSession, ScanSessionOver, StaticNotAllowed
from cards.rules.codes import StaticCode, parse
from cards.rules.policy import CodeKind, Opens, opens
from cards.verification import (
    Details,
    ForeignVerified,
    Verified,
    answer,
    complete,
    is_foreign,
    verify,
    verify_foreign,
)
from foundation.gateway.scopes import CODE_VERIFY
from interop.dialects.tencent.operations import words
from interop.dialects.tencent.operations.base import Call, Operation
from interop.dialects.tencent.operations.card import LONGEST_CODE, person_object, require_code_in_use
from interop.dialects.tencent.operations.read_card import BY_CODE

NUMBER = "143"
_UNUSED = (
    "qrCodeType",
    "channelName",
    "useCityName",
    "hospitalCode",
    "hospitalName",
    "orgId",
    "name",
    "idCard",
    "useType",
    "useScene",
)


def ask_issuer(call: Call) -> ForeignVerified | None:
    """Have a code of another centre verified there, with no transaction open."""
    text = call.req.text("qrCodeText", most=LONGEST_CODE)
    if not is_foreign(text):
        return None
    return verify_foreign(text=text, caller=call.caller, details=_details(call))


def verify_qr_code(call: Call) -> dict[str, Any]:
    """Verify a scanned code at a terminal, for a step of care."""
    req = call.req
    text = req.text("qrCodeText", most=LONGEST_CODE)
    details = _details(call)
    for name in _UNUSED:
        req.optional(name)
    if isinstance(call.learned, ForeignVerified):
        found = call.learned.answer()
    else:
        found = answer(_verified(call, text, details), call.caller.scopes)
    return {
        **person_object(found["person"]),
        "phone": found["person"]["phone"] or "",
        "healthCardId": found["health_card_id"],
        "phid": found["main_index"] or "",
    }


def _details(call: Call) -> Details:
    req = call.req
    return Details(
        scene=words.scene_of(req, "medicalStep"),
        request_id=call.request_id,
        operation=NUMBER,
        terminal_id=req.text("terminalId", most=32),
        channel=words.plain(req, "channelCode", most=4) or words.plain(req, "useChannel", most=4),
        use_city=words.plain(req, "useCityCode", most=12),
        caller_time=words.time_of(req, "time"),
    )


def _verified(call: Call, text: str, details: Details) -> Verified:
    is_static = isinstance(parse(text, own_issuer=settings.EHCAPPID), StaticCode)
    if is_static:
        _require_static(details.scene)
    try:
        return complete(text, caller=call.caller, details=details, opened_by=BY_CODE)
    except (NoScanSession, CodeUsed, ScanSessionOver) as exc:
        # Nobody has scanned it yet; or it is a static code, which is not consumed and may be
        # shown again, as a use of its own.
        if not is_static and not isinstance(exc, NoScanSession):
            raise
    return verify(
        text=text,
        caller=call.caller,
        scene=details.scene,
        request_id=details.request_id,
        terminal_id=details.terminal_id,
        channel=details.channel,
        use_city=details.use_city,
        caller_time=details.caller_time,
        operation=NUMBER,
    )


def _require_static(scene: str) -> None:
    """Completing asks the policy as well: the code was opened for registration alone."""
    rules = rules_in_force()
    scenes = rules.static_scenes if rules.static_allowed else frozenset()
    if opens(CodeKind.STATIC, scene, static_scenes=scenes) is Opens.NOTHING:
        raise StaticNotAllowed(field="qrCodeText")


def _require_in_use(call: Call) -> None:
    """A stored answer about another centre's card is that centre's word, and stays."""
    if not is_foreign(call.req.text("qrCodeText", most=LONGEST_CODE)):
        require_code_in_use(call)


OPERATION = Operation(
    name="verifyQRCode",
    number=NUMBER,
    purpose="二维码验证",
    rsp=(
        "name",
        "gender",
        "nation",
        "birthday",
        "phone",
        "address",
        "idType",
        "idNumber",
        "healthCardId",
        "phid",
    ),
    handle=verify_qr_code,
    scopes=frozenset({CODE_VERIFY}),
    ask_outside=ask_issuer,
    may_answer_again=_require_in_use,
)
