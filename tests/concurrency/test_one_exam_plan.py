"""Two sets of examinations of one person are booked at the same moment, each right by itself."""

from collections.abc import Callable

import pytest

from appointments.errors import ExamPlanBroken
from appointments.models import Booking
from appointments.rules import LIVE_STATES
from appointments.services import exams
from foundation.core import locks
from tests.appointments.booking import Resident, resident
from tests.appointments.examining import examining
from tests.concurrency.waiting import overtaken

pytestmark = [pytest.mark.row("OP-09"), pytest.mark.django_db(transaction=True)]


def booking(who: Resident, order: str, slot: str) -> Callable[[], bool]:
    def booked() -> bool:
        try:
            exams.book_exams(slots={order: slot}, patient=who.patient, by=who.by, actor=who.actor)
        except ExamPlanBroken:
            return False
        return True

    return booked


def both_at_once() -> list[bool]:
    """The contrast before the examination that must come first, each booked on its own."""
    place, who = examining(), resident()
    ct, us = place.orders(who.patient.person_pk, "CT", "US")
    [early], [late] = place.opens("92", 0), place.opens("91", 1)
    got: list[bool] = []
    first = booking(who, ct, early)
    got.append(overtaken(first=lambda: got.append(first()), then=booking(who, us, late)))
    return got


def test_without_the_lock_two_right_plans_are_wrong_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "hold", lambda *_words: None)
    assert both_at_once() == [True, True]


def test_the_second_sees_the_first_and_is_refused() -> None:
    assert both_at_once() == [True, False]
    assert Booking.objects.filter(state__in=LIVE_STATES).count() == 1
