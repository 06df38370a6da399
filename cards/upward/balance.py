"""Comparing a day: what the upper centre acknowledged, and what it says it holds."""

from datetime import date, timedelta

import structlog
from django.db import transaction
from django.db.models import QuerySet

from cards.models.upward import ReportKind, ReportState, UpwardDay, UpwardRecord
from cards.providers.base import UpwardError
from cards.upward.collecting import note_missed_uses, provider
from cards.upward.rules import day_of
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, redis
from foundation.core.actor import Actor

log = structlog.get_logger(__name__)

DAYS = 3
# One worker at a time asks about a day: three questions of ten seconds each.
TURN_SECONDS = 60


def balance_recent() -> int:
    """Compare the last days before today.

    Returns:
        How many of the comparisons found a difference.
    """
    if not provider().is_connected():
        return 0
    today = day_of(clock.now())
    found = [row for back in range(1, DAYS + 1) for row in balance_day(today - timedelta(days=back))]
    return sum(not row.agrees for row in found)


def balance_day(day: date) -> list[UpwardDay]:
    """Compare one day by count and, where the counts differ, record by record.

    What the upper centre acknowledged and does not hold is sent again; what it holds and we
    never sent is counted, for staff to ask about. No transaction is open while it is asked.

    Raises:
        UpwardError: The upper centre does not say.
    """
    note_missed_uses(day)
    theirs = provider().counts(day)
    return [_compared(day, kind, theirs.get(kind, 0)) for kind in ReportKind]


def balance_asked(day: date) -> None:
    """Compare a day that staff asked for; nothing is done where nobody asks any more."""
    waiting = UpwardDay.objects.filter(day=day, asked_at__isnull=False)
    turn = redis.key("upward-balance", day.isoformat())
    if not waiting.exists() or not redis.client().set(turn, b"", nx=True, ex=TURN_SECONDS):
        return
    try:
        _answer(waiting, day)
    finally:
        redis.client().delete(turn)


def _answer(waiting: "QuerySet[UpwardDay]", day: date) -> None:
    try:
        found = balance_day(day)
    except UpwardError as exc:
        log.warning("upward_not_balanced", error=exc.code)
        waiting.update(asked_at=None, failure=exc.code)
        return
    with transaction.atomic():
        if waiting.update(asked_at=None, failure=""):
            audit.record(
                Action.UPWARD_BALANCED,
                actor=Actor.system("upward"),
                subject=found[0],
                details={"count": sum(row.missing for row in found)},
            )


def waiting_days() -> list[date]:
    """The days that somebody waits for, also where the task was lost."""
    return list(
        UpwardDay.objects.filter(asked_at__isnull=False)
        .values_list("day", flat=True)
        .distinct()
        .order_by("day")
    )


def _compared(day: date, kind: ReportKind, theirs: int) -> UpwardDay:
    rows = UpwardRecord.objects.filter(day=day, kind=kind)
    accepted = rows.filter(state=ReportState.ACCEPTED)
    ours, missing, unknown = accepted.count(), 0, 0
    if ours != theirs:
        held = provider().ids(day=day, kind=kind)
        lost = accepted.exclude(record_id__in=held)
        missing = lost.count()
        unknown = len(held - set(rows.values_list("record_id", flat=True)))
        lost.update(state=ReportState.WAITING, attempts=0, next_at=clock.now(), reason="not_held_above")
    with transaction.atomic():
        row, _ = UpwardDay.objects.update_or_create(
            day=day,
            kind=kind,
            defaults={
                "ours": ours,
                "theirs": theirs,
                "missing": missing,
                "unknown": unknown,
                "open_count": rows.filter(state__in=(ReportState.WAITING, ReportState.SENDING)).count(),
                "checked_at": clock.now(),
            },
        )
    return row


def visible_days(actor: Actor) -> "QuerySet[UpwardDay]":
    """The comparisons that staff may see: the centre all, nobody else any."""
    rows = UpwardDay.objects.all()
    return rows if actor.is_centre else rows.none()
