"""``POST /api/v1/codes/verify``: the hot path.

A plain view, reached before the middleware chain: no REST framework, no session. It only
translates; ``cards.verification.verify`` decides.
"""

from datetime import datetime
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from cards.verification import ForeignVerified, answer, caller_time_of, verify_anywhere
from foundation.core.errors import InvalidInput
from foundation.gateway.authenticate import SignedCall
from foundation.gateway.plain import signed_call_json
from foundation.gateway.scopes import CODE_VERIFY

MAX_BODY_BYTES = 4_096

_REQUIRED = ("code", "scene", "terminal_id")
_OPTIONAL = ("department", "channel", "card_type", "cost_type", "use_city", "branch")
_KNOWN = frozenset((*_REQUIRED, *_OPTIONAL, "occurred_at", "request_id"))


@signed_call_json(CODE_VERIFY, max_bytes=MAX_BODY_BYTES)
def verify_code(request: HttpRequest, call: SignedCall, body: dict[str, Any]) -> HttpResponse:
    """Verify one code and answer with the person behind it.

    The call is let in with the write of its code: its nonce and those of its neighbours go to
    Valkey in one round trip.
    """
    for name in body:
        if name not in _KNOWN:
            raise InvalidInput(field=name[:40])
    verified = verify_anywhere(
        text=_text(body, "code", required=True),
        caller=call.caller,
        scene=_text(body, "scene", required=True),
        request_id=_request_id(request, body),
        terminal_id=_text(body, "terminal_id", required=True),
        caller_time=_time(body),
        **{name: _text(body, name) for name in _OPTIONAL if name in body},
        terminal_token=str(request.META.get("HTTP_EHC_TERMINAL_TOKEN", "")),
        call=call,
    )
    scopes = call.admit().scopes
    found = verified.answer() if isinstance(verified, ForeignVerified) else answer(verified, scopes)
    return HttpResponse(
        orjson.dumps(found),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _text(body: dict[str, Any], name: str, *, required: bool = False) -> str:
    value = body.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value):
        raise InvalidInput(field=name)
    return value


def _request_id(request: HttpRequest, body: dict[str, Any]) -> str:
    """What a repetition has in common with the first try; without either, each try stands alone."""
    meta = request.META
    key: str = meta.get("HTTP_IDEMPOTENCY_KEY", "")
    return key or _text(body, "request_id") or str(meta["HTTP_EHC_NONCE"])


def _time(body: dict[str, Any]) -> datetime | None:
    text = _text(body, "occurred_at")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise InvalidInput(field="occurred_at") from exc
    return caller_time_of(moment)
