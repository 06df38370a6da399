"""Writing down what became of dispatches, and what is tried next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from foundation.core import clock
from notifications.kinds import kind_of
from notifications.kinds.own import MORE
from notifications.models import Dispatch
from notifications.rules import routing
from notifications.rules.topics import ENDED, DispatchState
from notifications.services import planning
from notifications.services.reach import Reach

# A last failure after which another channel is tried.
FAILED = frozenset({DispatchState.PERMANENT_FAILURE, DispatchState.TEMPORARY_FAILURE})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one dispatch.

    Attributes:
        reference: The outside system's own number, where it took the message.
        due_at: When it is tried again, where it is.
    """

    dispatch: Dispatch
    state: str
    error: str = ""
    reference: str = ""
    due_at: datetime | None = None


def write(*, handed: Sequence[Outcome]) -> int:
    """Write outcomes in one statement; only those whose attempt is still this one.

    Returns:
        How many rows were written; fallbacks are written down with them.
    """
    if not handed:
        return 0
    with transaction.atomic():
        written = _written(handed)
        fall_back(
            dispatches=[one.dispatch for one in handed if one.dispatch.pk in written and one.state in FAILED]
        )
    return len(written)


def _written(handed: Sequence[Outcome]) -> set[int]:
    moment = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE notifications_dispatch AS row
            SET state = said.state, error = said.error, provider_reference = said.reference,
                supplier = said.supplier, due_at = COALESCE(said.due_at, row.due_at),
                sent_at = CASE WHEN said.state = %s THEN %s ELSE row.sent_at END,
                ended_at = CASE WHEN said.state = ANY(%s) THEN %s END, lease_until = NULL
            FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[],
                        %s::timestamptz[])
                AS said(id, attempts, state, error, reference, supplier, due_at)
            WHERE row.id = said.id AND row.attempts = said.attempts AND row.state = %s
            RETURNING row.id
            """,
            [
                DispatchState.SENT,
                moment,
                [str(state) for state in ENDED],
                moment,
                [one.dispatch.pk for one in handed],
                [one.dispatch.attempts for one in handed],
                [str(one.state) for one in handed],
                [one.error[:60] for one in handed],
                [one.reference[:64] for one in handed],
                [one.dispatch.supplier for one in handed],
                [one.due_at for one in handed],
                DispatchState.SENDING,
            ],
        )
        return {row[0] for row in cursor.fetchall()}


def fall_back(*, dispatches: Sequence[Dispatch]) -> None:
    """Write down the next channel of messages that reached nobody on the last one."""
    # What the limit of a day held back does not go out by another way after all.
    messages = {row.message_id: row for row in dispatches if row.template.kind != MORE}
    if not messages:
        return
    reach = Reach(
        (row.message.account_id for row in messages.values()), {row.message.kind for row in messages.values()}
    )
    tried: dict[int, list[str]] = {}
    for pk, channel in Dispatch.objects.filter(message__in=messages).values_list("message", "channel"):
        tried.setdefault(pk, []).append(channel)
    rows = []
    for row in messages.values():
        message = row.message
        topic = kind_of(message.kind).topic
        following = routing.next_channel(
            topic,
            failed=tried[message.pk],
            open_channels=reach.open_channels(message.account_id, message.kind),
            switched=reach.switched(message.account_id, topic),
        )
        if following is not None:
            step = routing.Step(following)
            rows.append(
                planning.planned(
                    message=message,
                    reach=reach,
                    step=step,
                    is_urgent=row.is_urgent,
                    due_at=clock.now(),
                    count=row.count,
                )
            )
    # Of two that saw the same failure one writes the next channel.
    Dispatch.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        planning.kick()
