"""What the end of a booking does to its row and to its place; part of the commands that end it."""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from appointments.errors import BookingStateConflict
from appointments.models import Booking, ReturnedPlace
from appointments.rules import BookingState, EndReason
from appointments.selectors import offers
from appointments.types import Terms
from foundation.core import clock


def end_booking(*, row: Booking, state: BookingState, reason: EndReason) -> None:
    """Set a booking that is still to come to a final state, in the caller's transaction.

    Raises:
        BookingStateConflict: Somebody else was faster.
    """
    ended = Booking.objects.filter(pk=row.pk, state=row.state).update(
        state=state, end_reason=reason, ended_at=clock.now(), held_until=None
    )
    if not ended:
        row.refresh_from_db(fields=["state"])
        raise BookingStateConflict(state=row.get_state_display())


def give_back(*, row: Booking, terms: Terms) -> None:
    """Let the number of a booking that ended come back after a random time."""
    moment = clock.now()
    if row.slot.starts_at > moment:
        ReturnedPlace.objects.create(
            slot_id=row.slot_id, number=row.number, returns_at=moment + _delay(terms)
        )


def give_back_many(*, rows: Iterable[Booking]) -> None:
    """Let the numbers of bookings that ended come back, each after its own random time."""
    moment = clock.now()
    terms = {row.institution_id: offers.terms_of(row.institution_id) for row in rows}
    ReturnedPlace.objects.bulk_create(
        [
            ReturnedPlace(
                slot_id=row.slot_id,
                number=row.number,
                returns_at=moment + _delay(terms[row.institution_id]),
            )
            for row in rows
            if row.slot.starts_at > moment
        ],
        ignore_conflicts=True,
    )


def _delay(terms: Terms) -> timedelta:
    """Between the two limits of the institution, to the second."""
    least, most = terms.return_least_minutes * 60, terms.return_most_minutes * 60
    return timedelta(seconds=least + secrets.randbelow(most - least + 1))
