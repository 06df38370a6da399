"""Closing days: what our books say of a day, beside what its channel says, kept for good."""

from datetime import timedelta

from django.db import transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from payments.models import DailyClosing
from payments.reconciliation.rules import CLOSED, beijing_day
from payments.selectors.clearing import Cleared, clearing

# A day that has not closed by then waits for an operator, and stands out on the board.
LOOK_BACK = timedelta(days=14)


def close_days(*, actor: Actor) -> int:
    """Close what can be closed: days that are over, and of which the other side has said all it will say.

    Returns:
        How many ways of paying were closed; a day that is closed is let alone.
    """
    today = beijing_day(clock.now())
    rows = clearing(actor=actor, first=today - LOOK_BACK, last=today - timedelta(days=1))
    closed = set(
        DailyClosing.objects.filter(day__gte=today - LOOK_BACK).values_list(
            "day", "institution", "provider", "channel"
        )
    )
    return sum(
        _close(row, actor)
        for row in rows
        if (row.day, row.institution_pk, row.provider, row.channel_pk) not in closed and _can_close(row)
    )


def _can_close(row: Cleared) -> bool:
    """By hand nobody states anything; channels give a file, and insurers are asked order by order."""
    return row.file_state in CLOSED or (row.channel_pk is None and not row.file_state)


@transaction.atomic
def _close(row: Cleared, actor: Actor) -> bool:
    stated = row.stated
    made = DailyClosing(
        institution_id=row.institution_pk,
        provider=row.provider,
        channel_id=row.channel_pk,
        day=row.day,
        payments=row.sums.came,
        refunds=row.sums.went,
        gross_fen=row.sums.came_fen,
        refund_fen=row.sums.went_fen,
        stated_gross_fen=stated.came_fen if stated else None,
        stated_refund_fen=stated.went_fen if stated else None,
        fee_fen=row.fee_fen if stated else None,
        differences=row.differences,
        closed_at=clock.now(),
    )
    # Of two workers the constraint lets one write.
    DailyClosing.objects.bulk_create([made], ignore_conflicts=True)
    kept = DailyClosing.objects.filter(public_id=made.public_id).select_related("institution").first()
    if kept is None:
        return False
    audit.record(
        Action.DAY_CLOSED,
        actor=actor,
        subject=kept,
        institution=kept.institution.public_id,
        details={"provider": kept.provider, "amount_fen": row.sums.net_fen, "count": row.differences},
    )
    return True
