"""Which channels a message takes: written down with the message, before anybody is called."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from foundation.core import clock
from notifications.kinds import kind_of
from notifications.kinds.own import MORE
from notifications.models import Dispatch, Message
from notifications.rules import limits as rules
from notifications.rules import routing
from notifications.rules.topics import DispatchState, Topic
from notifications.services import limits
from notifications.services.reach import METHOD_OF, Reach

if TYPE_CHECKING:
    from notifications.services.telling import Telling

SUPERSEDED = "superseded"


def plan(*, told: "Sequence[tuple[Message, Telling]]") -> list[Dispatch]:
    """Write down what goes over which channel, in the caller's transaction."""
    reach = Reach(
        (message.account_id for message, _telling in told),
        {MORE, *(message.kind for message, _telling in told)},
    )
    moment = clock.now()
    rows: dict[tuple[str, str], Dispatch] = {}
    for message, telling in told:
        if telling.group:
            _supersede(f"{telling.group}:{message.account_id}", moment)
        kind = kind_of(message.kind)
        steps = routing.first_steps(
            kind.topic,
            open_channels=reach.open_channels(message.account_id, message.kind),
            switched=reach.switched(message.account_id, kind.topic),
        )
        is_urgent = kind.is_urgent if telling.is_urgent is None else telling.is_urgent
        group = f"{telling.group}:{message.account_id}" if telling.group else ""
        if kind.digest:
            group = f"{message.kind}:{message.account_id}:{message.person_id or ''}"
        for step in steps:
            first = rows.get((group, step.channel)) if kind.digest else None
            if first is not None:
                first.count += 1
            elif not kind.digest or not _joined(group, step.channel):
                due_at = moment + step.delay + kind.digest
                row = planned(
                    message=message,
                    reach=reach,
                    step=step,
                    is_urgent=is_urgent,
                    group=group,
                    due_at=due_at,
                )
                rows[group or message.public_id, step.channel] = row
    going = _within_limits(list(rows.values()), reach, moment)
    Dispatch.objects.bulk_create(going)
    if going:
        kick()
    return going


def _within_limits(rows: Sequence[Dispatch], reach: Reach, moment: datetime) -> list[Dispatch]:
    """What goes out, and in the place of what is too much for a day, one push that says how many."""
    counted: dict[limits.Key, dict[int, list[Dispatch]]] = {}
    for row in rows:
        kind = kind_of(row.message.kind)
        if rules.is_counted(kind.topic, is_urgent=row.is_urgent, is_capped=kind.is_capped):
            key = (row.message.account_id or 0, clock.beijing(row.due_at).date())
            counted.setdefault(key, {}).setdefault(row.message.pk, []).append(row)
    beyond = limits.count(pushes={key: len(mine) for key, mine in counted.items()})
    held: dict[int, Dispatch] = {}
    together: dict[tuple[int, str], Dispatch] = {}
    for key, most in beyond.items():
        for ways in list(counted[key].values())[len(counted[key]) - most :]:
            held.update({id(row): row for row in ways})
            _say_together(ways[0], together, reach, moment)
    return [*(row for row in rows if id(row) not in held), *together.values()]


def _say_together(
    held: Dispatch, together: dict[tuple[int, str], Dispatch], reach: Reach, moment: datetime
) -> None:
    """Add a push that is held back to the one of the evening; where that has no way, the inbox has it."""
    message = held.message
    account_pk = message.account_id or 0
    steps = routing.first_steps(
        Topic.DAILY,
        open_channels=reach.open_channels(account_pk, MORE),
        switched=reach.switched(account_pk, Topic.DAILY),
    )
    group = f"{MORE}:{account_pk}"
    for step in steps:
        first = together.get((account_pk, step.channel))
        if first is not None:
            first.count += held.count
        elif not _joined(group, step.channel, by=held.count):
            together[account_pk, step.channel] = planned(
                message=message,
                reach=reach,
                step=step,
                is_urgent=False,
                group=group,
                due_at=rules.together_at(moment),
                count=held.count,
                kind=MORE,
            )


def planned(
    *,
    message: Message,
    reach: Reach,
    step: routing.Step,
    is_urgent: bool,
    due_at: datetime,
    group: str = "",
    count: int = 1,
    kind: str = "",
) -> Dispatch:
    """One channel of a message, not yet written.

    Args:
        kind: By whose template it goes; by default the message's own.
    """
    kind = kind or message.kind
    if not is_urgent:
        due_at = reach.after_quiet(message.account_id, due_at)
    return Dispatch(
        message=message,
        channel=step.channel,
        method_id=reach.methods[message.account_id or 0][METHOD_OF[step.channel]],
        template=reach.templates[kind, step.channel],
        state=DispatchState.CREATED,
        is_urgent=is_urgent,
        unless_read=step.unless_read,
        group=group,
        count=count,
        created_at=clock.now(),
        due_at=due_at,
        expires_at=due_at + kind_of(kind).lasts,
    )


def kick() -> None:
    """Let a worker look after the caller's transaction; the clock looks by itself too."""
    from notifications import tasks

    transaction.on_commit(tasks.send_due.delay, robust=True)


def cancel(*, message_pks: Sequence[int], reason: str) -> int:
    """Take back what has not gone out of these messages."""
    waiting = Dispatch.objects.filter(message__in=message_pks, state=DispatchState.CREATED)
    return waiting.update(state=DispatchState.CANCELLED, error=reason, ended_at=clock.now())


def _supersede(group: str, moment: datetime) -> None:
    Dispatch.objects.filter(group=group, state=DispatchState.CREATED).update(
        state=DispatchState.CANCELLED, error=SUPERSEDED, ended_at=moment
    )


def _joined(group: str, channel: str, by: int = 1) -> bool:
    """Whether a push of the same kind still waits, and speaks of this message too from now on."""
    waiting = Dispatch.objects.filter(group=group, channel=channel, state=DispatchState.CREATED)
    return bool(waiting.update(count=F("count") + by))
