"""Messages to institutions: written down with the event, posted by a worker, tried for days.

Intent first: the row is claimed before the call, and no transaction is open during it. What each
attempt met stands in the row.
"""

import secrets
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, http, strangers
from foundation.core.actor import Actor
from foundation.core.breaker import CircuitBreaker
from foundation.events.services import Message
from foundation.events.wiring import takes_many
from foundation.gateway import addresses, webhooks
from foundation.gateway import selectors as gateway
from foundation.gateway.errors import AddressNotAllowed
from gmcrypto.statements import sign_message
from interop import tasks
from interop.models import DeliveryState, EndpointState, WebhookDelivery, WebhookEndpoint
from interop.webhooks import messages

log = structlog.get_logger(__name__)

ACTOR = Actor.system("webhooks")
DEADLINE_SECONDS = 15.0
LEASE = timedelta(seconds=60)
# After the first attempt; the waits of Standard Webhooks, each up to a fifth longer by chance.
RETRY_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
GONE = 410
# An address that does not answer is left alone for a moment, so that it does not hold up the others.
HELD_SECONDS = 60
DUE_AT_ONCE = 200
# How many messages to one address a worker takes up together, and for how long.
PART = 20
PART_SECONDS = 45.0


@takes_many
def on_event(told: Sequence[Message]) -> None:
    """Write down what institutions are owed of events of ours; have it sent after the commit."""
    owed: dict[tuple[str, frozenset[str]], list[WebhookEndpoint]] = {}
    rows: dict[int, list[WebhookDelivery]] = {}
    for message in told:
        kind = messages.BY_TOPIC[message.topic]
        named = frozenset(kind.institutions(message.payload))
        if (kind.name, named) not in owed:
            endpoints = WebhookEndpoint.objects.filter(
                institution__in=named, types__contains=[kind.name], state=EndpointState.ACTIVE
            )
            owed[kind.name, named] = list(endpoints.order_by("pk"))
        data = {name: message.payload.get(name, "") for name in kind.fields}
        for endpoint in owed[kind.name, named]:
            row = _owed(endpoint, message=message.id, kind=kind.name, data=data)
            rows.setdefault(endpoint.pk, []).append(row)
    # A repeat is owed once: its row from before stands, and this one's number is of none.
    WebhookDelivery.objects.bulk_create(
        [row for mine in rows.values() for row in mine], ignore_conflicts=True
    )
    # One address at a time, so that a slow one holds up its own alone.
    for mine in rows.values():
        for start in range(0, len(mine), PART):
            part = [row.public_id for row in mine[start : start + PART]]
            transaction.on_commit(partial(tasks.send_webhooks.delay, part))


def write_down(endpoint: WebhookEndpoint, *, message: str, kind: str, data: dict[str, Any]) -> None:
    """Keep a message for an endpoint, once, inside the caller's transaction."""
    row = _owed(endpoint, message=message, kind=kind, data=data)
    WebhookDelivery.objects.bulk_create([row], ignore_conflicts=True)
    transaction.on_commit(lambda: tasks.send_webhook.delay(row.public_id))


def _owed(endpoint: WebhookEndpoint, *, message: str, kind: str, data: dict[str, Any]) -> WebhookDelivery:
    moment = clock.now()
    return WebhookDelivery(
        message=message,
        endpoint=endpoint,
        type=kind,
        data=data,
        occurred_at=moment,
        created_at=moment,
        next_attempt_at=moment,
    )


def send_many(public_ids: Sequence[str]) -> int:
    """Try to post messages that are due, one after the other; returns how many were taken.

    What is left when the time is over, the sweeper takes up.
    """
    ends = time.monotonic() + PART_SECONDS
    taken = 0
    for public_id in public_ids:
        if time.monotonic() > ends:
            break
        taken += send(public_id)
    return taken


def send(public_id: str) -> bool:
    """Try to post one message that is due; returns whether it was taken."""
    moment = clock.now()
    due = WebhookDelivery.objects.filter(
        public_id=public_id,
        state__in=(DeliveryState.PENDING, DeliveryState.SENDING),
        next_attempt_at__lte=moment,
    )
    if not due.update(
        state=DeliveryState.SENDING, attempts=F("attempts") + 1, next_attempt_at=moment + LEASE
    ):
        return False
    row = WebhookDelivery.objects.select_related("endpoint").get(public_id=public_id)
    if row.endpoint.state != EndpointState.ACTIVE:
        _end(row, DeliveryState.DEAD, None, "endpoint stopped")
        return False
    breaker = breaker_of(row.endpoint)
    if not breaker.allows():
        _mine(row).update(
            state=DeliveryState.PENDING,
            attempts=F("attempts") - 1,
            next_attempt_at=moment + timedelta(seconds=HELD_SECONDS),
        )
        return False
    return _try(row, breaker)


