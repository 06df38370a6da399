"""How an institution lets its places out, as its staff settle it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from appointments import boards
from appointments.models import BookingRule, Schedule
from appointments.rules.release import window_of
from appointments.selectors.booking_rules import rule_of, terms_of
from appointments.services.suspension import hold, institution_of
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from institutions.rules import Duty
from institutions.services import require

# What stands for an institution beside these is not settled here.
FIXED = frozenset({"id", "public_id", "institution", "created_at", "updated_at"})
NAMES = tuple(field.name for field in BookingRule._meta.concrete_fields if field.name not in FIXED)


@transaction.atomic
def save_booking_rule(*, institution: str, settled: Mapping[str, Any], actor: Actor, reason: str) -> str:
    """Settle an institution's rule of booking; returns its public id.

    Sessions whose places are not out yet follow it at once; what is out stays out.

    Args:
        settled: Values by the names of ``NAMES``.

    Raises:
        NotFound: The actor sees no such institution.
        InvalidInput: A value is outside its range.
    """
    require(actor, Duty.MANAGE_SCHEDULES)
    place = institution_of(public_id=institution, actor=actor)
    hold(institution=place)
    rule = rule_of(place)
    changed = [name for name in NAMES if name in settled and getattr(rule, name) != settled[name]]
    for name in changed:
        setattr(rule, name, settled[name])
    try:
        rule.full_clean(exclude=["institution"])
    except ValidationError as exc:
        raise InvalidInput(field=next(iter(exc.message_dict))) from exc
    rule.save()
    audit.record(
        Action.BOOKING_RULE_CHANGED,
        actor=actor,
        subject=rule,
        institution=institution,
        reason=reason,
        details={"fields": sorted(changed)},
    )
    _follow(institution, place)
    return rule.public_id


def _follow(institution: str, institution_pk: int) -> None:
    """Give the sessions to come the moments of the rule as it is now."""
    terms = terms_of(institution_pk)
    rows = Schedule.objects.select_related("department", "doctor").prefetch_related("slots")
    moved = []
    moment = clock.now()
    for row in rows.filter(institution=institution_pk, closes_at__gt=moment):
        begins = min((slot.starts_at for slot in row.slots.all()), default=None)
        if begins is None:
            continue
        releases_at, closes_at = window_of(day=row.date, begins_at=begins, terms=terms)
        if row.releases_at <= moment:
            releases_at = min(row.releases_at, closes_at - timedelta(seconds=1))
        if (releases_at, closes_at) != (row.releases_at, row.closes_at):
            row.releases_at, row.closes_at = releases_at, closes_at
            moved.append(row)
    Schedule.objects.bulk_update(moved, ["releases_at", "closes_at"], batch_size=500)
    boards.forget_after_commit(institution, {boards.touched(row) for row in moved})
