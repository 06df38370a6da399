"""Whether somebody books more than they can need (号贩子), as far as the centre can tell."""

from collections.abc import Sequence
from datetime import timedelta

from appointments.models import Booking
from appointments.rules import BookingState
from appointments.selectors import offers
from cards.centre import rules_in_force
from cards.services.visits import Risk
from foundation.core import clock

_NEAR = 0.8


def risk_of(anchors: Sequence[int], *, institution_pk: int) -> Risk:
    """How far a person is over what is allowed, by their bookings everywhere and missed visits here.

    Args:
        anchors: Every anchor of the person.
    """
    moment = clock.now()
    day = clock.beijing(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    made = Booking.objects.filter(person__in=anchors, created_at__gte=day, moved_from=None)
    count = made.exclude(state=BookingState.STOPPED).count()
    limit = rules_in_force().appointments_per_card
    if count >= limit or _is_paused(anchors, institution_pk):
        return Risk.OVER
    return Risk.NEAR if count > limit * _NEAR else Risk.NONE


def _is_paused(anchors: Sequence[int], institution_pk: int) -> bool:
    terms = offers.terms_of(institution_pk)
    moment = clock.now()
    missed = Booking.objects.filter(
        person__in=anchors,
        institution=institution_pk,
        state=BookingState.MISSED,
        ended_at__gte=moment - timedelta(days=terms.missed_days),
    ).order_by("-ended_at")
    ends = list(missed.values_list("ended_at", flat=True)[: terms.missed_limit])
    newest = ends[0] if ends else None
    return (
        len(ends) >= terms.missed_limit
        and newest is not None
        and newest + timedelta(days=terms.missed_pause_days) > moment
    )
