"""The order of inbound messages: each aggregate of a source moves on by one, and never back.

A message is applied when the one before it has been. One that comes late, after a newer one was
applied, is done without an effect. One that comes early waits: for those that are in the inbox
already, and for those that are missing, which are asked for meanwhile; when they do not come in
time, the order goes on without them.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from foundation.core import clock
from foundation.events.models import InboxMessage, Sequence
from foundation.events.services import Message
from foundation.events.types import InboxState, Outcome, WaitReason

# A message before this one may be failing, and is tried again for a day; nobody waits that long.
LONGEST_BEHIND = timedelta(hours=1)
# Whoever applies the one before wakes what waits; this is how often what is missing is asked for.
LOOK_AGAIN = tuple(timedelta(seconds=seconds) for seconds in (*(30,) * 60, *(300,) * 12, 1_800))
# A number as large as this is a time in milliseconds, of a source that cannot count: newer is then
# all that is known, nothing is missing, and of two at one time both are applied.
CLOCKED = 10**12
# A relay that is killed holds a message for a while: that time is over does not say that anybody asked.
ASKED_AT_LEAST = 2


class Wait(Exception):
    """A handler cannot apply its message yet; it is handed over again.

    Nothing of the attempt stands, and it is no failure.
    """

    def __init__(self, reason: WaitReason, *, until: datetime, missing_after: int | None = None) -> None:
        self.reason = reason
        self.until = until
        self.missing_after = missing_after
        super().__init__(reason.value)


def take_turn(message: Message, *, is_whole: bool = False, patience: timedelta | None = None) -> bool:
    """Move the aggregate of an inbound message on to it, inside the transaction that applies it.

    Args:
        message: As the relay hands it over.
        is_whole: Whether the message tells all there is to know, so that nothing before it is
            missed.
        patience: How long it waits for those that are missing; None for as long as the settings say.

    Returns:
        Whether to apply it; not if a newer one was applied before.

    Raises:
        Wait: It is early.
    """
    seq = message.seq
    if seq is None:
        return True
    moment = clock.now()
    place = Sequence.objects.filter(source=message.source, aggregate=message.aggregate)
    # Of two relays the second waits here for the first, and then sees where it has moved to.
    if seq >= CLOCKED:
        follows = place.filter(applied__lte=seq)
    else:
        follows = place.filter(applied__lt=seq) if is_whole else place.filter(applied=seq - 1)
    if follows.update(applied=seq, moved_at=moment):
        return True
    first = Sequence(source=message.source, aggregate=message.aggregate, moved_at=moment)
    Sequence.objects.bulk_create([first], ignore_conflicts=True)
    if follows.update(applied=seq, moved_at=moment):
        return True
    applied = place.values_list("applied", flat=True).get()
    if seq > applied:
        if patience is None:
            patience = timedelta(seconds=settings.EVENT_GAP_SECONDS)
        _wait_for_earlier(message, seq, applied, moment, patience)
        if place.filter(applied__lt=seq).update(applied=seq, moved_at=moment):
            return True
    InboxMessage.objects.filter(public_id=message.id).update(outcome=Outcome.STALE)
    return False


def _wait_for_earlier(
    message: Message, seq: int, applied: int, moment: datetime, patience: timedelta
) -> None:
    """Raise ``Wait`` unless the time for waiting is over."""
    earlier = InboxMessage.objects.filter(
        source=message.source, aggregate=message.aggregate, seq__gt=applied, seq__lt=seq
    )
    received_at = message.received_at or moment
    again = moment + LOOK_AGAIN[min(message.waits, len(LOOK_AGAIN) - 1)]
    is_under_way = earlier.filter(state__in=(InboxState.RECEIVED, InboxState.WORKING)).exists()
    if is_under_way and moment < received_at + LONGEST_BEHIND:
        raise Wait(WaitReason.TURN, until=again)
    ends = received_at + patience
    is_time = moment < ends or message.waits < ASKED_AT_LEAST
    if is_time and earlier.values("seq").distinct().count() < seq - applied - 1:
        # Asked for again each time: whoever was to ask may have been killed.
        until = min(ends, again) if moment < ends else again
        raise Wait(WaitReason.GAP, until=until, missing_after=applied)


def release(*, source: str, aggregate: str, applied: int | None = None) -> int:
    """Make due what waited for an earlier message of an aggregate, once that one is committed.

    Args:
        applied: Number of a message that was applied just now. What comes after it and failed is due as
            well: it may have gone ahead without this one, and failed for want of it.
    """
    waits = Q(waiting_for__in=(WaitReason.TURN, WaitReason.GAP))
    if applied is not None:
        waits |= Q(waiting_for=WaitReason.NOTHING, seq__gt=applied)
    return InboxMessage.objects.filter(
        waits, source=source, aggregate=aggregate, state=InboxState.RECEIVED
    ).update(next_attempt_at=clock.now())


def missing_before(*, source: str, aggregate: str, seq: int) -> int | None:
    """The last number applied, if some are missing between it and a message; None if none are."""
    applied = Sequence.objects.filter(source=source, aggregate=aggregate).values_list("applied", flat=True)
    last = applied.first() or 0
    return last if last < seq - 1 and seq < CLOCKED else None


def has_moved(*, source: str, aggregate: str, seq: int) -> bool:
    """Whether a message that waits would find its turn come."""
    return Sequence.objects.filter(source=source, aggregate=aggregate, applied__gte=seq - 1).exists()


def release_waiting_for_person(*, source: str) -> int:
    """Make due what a source told of persons that nobody knew; returns how many messages."""
    waiting = InboxMessage.objects.filter(
        source=source, state=InboxState.RECEIVED, waiting_for=WaitReason.PERSON
    )
    # What an institution tells always names an aggregate; the index of their order finds it.
    return waiting.exclude(aggregate="").update(next_attempt_at=clock.now())


def purge(*, before: datetime) -> int:
    """Forget aggregates of which nothing was heard since a moment."""
    return Sequence.objects.filter(moved_at__lt=before).delete()[0]
