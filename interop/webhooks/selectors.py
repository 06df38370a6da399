"""Reading the exchange with institutions, scoped to who asks."""

from typing import Any

from django.db.models import QuerySet

from foundation.core.actor import Actor
from foundation.events import repairs
from institutions import selectors as institutions
from interop.models import EndpointState, WebhookDelivery, WebhookEndpoint


def visible_endpoints(actor: Actor) -> "QuerySet[WebhookEndpoint]":
    """The addresses that staff may see: the centre all, an institution its own."""
    return institutions.scope(WebhookEndpoint.objects.all(), actor, path="institution")


def visible_deliveries(actor: Actor) -> "QuerySet[WebhookDelivery]":
    """The messages to those addresses."""
    rows = WebhookDelivery.objects.select_related("endpoint")
    return institutions.scope(rows, actor, path="endpoint__institution")


def tells(institution: str, kind: str) -> bool:
    """Whether an institution has an address that hears messages of this type."""
    return WebhookEndpoint.objects.filter(
        institution=institution, types__contains=[kind], state=EndpointState.ACTIVE
    ).exists()


def visible_events(actor: Actor) -> "QuerySet[Any]":
    """What institutions told: the centre sees all of it, an institution its own."""
    if actor.is_centre:
        return repairs.inbox()
    return repairs.inbox(actor.institution) if actor.institution else repairs.inbox().none()


def visible_dead_letters(actor: Actor) -> "QuerySet[Any]":
    """Messages between our own rooms that failed to the end: the centre's business alone."""
    rows = repairs.dead_deliveries()
    return rows if actor.is_centre else rows.none()
