"""Commands over the addresses of institutions, and over what failed on its way in or out."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.core.ids import new_public_id
from foundation.events import inbound, repairs
from foundation.gateway import addresses, webhooks
from foundation.gateway import selectors as gateway
from institutions.rules import Duty
from institutions.services import require
from interop import tasks
from interop.models import DeliveryState, EndpointState, WebhookDelivery, WebhookEndpoint, WebhookKey
from interop.webhooks import messages, outgoing, selectors
from interop.webhooks.errors import (
    DeliveryStateConflict,
    EndpointKnown,
    EndpointStateConflict,
    UnknownMessageTypes,
)

OVERLAP = timedelta(days=7)
MOST_REPLAYED = 1_000


@transaction.atomic
def add_endpoint(
    *, client: str, url: str, types: Iterable[str], actor: Actor, reason: str
) -> tuple[WebhookEndpoint, str]:
    """Register an address of a client's institution.

    Args:
        client: Public id; the address is on one of its hosts.

    Returns:
        The endpoint, and its secret, which is shown this once.

    Raises:
        PermissionRefused: The actor has not the duty.
        NotFound: The client is not of the actor's institution.
        AddressNotAllowed: The address is on none of the client's hosts.
        UnknownMessageTypes: A type is not in the table, or none is given.
        EndpointKnown: The institution has this address.
    """
    require(actor, Duty.MANAGE_EXCHANGE)
    found = gateway.visible_clients(actor).filter(public_id=client).first()
    if found is None:
        raise NotFound
    addresses.require_address(url, found.hosts, field="url")
    wanted = _checked(types)
    try:
        with transaction.atomic():
            endpoint = WebhookEndpoint.objects.create(
                institution=found.institution, client=client, url=url, types=wanted
            )
    except IntegrityError as exc:
        raise EndpointKnown(field="url") from exc
    secret = _new_key(endpoint)
    _record(Action.WEBHOOK_ADDED, endpoint, actor, reason)
    return endpoint, secret


@transaction.atomic
def change_types(*, endpoint: str, types: Iterable[str], actor: Actor, reason: str) -> None:
    """Replace what an endpoint is told; what is on its way already still goes out."""
    require(actor, Duty.MANAGE_EXCHANGE)
    row = _endpoint(endpoint, actor)
    WebhookEndpoint.objects.filter(pk=row.pk).update(types=_checked(types), updated_at=clock.now())
    _record(Action.WEBHOOK_CHANGED, row, actor, reason)


@transaction.atomic
def stop_endpoint(*, endpoint: str, actor: Actor, reason: str) -> None:
    """Tell an endpoint nothing more.

    Raises:
        EndpointStateConflict: It is not in use.
    """
    require(actor, Duty.MANAGE_EXCHANGE)
    row = _endpoint(endpoint, actor)
    _move(row, (EndpointState.ACTIVE,), EndpointState.STOPPED)
    _record(Action.WEBHOOK_STOPPED, row, actor, reason)


@transaction.atomic
def resume_endpoint(*, endpoint: str, actor: Actor, reason: str) -> None:
    """Tell an endpoint again what happens; what it missed can be replayed.

    Raises:
        EndpointStateConflict: It is in use.
    """
    require(actor, Duty.MANAGE_EXCHANGE)
    row = _endpoint(endpoint, actor)
    _move(row, (EndpointState.STOPPED, EndpointState.GONE), EndpointState.ACTIVE)
    _record(Action.WEBHOOK_RESUMED, row, actor, reason)


@transaction.atomic
def rotate_secret(*, endpoint: str, actor: Actor, reason: str) -> str:
    """Sign with a new secret, and for seven days with the one before as well.

    Returns:
        The new secret, which is shown this once.

    Raises:
        EndpointStateConflict: Somebody else has just done it.
    """
    require(actor, Duty.MANAGE_EXCHANGE)
    row = _endpoint(endpoint, actor)
    if not row.keys.filter(not_after=None).update(not_after=clock.now() + OVERLAP):
        raise EndpointStateConflict
    try:
        with transaction.atomic():
            secret = _new_key(row)
    except IntegrityError as exc:
        raise EndpointStateConflict from exc
    _record(Action.WEBHOOK_KEY_ROTATED, row, actor, reason)
    return secret


@transaction.atomic
def send_test(*, endpoint: str, actor: Actor, reason: str) -> None:
    """Post a message that says nothing, to see whether it arrives.

    Raises:
        EndpointStateConflict: The endpoint is stopped.
    """
    require(actor, Duty.MANAGE_EXCHANGE)
    row = _endpoint(endpoint, actor)
    if row.state != EndpointState.ACTIVE:
        raise EndpointStateConflict
    outgoing.write_down(row, message=new_public_id(), kind=messages.TEST, data={})
    _record(Action.WEBHOOK_TESTED, row, actor, reason)


@transaction.atomic
def replay(*, delivery: str, actor: Actor, reason: str) -> None:
    """Send a message that failed, or arrived, once more under its own id.

    Raises:
        DeliveryStateConflict: It is on its way.
    """
    require(actor, Duty.MANAGE_EXCHANGE)
    row = selectors.visible_deliveries(actor).filter(public_id=delivery).first()
    if row is None:
        raise NotFound
    if not _set_back(row):
        raise DeliveryStateConflict
    audit.record(
        Action.WEBHOOK_REPLAYED,
        actor=actor,
        subject=row,
        institution=row.endpoint.institution,
        reason=reason,
    )


@transaction.atomic
def replay_failed(*, endpoint: str, actor: Actor, reason: str) -> int:
    """Send everything that failed on its way to an endpoint once more, the oldest first.

    Returns:
        How many messages; the rest of more than a thousand is left for another time.
    """
    require(actor, Duty.MANAGE_EXCHANGE)
    row = _endpoint(endpoint, actor)
    dead = row.deliveries.select_related("endpoint").filter(state=DeliveryState.DEAD)
    count = sum(_set_back(delivery) for delivery in dead.order_by("pk")[:MOST_REPLAYED])
    _record(Action.WEBHOOK_REPLAYED, row, actor, reason, count=count)
    return count


@transaction.atomic
def retry_event(*, event: str, actor: Actor, reason: str) -> None:
    """Apply an event of an institution that failed, or waits, once more at once.

    Raises:
        DeliveryStateConflict: It is done, or is being worked on.
    """
    require(actor, Duty.MANAGE_EXCHANGE)
    row = _event(event, actor)
    if not repairs.retry(row):
        raise DeliveryStateConflict
    _record_event(Action.EVENT_RETRIED, row, actor, reason)


@transaction.atomic
def discard_event(*, event: str, actor: Actor, reason: str) -> None:
    """End an event of an institution that failed, or waits, without an effect.

    Raises:
        DeliveryStateConflict: It is done, or is being worked on.
    """
    require(actor, Duty.MANAGE_EXCHANGE)
    row = _event(event, actor)
    if not repairs.discard(row):
        raise DeliveryStateConflict
    _record_event(Action.EVENT_DISCARDED, row, actor, reason)


@transaction.atomic
def retry_message(*, delivery_pk: int, actor: Actor, reason: str) -> None:
    """Hand a message between our own rooms, which failed to the end, to its handler again.

    Raises:
        PermissionRefused: The actor is not of the centre, or has not the duty.
        DeliveryStateConflict: Somebody else has just done it.
    """
    require(actor, Duty.MANAGE_EXCHANGE)
    row = selectors.visible_dead_letters(actor).filter(pk=delivery_pk).first()
    if row is None:
        raise NotFound
    if not repairs.retry_delivery(row):
        raise DeliveryStateConflict
    audit.record(
        Action.EVENT_RETRIED,
        actor=actor,
        subject=("delivery", row.message.public_id),
        reason=reason,
        details={"kind": row.message.topic},
    )


def _event(public_id: str, actor: Actor) -> Any:
    row = selectors.visible_events(actor).filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    return row


def _record_event(action: Action, row: Any, actor: Actor, reason: str) -> None:
    audit.record(
        action,
        actor=actor,
        subject=row,
        institution=inbound.institution_of(row.source),
        reason=reason,
        details={"kind": row.topic},
    )


def _set_back(row: WebhookDelivery) -> bool:
    ended = WebhookDelivery.objects.filter(pk=row.pk, state__in=(DeliveryState.DONE, DeliveryState.DEAD))
    moved = ended.update(state=DeliveryState.PENDING, attempts=0, next_attempt_at=clock.now(), done_at=None)
    if moved:
        # Staff say that it is mended.
        outgoing.breaker_of(row.endpoint).succeeded()
        transaction.on_commit(lambda: tasks.send_webhook.delay(row.public_id))
    return bool(moved)


def _endpoint(public_id: str, actor: Actor) -> WebhookEndpoint:
    row = selectors.visible_endpoints(actor).filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    return row


def _move(row: WebhookEndpoint, before: tuple[EndpointState, ...], after: EndpointState) -> None:
    if not WebhookEndpoint.objects.filter(pk=row.pk, state__in=before).update(
        state=after, updated_at=clock.now()
    ):
        raise EndpointStateConflict


def _new_key(endpoint: WebhookEndpoint) -> str:
    secret = webhooks.new_secret()
    WebhookKey.objects.create(endpoint=endpoint, secret=secret, created_at=clock.now())
    return secret


def _checked(types: Iterable[str]) -> list[str]:
    wanted = sorted(set(types))
    if not wanted or any(name not in messages.TYPES for name in wanted):
        raise UnknownMessageTypes(field="types")
    return wanted


def _record(action: Action, row: WebhookEndpoint, actor: Actor, reason: str, **details: int) -> None:
    audit.record(
        action, actor=actor, subject=row, institution=row.institution, reason=reason, details=details
    )
