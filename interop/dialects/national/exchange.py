"""From a request to an answer in the dialect's form, whatever happens.

Every answer is HTTP 200: what went wrong stands in ``return_code``. A method with a serial
number is carried out once; the same again (same application, number and content, whatever its
time stamps and its encryption) gets the stored answer, and the number with any other content
is refused, for as long as the answers are kept.
"""

import json
from collections.abc import Callable
from dataclasses import replace

import structlog
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from redis.exceptions import RedisError

import gmcrypto
from foundation.core.errors import DomainError, StalePage
from foundation.gateway import bodies
from foundation.gateway.authenticate import address_of
from foundation.gateway.errors import IdempotencyKeyReused
from foundation.gateway.idempotency import Answer, once
from identity.errors import CheckInProgress
from interop.dialects.national import door, envelope
from interop.dialects.national.errors import (
    SUCCESS,
    InternalFault,
    MethodRefused,
    MethodUnknown,
    SerialUsed,
    return_code_of,
    sentence_of,
)
from interop.dialects.national.methods.base import Call, Method

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/json; charset=utf-8"
SUCCESS_TEXT = "成功"
_KEPT, _NOT_KEPT = 200, 503


def respond(request: HttpRequest, method: Method) -> HttpResponse:
    """Carry out one method."""
    return _guarded(request, lambda body: _carried_out(request, method, body))


def refuse(request: HttpRequest) -> HttpResponse:
    """Say that there is no such method."""

    def unknown(body: bytes) -> bytes:
        raise MethodUnknown

    return _guarded(request, unknown)


def _guarded(request: HttpRequest, work: Callable[[bytes], bytes]) -> HttpResponse:
    # The clients are programs made for one language; what their HTTP library asks for is chance.
    with translation.override("zh-hans"):
        try:
            if request.method != "POST":
                raise MethodRefused
            content = work(bodies.read(request))
        except DomainError as exc:
            content = _failure(exc)
        except RedisError as exc:
            log.warning("national_without_valkey", error=type(exc).__name__)
            content = _failure(InternalFault())
        except Exception as exc:
            log.exception("national_internal_fault", error=type(exc).__name__)
            content = _failure(InternalFault())
    return HttpResponse(content, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def _carried_out(request: HttpRequest, method: Method, body: bytes) -> bytes:
    sent = envelope.read(body, request.META.get("CONTENT_TYPE") or "")
    call = door.admit(sent, method, address=address_of(request.META))
    if method.serial:
        return _once(method, call)
    if method.ask_outside is not None:
        call = replace(call, learned=method.ask_outside(call))
    with transaction.atomic():
        return _produced(method, call).body


def _once(method: Method, call: Call) -> bytes:
    serial = call.content.text(method.serial)
    call = replace(call, reference=gmcrypto.sm3(f"national\n{method.name}\n{serial}".encode()).hex())

    def before() -> Answer | None:
        nonlocal call
        if method.ask_outside is None:
            return None
        try:
            call = replace(call, learned=method.ask_outside(call))
        except DomainError as exc:
            return _refusal(exc)
        return None

    try:
        return once(
            caller=call.caller,
            key=call.reference,
            digest=_said(method, call),
            produce=lambda: _produced(method, call),
            before=before,
        ).body
    except IdempotencyKeyReused as exc:
        raise SerialUsed(field=method.serial, name=method.serial) from exc


def _said(method: Method, call: Call) -> bytes:
    """A digest of what is asked for; the client's clock moves between two tries."""
    said = {name: value for name, value in call.content.values.items() if name != method.time}
    return gmcrypto.sm3(f"{method.name}\n{json.dumps(said, sort_keys=True)}".encode())


def _produced(method: Method, call: Call) -> Answer:
    try:
        content = method.handle(call)
    except DomainError as exc:
        return _refusal(exc)
    body = envelope.answer(return_code=SUCCESS, message=SUCCESS_TEXT, content=content)
    return Answer(_KEPT, body, CONTENT_TYPE)


def _refusal(exc: DomainError) -> Answer:
    not_now = exc.status == 429 or exc.status >= 500 or isinstance(exc, CheckInProgress | StalePage)
    return Answer(_NOT_KEPT if not_now else _KEPT, _failure(exc), CONTENT_TYPE)


def _failure(exc: DomainError) -> bytes:
    return envelope.answer(return_code=return_code_of(exc), message=sentence_of(exc), content={})
