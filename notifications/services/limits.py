"""The limit of pushes per account and day: set by staff, kept by counting in one statement."""

from collections.abc import Mapping
from datetime import date

from django.db import connection, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from institutions import services as institutions
from institutions.rules import Duty
from notifications import selectors
from notifications.models import PushLimit
from notifications.rules import limits as rules

# An account and a day of Beijing.
Key = tuple[int, date]


@transaction.atomic
def set_per_day(*, per_day: int, actor: Actor, reason: str) -> PushLimit:
    """Set how many pushes an account gets in a day, from the next message on.

    Raises:
        PermissionRefused: If the actor may not.
        InvalidInput: If it is none, or so many that it is no limit.
    """
    institutions.require(actor, Duty.MANAGE_TEMPLATES)
    if not 1 <= per_day <= rules.MOST_PER_DAY:
        raise InvalidInput(field="per_day")
    before = selectors.pushes_per_day()
    row = PushLimit.objects.create(per_day=per_day, created_at=clock.now())
    audit.record(
        Action.PUSH_LIMIT_SET,
        actor=actor,
        subject=row,
        reason=reason,
        details={"before": before, "after": per_day},
    )
    return row


def count(*, pushes: Mapping[Key, int]) -> dict[Key, int]:
    """Count pushes of some accounts and days; returns how many of each are beyond the limit.

    In the caller's transaction, which holds the counts until its end: of two that plan the last push
    of a day at once, the second finds it taken.
    """
    if not pushes:
        return {}
    limit, moment = selectors.pushes_per_day(), clock.now()
    # Everybody goes through the rows in the same order, so that nobody waits for each other.
    keys = sorted(pushes)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO notifications_push_count (account_id, day, planned, counted_at)
            SELECT account, day, mine, %s
            FROM unnest(%s::bigint[], %s::date[], %s::int[]) AS said(account, day, mine)
            ON CONFLICT (account_id, day) DO UPDATE
            SET planned = notifications_push_count.planned + excluded.planned
            RETURNING account_id, day, planned
            """,
            [
                moment,
                [account for account, _day in keys],
                [day for _account, day in keys],
                [pushes[key] for key in keys],
            ],
        )
        planned = {(account, day): total for account, day, total in cursor.fetchall()}
    return {key: rules.over(planned[key], pushes[key], limit=limit) for key in keys}
