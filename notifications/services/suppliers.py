"""The suppliers of SMS: who gets the next message, and how shares move."""

import random
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from foundation.accounts import selectors as accounts
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.carriers import sms
from foundation.core import clock
from foundation.core.actor import Actor
from institutions import services as institutions
from institutions.rules import Duty
from notifications.errors import SupplierUnknown
from notifications.models import Dispatch, Supplier
from notifications.rules import failover
from notifications.rules.topics import DispatchState


def ensure() -> list[Supplier]:
    """The rows of the suppliers that are set up, those made that were missing."""
    names = sms.suppliers()
    known = {row.name: row for row in Supplier.objects.filter(name__in=names)}
    share = failover.ALL // len(names)
    for place, name in enumerate(names):
        if name not in known:
            points = failover.ALL - share * (len(names) - 1) if place == 0 else share
            known[name], _made = Supplier.objects.get_or_create(
                name=name, defaults={"weight": points, "resting": points, "changed_at": clock.now()}
            )
    return [known[name] for name in names]


def choose(*, suppliers: Sequence[Supplier], not_this: str = "") -> str:
    """Who takes the next message: by their shares, and another than the one that just failed."""
    usable = [row for row in suppliers if row.is_on] or list(suppliers)
    others = [row for row in usable if row.name != not_this] or usable
    weights = [row.weight for row in others]
    if not any(weights):
        return others[0].name
    return random.choices(others, weights)[0].name  # noqa: S311


def next_supplier(*, not_this: str = "") -> str:
    """Who takes the next message, for the room that sends codes."""
    return choose(suppliers=ensure(), not_this=not_this)


def note_error(*, name: str) -> None:
    """Move points away from a supplier that has just failed by itself."""
    moment = clock.now()
    row = Supplier.objects.filter(name=name).first()
    weight = failover.after_error(row.weight, row.changed_at, moment=moment) if row is not None else None
    if row is None or weight is None:
        return
    with transaction.atomic():
        # Of several workers that met the same failure one moves the points.
        moved = Supplier.objects.filter(pk=row.pk, weight=row.weight, changed_at=row.changed_at).update(
            weight=weight, changed_at=moment
        )
        other = Supplier.objects.exclude(pk=row.pk).filter(name__in=sms.suppliers()).first()
        if moved and other is not None:
            Supplier.objects.filter(pk=other.pk).update(weight=failover.ALL - weight, changed_at=moment)


def rebalance() -> bool:
    """Move shares by how fast messages arrived lately; whether anything moved."""
    rows = ensure()
    if len(rows) != 2:
        return False
    moment = clock.now()
    one, other = (health_of(row=row, moment=moment) for row in rows)
    weights = failover.rebalanced(one, other, moment=moment)
    if weights == (one.weight, other.weight):
        return False
    with transaction.atomic():
        for row, weight in zip(rows, weights, strict=True):
            Supplier.objects.filter(pk=row.pk).update(weight=weight, changed_at=moment)
    return True


def health_of(*, row: Supplier, moment: datetime) -> failover.Health:
    """How a supplier did in the last quarter of an hour."""
    recent = sent_by(name=row.name).filter(sent_at__gte=moment - failover.WINDOW)
    # Codes for signing in are messages like others, and in a quiet hour the only ones.
    codes, slow_codes = accounts.codes_taken_by(
        supplier=row.name, since=moment - failover.WINDOW, slow_after=failover.SLOW_AFTER
    )
    messages = recent.count() + codes
    slow = _slow(recent, moment).count() + slow_codes
    return failover.Health(row.name, row.weight, row.resting, row.changed_at, messages, slow)


def sent_by(*, name: str) -> "QuerySet[Dispatch]":
    """What a supplier took."""
    return Dispatch.objects.filter(supplier=name).exclude(sent_at=None)


def _slow(rows: "QuerySet[Dispatch]", moment: datetime) -> "QuerySet[Dispatch]":
    waiting = Q(state=DispatchState.SENT, sent_at__lt=moment - failover.SLOW_AFTER)
    late = Q(state=DispatchState.DELIVERED, ended_at__gt=F("sent_at") + failover.SLOW_AFTER)
    return rows.filter(waiting | late)


@transaction.atomic
def set_share(*, supplier: str, resting: int, is_on: bool, actor: Actor, reason: str) -> Supplier:
    """Say how much a supplier gets in quiet times, or take it out of use.

    Raises:
        PermissionRefused: If the actor may not.
        SupplierUnknown: If there is none of this number, or the last one would be out of use.
    """
    institutions.require(actor, Duty.MANAGE_TEMPLATES)
    row = Supplier.objects.select_for_update().filter(public_id=supplier).first()
    others = list(Supplier.objects.select_for_update().exclude(public_id=supplier).order_by("pk"))
    if row is None or not (is_on or any(other.is_on for other in others)):
        raise SupplierUnknown
    before = row.resting
    moment = clock.now()
    row.resting = row.weight = resting
    row.is_on, row.changed_at = is_on, moment
    row.save()
    for other in others[:1]:
        other.resting = other.weight = failover.ALL - resting
        other.changed_at = moment
        other.save()
    audit.record(
        Action.SMS_SHARE_CHANGED,
        actor=actor,
        subject=row,
        reason=reason,
        details={"before": before, "after": resting, "state": "on" if is_on else "off"},
    )
    return row
