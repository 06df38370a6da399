"""What staff of the centre see of messages; institutions see none."""

from django.db.models import Count, Q, QuerySet, Sum

from foundation.core import clock
from foundation.core.actor import Actor
from notifications.models import Dispatch, Grant, PushLimit, Supplier, Template
from notifications.rules.failover import WINDOW
from notifications.rules.topics import DispatchState


def visible_templates(actor: Actor) -> "QuerySet[Template]":
    """Every version, for the centre."""
    return Template.objects.all() if actor.is_centre else Template.objects.none()


def visible_dispatches(actor: Actor) -> "QuerySet[Dispatch]":
    """Every dispatch, for the centre."""
    return Dispatch.objects.select_related("message") if actor.is_centre else Dispatch.objects.none()


def visible_suppliers(actor: Actor) -> "QuerySet[Supplier]":
    """The suppliers, for the centre."""
    return Supplier.objects.all() if actor.is_centre else Supplier.objects.none()


def visible_limits(actor: Actor) -> "QuerySet[PushLimit]":
    """The limits of pushes that were set, for the centre."""
    return PushLimit.objects.all() if actor.is_centre else PushLimit.objects.none()


def grants_of(template: Template) -> tuple[int, int, int]:
    """How many users allow a template, how many messages together, and how many said no."""
    found = Grant.objects.filter(template=template.external_id).aggregate(
        users=Count("pk", filter=Q(left__gt=0)),
        messages=Sum("left", default=0),
        refused=Count("pk", filter=Q(is_refused=True)),
    )
    return found["users"], found["messages"], found["refused"]


def failed_lately(supplier: str) -> int:
    """How many messages of a supplier failed in the window by which it is judged."""
    failed = (DispatchState.PERMANENT_FAILURE, DispatchState.TEMPORARY_FAILURE)
    since = clock.now() - WINDOW
    return Dispatch.objects.filter(supplier=supplier, state__in=failed, ended_at__gte=since).count()