def breaker_of(endpoint: WebhookEndpoint) -> CircuitBreaker:
    """What keeps an address that does not answer from holding up the workers."""
    return CircuitBreaker(f"webhook:{endpoint.public_id}", open_seconds=HELD_SECONDS)


def _try(row: WebhookDelivery, breaker: CircuitBreaker) -> bool:
    try:
        answer = _post(row)
    except (AddressNotAllowed, LookupError):
        _end(row, DeliveryState.DEAD, None, "address not allowed")
        return False
    except http.OutsideError as exc:
        breaker.failed()
        _again(row, None, exc.reason)
        return False
    breaker.succeeded()
    if answer.status == GONE:
        _stop(row.endpoint)
        _end(row, DeliveryState.DEAD, answer.status, "gone")
        return False
    if answer.status >= 300:
        _again(row, answer.status, f"status {answer.status}")
        return False
    _end(row, DeliveryState.DONE, answer.status, "")
    return True


def due() -> list[str]:
    """The messages whose time has come, also those of a worker that died."""
    rows = WebhookDelivery.objects.filter(
        state__in=(DeliveryState.PENDING, DeliveryState.SENDING), next_attempt_at__lte=clock.now()
    )
    return list(rows.order_by("next_attempt_at").values_list("public_id", flat=True)[:DUE_AT_ONCE])


def body_of(row: WebhookDelivery) -> bytes:
    """The bytes of a message, the same at every attempt."""
    told = {"type": row.type, "timestamp": row.occurred_at.isoformat(), "data": row.data}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def _post(row: WebhookDelivery) -> http.Answer:
    endpoint = row.endpoint
    client = gateway.client_ref(endpoint.client)
    if client is None or not client.is_active:
        raise LookupError
    # The hosts may have changed since the address was given.
    addresses.require_address(endpoint.url, client.hosts, field="url")
    parts = urlsplit(endpoint.url)
    outbound = strangers.outbound_to(
        addresses.origin_of(endpoint.url), name="webhook", timeout=DEADLINE_SECONDS
    )
    body = body_of(row)
    return outbound.post(
        parts.path or "/",
        params=dict(parse_qsl(parts.query, keep_blank_values=True)),
        content=body,
        headers={"Content-Type": "application/json", **_signed(row, body)},
        refusals=True,
    )


def _signed(row: WebhookDelivery, body: bytes) -> dict[str, str]:
    moment = clock.now()
    stamp = str(int(moment.timestamp()))
    message_id = f"msg_{row.message}"
    text = webhooks.signed_text(message_id, stamp, body)
    in_force = row.endpoint.keys.filter(Q(not_after=None) | Q(not_after__gt=moment)).order_by("-pk")
    signatures = [signature for key in in_force for signature in webhooks.sign(key.secret, text)]
    signatures.append(webhooks.shown("v1sm2", sign_message(text)))
    return {
        webhooks.ID: message_id,
        webhooks.TIMESTAMP: stamp,
        webhooks.SIGNATURE: " ".join(signatures),
    }


def _again(row: WebhookDelivery, status: int | None, error: str) -> None:
    if row.attempts > len(RETRY_SECONDS):
        _end(row, DeliveryState.DEAD, status, error)
        return
    pause = RETRY_SECONDS[row.attempts - 1]
    later = clock.now() + timedelta(seconds=pause + secrets.randbelow(pause // 5 + 1))
    _mine(row).update(state=DeliveryState.PENDING, next_attempt_at=later, **_outcome(row, status, error))


def _end(row: WebhookDelivery, state: DeliveryState, status: int | None, error: str) -> None:
    _mine(row).update(state=state, done_at=clock.now(), **_outcome(row, status, error))
    if state is DeliveryState.DEAD:
        log.warning("webhook_dead", delivery=row.public_id, error=error)


def _outcome(row: WebhookDelivery, status: int | None, error: str) -> dict[str, Any]:
    tried = {"at": clock.now().isoformat(timespec="seconds"), "status": status, "error": error[:60]}
    return {"last_status": status, "last_error": error[:60], "tries": [*row.tries, tried][-40:]}


def _mine(row: WebhookDelivery) -> "QuerySet[WebhookDelivery]":
    return WebhookDelivery.objects.filter(pk=row.pk, state=DeliveryState.SENDING, attempts=row.attempts)


@transaction.atomic
def _stop(endpoint: WebhookEndpoint) -> None:
    """The other side says that the address is no more, and wants nothing again."""
    if WebhookEndpoint.objects.filter(pk=endpoint.pk, state=EndpointState.ACTIVE).update(
        state=EndpointState.GONE, updated_at=clock.now()
    ):
        audit.record(
            Action.WEBHOOK_STOPPED,
            actor=ACTOR,
            subject=endpoint,
            institution=endpoint.institution,
            details={"outcome": "gone"},
        )
