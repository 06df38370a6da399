"""A repeated request gets the answer of the first.

A client gives every operation a key of its own. The first request under the key claims a
record, in a transaction of its own, so that a twin that comes while it works is told to wait.
Change and answer are then committed together: after a crash either both stand, and the repeat
gets the answer, or neither does, and the repeat, once the lease has run out, starts afresh.

A refusal by a rule is an answer like any other and is stored, except 409, 429 and 5xx, which
say "not now": these free the key. What a service wrote on purpose before it refused stands,
as it would without this module, because domain errors are turned into answers inside the
transaction; any other exception rolls everything back.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

import gmcrypto
from foundation.core import clock
from foundation.core.errors import DomainError
from foundation.gateway import problems
from foundation.gateway.caller import Caller
from foundation.gateway.errors import (
    IdempotencyKeyReused,
    MissingIdempotencyKey,
    MissingSignature,
    RequestInProgress,
)
from foundation.gateway.models import IdempotencyRecord
from foundation.gateway.types import RecordState

LEASE = timedelta(seconds=60)
KEEP = timedelta(hours=48)
RETRY_AFTER_SECONDS = 1
REPLAYED_HEADER = "Idempotent-Replayed"
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")

V = TypeVar("V", bound=APIView)
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is stored of an answer, and sent again."""

    status: int
    body: bytes
    content_type: str
    is_replay: bool = False

    @property
    def is_final(self) -> bool:
        """Whether asking again would give the same; "not now" is not stored."""
        return self.status not in {409, 429} and self.status < 500


def key_of(headers: Mapping[str, Any]) -> str:
    """The ``Idempotency-Key`` of a call, from its WSGI headers.

    Raises:
        MissingIdempotencyKey: If there is none, or it is not 16 to 64 of ``A-Z a-z 0-9 _ -``.
    """
    key: str = headers.get("HTTP_IDEMPOTENCY_KEY", "")
    if not _KEY.fullmatch(key):
        raise MissingIdempotencyKey(field="Idempotency-Key")
    return key


def digest_of(request: HttpRequest) -> bytes:
    """What makes two requests the same: method, address and body."""
    head = f"{request.method}\n{request.get_full_path()}\n".encode()
    return gmcrypto.sm3(head + request.body)


def once(
    *,
    caller: Caller,
    key: str,
    digest: bytes,
    produce: Callable[[], Answer],
    before: Callable[[], Answer | None] | None = None,
) -> Answer:
    """The stored answer of a key, or the one that ``produce`` gives now.

    ``produce`` runs in a transaction that also stores its answer; it turns refusals into
    answers itself.

    Args:
        before: Asks outside systems. Runs once the key is claimed and outside of the
            transaction; an answer that it returns is stored in place of that of ``produce``.

    Raises:
        IdempotencyKeyReused: The key belongs to another request.
        RequestInProgress: A twin is at work, or took over after this one's lease ran out; then
            nothing of this attempt stands.
    """
    claimed = _claim(caller.client_id, key, digest)
    if isinstance(claimed, Answer):
        return claimed
    try:
        refusal = before() if before is not None else None
        with transaction.atomic():
            answer = refusal or produce()
            if answer.is_final:
                _store(claimed, answer)
            else:
                _mine(claimed).delete()
    except BaseException:
        _mine(claimed).delete()
        raise
    return answer


def idempotent(
    method: Callable[Concatenate[V, Request, P], Response],
) -> Callable[Concatenate[V, Request, P], HttpResponse | Response]:
    """Decorate a handler method of a signed view that changes something.

    A view that asks outside systems does so in a method ``ask_outside(request)`` of its own,
    which runs before the transaction and keeps on the view what it learned.
    """

    @wraps(method)
    def answer(view: V, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse | Response:
        if not isinstance(request.auth, Caller):
            raise MissingSignature
        responses: list[Response] = []

        def before() -> Answer | None:
            ask_outside = getattr(view, "ask_outside", None)
            if ask_outside is None:
                return None
            try:
                ask_outside(request)
            except (DomainError, APIException) as exc:
                return rendered(problems.exception_handler(exc, {"view": view}))
            return None

        def produce() -> Answer:
            try:
                return rendered(method(view, request, *args, **kwargs))
            except (DomainError, APIException) as exc:
                return rendered(problems.exception_handler(exc, {"view": view}))

        def rendered(response: Response) -> Answer:
            responses.append(response)
            body: bytes = JSONRenderer().render(response.data)
            return Answer(response.status_code, body, response.content_type or "application/json")

        found = once(
            caller=request.auth,
            key=key_of(request.META),
            digest=digest_of(request._request),
            produce=produce,
            before=before,
        )
        if not found.is_final:
            return responses[-1]
        return HttpResponse(
            found.body,
            status=found.status,
            content_type=found.content_type,
            headers={REPLAYED_HEADER: "true"} if found.is_replay else {},
        )

    return answer


def purge(*, before: datetime) -> int:
    """Delete records older than a moment; a repeat after that is a new request."""
    return IdempotencyRecord.objects.filter(created_at__lt=before).delete()[0]


def _claim(client_id: int, key: str, digest: bytes) -> IdempotencyRecord | Answer:
    moment = clock.now()
    try:
        with transaction.atomic():
            return IdempotencyRecord.objects.create(
                client_id=client_id,
                key=key,
                body_digest=digest,
                lease_until=moment + LEASE,
                created_at=moment,
            )
    except IntegrityError:
        record = IdempotencyRecord.objects.filter(client_id=client_id, key=key).first()
    if record is None:
        # The twin was told "not now" and has just freed the key.
        raise RequestInProgress(retry_after=RETRY_AFTER_SECONDS)
    if not gmcrypto.same(bytes(record.body_digest), digest):
        raise IdempotencyKeyReused(field="Idempotency-Key")
    if record.state == RecordState.DONE:
        return Answer(
            record.status or 200, (record.answer or "").encode(), record.content_type, is_replay=True
        )
    return _take_over(record, moment)


def _take_over(record: IdempotencyRecord, moment: datetime) -> IdempotencyRecord:
    """Claim the record of a request that died: its lease has run out."""
    if record.lease_until > moment or not _mine(record).update(lease_until=moment + LEASE):
        raise RequestInProgress(retry_after=RETRY_AFTER_SECONDS)
    record.lease_until = moment + LEASE
    return record


def _store(record: IdempotencyRecord, answer: Answer) -> None:
    field = IdempotencyRecord._meta.get_field("answer")
    stored = _mine(record).update(
        state=RecordState.DONE,
        status=answer.status,
        content_type=answer.content_type,
        answer=field.seal(record, answer.body.decode()),
    )
    if not stored:
        raise RequestInProgress(retry_after=RETRY_AFTER_SECONDS)


def _mine(record: IdempotencyRecord) -> "QuerySet[IdempotencyRecord]":
    return IdempotencyRecord.objects.filter(
        pk=record.pk, state=RecordState.IN_PROGRESS, lease_until=record.lease_until
    )
