"""A place is sold once, and a limit holds, however many come in the same moment."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from appointments import errors
from appointments.models import Booking, ReturnedPlace, Slot
from appointments.selectors import offers
from appointments.selectors.standing import limit_reached, standing_of
from appointments.services import bookings, leaving
from appointments.types import BookedBy
from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from tests.appointments.booking import Clinic, Resident, free, resident, rule, session, somebody

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("OP-03")]

CALLERS = 20
PLACES = 3
SYSTEM = Actor.system("tests")
WINDOW = BookedBy(channel="window")


def at_once(deeds: Sequence[Callable[[], object]]) -> Counter[str]:
    """Do all of it in the same moment; what came of it, by name."""
    barrier = threading.Barrier(len(deeds), timeout=30)

    def one(deed: Callable[[], object]) -> str:
        try:
            barrier.wait()
            deed()
        except DomainError as exc:
            return exc.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(deeds)) as threads:
        return Counter(threads.map(one, deeds))


def unguarded(slot_pk: int, gate: threading.Barrier) -> None:
    """How it is done where nothing guards: read, look, take, save."""
    with transaction.atomic():
        slot = Slot.objects.get(pk=slot_pk)
        gate.wait()
        if not slot.free:
            raise errors.SlotFull
        slot.free = slot.free[1:]
        slot.save(update_fields=["free"])


def test_reading_first_and_saving_afterwards_sells_more_than_there_is() -> None:
    clinic = session(capacity=PLACES)
    gate = threading.Barrier(CALLERS, timeout=30)
    sold = at_once([lambda: unguarded(clinic.slots[0].pk, gate)] * CALLERS)
    assert sold["done"] > PLACES


def test_of_twenty_people_exactly_as_many_are_booked_as_there_are_places() -> None:
    clinic = session(capacity=PLACES)
    people = [somebody(f"测试{chr(0x4E00 + number)}") for number in range(CALLERS)]
    sold = at_once(
        [
            lambda one=one: bookings.book_slot(  # type: ignore[misc]
                slot=clinic.slot, patient=one, by=WINDOW, actor=SYSTEM
            )
            for one in people
        ]
    )
    assert sold == {"done": PLACES, "slot_full": CALLERS - PLACES}
    assert sorted(Booking.objects.values_list("number", flat=True)) == [1, 2, 3]
    assert free(clinic.slot) == []


def test_one_person_at_twenty_phones_books_a_session_once() -> None:
    clinic, who = session(capacity=CALLERS, bands=2), somebody()
    slots = [slot.public_id for slot in clinic.slots]
    sold = at_once(
        [
            lambda turn=turn: bookings.book_slot(  # type: ignore[misc]
                slot=slots[turn % 2], patient=who, by=WINDOW, actor=SYSTEM
            )
            for turn in range(CALLERS)
        ]
    )
    assert sold == {"done": 1, "already_booked": CALLERS - 1}
    assert sum(len(free(slot)) for slot in slots) == 2 * CALLERS - 1


def clinics(count: int) -> list[Clinic]:
    """Sessions of one hospital."""
    first = session()
    return [first, *(session(institution=first.institution) for _ in range(count - 1))]


def day_of_scalper(limit: int) -> Counter[str]:
    sessions = clinics(12)
    rule(sessions[0].institution, person_day_limit=limit, person_open_limit=99, account_day_limit=99)
    who = resident()
    return at_once([lambda clinic=clinic: who.books(clinic.slot) for clinic in sessions])  # type: ignore[misc]


def counted_first(clinic: Clinic, who: Resident, gate: threading.Barrier) -> None:
    """How a limit is kept where nothing guards it: count, look, book."""
    offer = offers.offer_of(clinic.slot)
    standing = standing_of(offer=offer, patient=who.patient, by=who.by)
    gate.wait()
    over = limit_reached(offer=offer, standing=standing)
    if over is not None:
        raise over
    bookings.book_slot(slot=clinic.slot, patient=who.patient, by=WINDOW, actor=SYSTEM)


def test_counting_first_and_booking_afterwards_passes_the_limit_of_a_day() -> None:
    sessions = clinics(12)
    rule(sessions[0].institution, person_day_limit=2, person_open_limit=99, account_day_limit=99)
    who, gate = resident(), threading.Barrier(12, timeout=30)
    sold = at_once([lambda clinic=clinic: counted_first(clinic, who, gate) for clinic in sessions])  # type: ignore[misc]
    assert sold["done"] > 2


def test_the_limit_of_a_day_holds_for_whoever_asks_everywhere_at_once() -> None:
    assert day_of_scalper(2) == {"done": 2, "person_day_limit": 10}


def test_a_booking_that_is_cancelled_and_changed_at_once_ends_once() -> None:
    clinic, who = session(bands=2, capacity=2), resident()
    ref = who.books(clinic.slot)
    other = clinic.slots[1].public_id
    done = at_once(
        [
            lambda: leaving.cancel_booking(booking=ref.booking_id, actor=who.actor),
            lambda: leaving.change_booking(booking=ref.booking_id, slot=other, actor=who.actor),
        ]
        * 4
    )
    assert done["done"] == 1
    assert ReturnedPlace.objects.count() == 1
    live = Booking.objects.filter(state="booked").count()
    assert live + len(free(other)) == 2
