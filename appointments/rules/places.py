"""Numbered places of a band: which are free, and what a resident is told of them."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from itertools import islice

from appointments.rules import BookingState, ScheduleState

# These keep their number for good: somebody has it, had it, or should have come with it.
KEPT_STATES = (
    BookingState.HELD,
    BookingState.BOOKED,
    BookingState.ARRIVED,
    BookingState.DONE,
    BookingState.MISSED,
)


class PlaceState(StrEnum):
    """How a band, or a whole session, stands for whoever wants to book."""

    OPEN = "open"
    FULL = "full"
    NOT_YET = "not_yet"
    CLOSED = "closed"
    STOPPED = "stopped"


def free_numbers(capacity: int, *, taken: Collection[int], returning: Collection[int] = ()) -> list[int]:
    """The numbers that may be given out, in their order.

    Together with those that somebody has, and those on their way back, they are never more than the
    capacity; a number that somebody has is never among them, also where the capacity has shrunk
    below it.
    """
    gone = {*taken, *returning}
    left = max(0, capacity - len(gone))
    return list(islice((number for number in range(1, capacity + 1) if number not in gone), left))


def place_state(
    *, state: str, is_stopped: bool, free: int, releases_at: datetime, closes_at: datetime, moment: datetime
) -> PlaceState:
    """What a band is to residents at a moment; ``is_stopped`` is the band's own suspension."""
    if state == ScheduleState.STOPPED or is_stopped:
        return PlaceState.STOPPED
    if moment >= closes_at:
        return PlaceState.CLOSED
    if moment < releases_at:
        return PlaceState.NOT_YET
    return PlaceState.OPEN if free else PlaceState.FULL
