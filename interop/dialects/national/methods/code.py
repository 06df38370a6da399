"""``generate`` and ``verify``: dynamic codes."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from cards.codes.institution import mint_for_institution
from cards.rules.codes import DynamicCode, ForeignCode, parse
from cards.rules.policy import CodeKind
from cards.verification import Details, ForeignVerified, answer, is_foreign, verify_foreign
from cards.verification import verify as verify_code
from foundation.gateway.scopes import CODE_MINT, CODE_VERIFY
from interop.dialects.national.methods import words
from interop.dialects.national.methods.base import Call, Method

_LONGEST_CODE = 4_000
_OPERATION = "national.verify"
# The method has no place for the step of care. A code that never changes is taken as shown at
# registration, the one step that it opens by default.
_FIXED_SCENE, _DYNAMIC_SCENE = "010101", "000000"
_CODE_TYPES: Mapping[str, str] = {CodeKind.DYNAMIC: "0", CodeKind.STATIC: "1", CodeKind.TEMPORARY: "9"}


def generate(call: Call) -> dict[str, str]:
    """A dynamic code for a patient of the institution, who is told of it."""
    words.require_time(call.content, "generate_time")
    minted = mint_for_institution(
        card_id=call.content.text("ehealth_card_id"), caller=call.caller, request_id=call.reference
    )
    return {
        "ehealth_code": minted.text,
        "begin_time": words.milliseconds(minted.valid_from),
        "end_time": words.milliseconds(minted.valid_until),
    }


def ask_issuer(call: Call) -> ForeignVerified | None:
    """Have a code of another centre verified there, with no transaction open."""
    text = call.content.text("ehealth_code", most=_LONGEST_CODE)
    if not is_foreign(text):
        return None
    details = Details(
        scene=_scene_of(text), request_id=call.digest, operation=_OPERATION, terminal_id=call.terminal_id
    )
    return verify_foreign(text=text, caller=call.caller, details=details)


def verify(call: Call) -> dict[str, str]:
    """Verify a scanned code, which consumes a dynamic one."""
    if isinstance(call.learned, ForeignVerified):
        return _verified_words(call.learned.answer())
    text = call.content.text("ehealth_code", most=_LONGEST_CODE)
    verified = verify_code(
        text=text,
        caller=call.caller,
        scene=_scene_of(text),
        request_id=call.digest,
        terminal_id=call.terminal_id,
        operation=_OPERATION,
    )
    return _verified_words(answer(verified, call.caller.scopes))


def _scene_of(text: str) -> str:
    code = parse(text, own_issuer=settings.EHCAPPID)
    changes = isinstance(code, DynamicCode) or (isinstance(code, ForeignCode) and bool(code.block))
    return _DYNAMIC_SCENE if changes else _FIXED_SCENE


def _verified_words(found: Mapping[str, Any]) -> dict[str, str]:
    return {
        "ehealth_card_id": found["health_card_id"],
        "mindex_id": found["main_index"] or "",
        "code_type": _CODE_TYPES.get(found["code_kind"], ""),
        "document_required": "1" if found["document_required"] else "0",
        "masked": "1" if found["masked"] else "0",
        "usage_id": found["usage_id"],
        **words.person_words(found["person"]),
    }


GENERATE = Method(
    name="generate",
    path="hospital/v3/user/generate",
    purpose="动态码生成",
    answers=("ehealth_code", "begin_time", "end_time"),
    handle=generate,
    scopes=frozenset({CODE_MINT}),
    serial="generate_no",
    time="generate_time",
)
VERIFY = Method(
    name="verify",
    path="hospital/v3/user/verify",
    purpose="二维码验证",
    answers=(
        "ehealth_card_id",
        "mindex_id",
        "code_type",
        "document_required",
        "masked",
        "usage_id",
        *words.PERSON_KEYS,
    ),
    handle=verify,
    scopes=frozenset({CODE_VERIFY}),
    ask_outside=ask_issuer,
)
