"""From a request to an answer in the platform's form, whatever happens.

Every answer is HTTP 200: what went wrong stands in ``commonOut``. A request is carried out
once; the same request again (same requestId, operation and bytes) gets the stored answer, and
a requestId that comes with anything else is refused, also between operations, for as long as
the answers are kept, which is much longer than the time window.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from redis.exceptions import RedisError

import gmcrypto
from foundation.core.errors import DomainError
from foundation.gateway import bodies
from foundation.gateway.authenticate import address_of
from foundation.gateway.errors import IdempotencyKeyReused
from foundation.gateway.idempotency import Answer, once
from identity.errors import CheckInProgress
from interop.dialects.tencent import door, envelope
from interop.dialects.tencent.envelope import Envelope
from interop.dialects.tencent.errors import (
    SUCCESS,
    InternalFault,
    MethodRefused,
    OperationNotOpened,
    RequestIdUsed,
    number_of,
    sentence_of,
)
from interop.dialects.tencent.operations.base import Call, Operation

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/json; charset=utf-8"
SUCCESS_TEXT = "成功"
_KEPT, _NOT_KEPT = 200, 503


def respond(request: HttpRequest, operation: Operation) -> HttpResponse:
    """Carry out one operation."""
    return _guarded(request, operation.rsp, lambda sent, body: _carried_out(request, operation, sent, body))


def refuse(request: HttpRequest, name: str, rsp: tuple[str, ...]) -> HttpResponse:
    """Say that an operation is not opened."""

    def not_opened(sent: Envelope, body: bytes) -> bytes:
        raise OperationNotOpened(name=name)

    return _guarded(request, rsp, not_opened)


def _guarded(
    request: HttpRequest, rsp: tuple[str, ...], work: Callable[[Envelope, bytes], bytes]
) -> HttpResponse:
    request_id = ""
    # The clients are programs made for one language; what their HTTP library asks for is chance.
    with translation.override("zh-hans"):
        try:
            if request.method != "POST":
                raise MethodRefused
            body = bodies.read(request)
            sent = envelope.read(body)
            request_id = door.request_id_of(sent)
            content = work(sent, body)
        except DomainError as exc:
            content = _failure(exc, request_id, rsp)
        except RedisError as exc:
            log.warning("tencent_without_valkey", error=type(exc).__name__)
            content = _failure(InternalFault(), request_id, rsp)
        except Exception as exc:
            log.exception("tencent_internal_fault", error=type(exc).__name__)
            content = _failure(InternalFault(), request_id, rsp)
    return HttpResponse(content, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def _carried_out(request: HttpRequest, operation: Operation, sent: Envelope, body: bytes) -> bytes:
    call = door.admit(
        sent,
        operation,
        request_id=door.request_id_of(sent),
        address=address_of(request.META),
    )

    def before() -> Answer | None:
        nonlocal call
        if operation.ask_outside is None:
            return None
        try:
            call = replace(call, learned=operation.ask_outside(call))
        except DomainError as exc:
            return _refusal(exc, call, operation)
        return None

    def produce() -> Answer:
        try:
            return _success(operation.handle(call), call)
        except DomainError as exc:
            return _refusal(exc, call, operation)

    try:
        answer = once(
            caller=call.caller,
            key=call.reference,
            digest=gmcrypto.sm3(f"{operation.name}\n".encode() + body),
            produce=produce,
            before=before,
        )
    except IdempotencyKeyReused as exc:
        raise RequestIdUsed(field="requestId") from exc
    return answer.body if not answer.is_replay else _again(answer, call, operation)


def _again(answer: Answer, call: Call, operation: Operation) -> bytes:
    """A stored answer, unless it reads out what may not be read out any more."""
    if operation.may_answer_again is not None and envelope.is_success(answer.body):
        try:
            operation.may_answer_again(call)
        except DomainError as exc:
            return _failure(exc, call.request_id, operation.rsp)
    return answer.body


def _success(rsp: Mapping[str, Any], call: Call) -> Answer:
    content = envelope.answer(request_id=call.request_id, number=SUCCESS, message=SUCCESS_TEXT, rsp=rsp)
    return Answer(_KEPT, content, CONTENT_TYPE)


def _refusal(exc: DomainError, call: Call, operation: Operation) -> Answer:
    not_now = exc.status == 429 or exc.status >= 500 or isinstance(exc, CheckInProgress)
    content = _failure(exc, call.request_id, operation.rsp)
    return Answer(_NOT_KEPT if not_now else _KEPT, content, CONTENT_TYPE)


def _failure(exc: DomainError, request_id: str, rsp: tuple[str, ...]) -> bytes:
    return envelope.answer(
        request_id=request_id, number=number_of(exc), message=sentence_of(exc), rsp=envelope.empty(rsp)
    )
