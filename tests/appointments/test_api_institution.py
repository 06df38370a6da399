"""What a hospital's system books, reads, cancels and asks."""

from typing import Any

import pytest

from appointments.models import Booking, Schedule
from cards.models import Card
from cards.services.binding import bind_card
from foundation.core.actor import Actor, ActorKind
from sdk.client import Client as Sdk
from tests.appointments.booking import Clinic, Resident, free, resident, rule, session
from tests.cards.test_api_institution import call, new_key
from tests.cards.world import Hospital, hospital, set_rules

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-03")]

PATH = "/api/v1/appointments"


@pytest.fixture
def here() -> Hospital:
    return hospital()


def known(who: Resident, here: Hospital) -> str:
    """A patient of the hospital's; the number of the card."""
    card = Card.objects.get(person=who.patient.person_pk)
    bind_card(card_pk=card.pk, actor=Actor(ActorKind.CLIENT, "client", institution=here.public_id))
    return str(card.numbers.get().value)


def asked(clinic: Clinic, card: str, **more: Any) -> dict[str, Any]:
    return {
        "health_card_id": card,
        "schedule_code": Schedule.objects.get(pk=clinic.schedule.pk).code,
        "starts_at": clinic.slots[0].starts_at.isoformat(),
        "booking_no": "B1",
        **more,
    }


def test_a_window_of_the_hospital_takes_a_number_and_gives_it_back(here: Hospital) -> None:
    clinic, who = session(institution=here.public_id), resident()
    card = known(who, here)
    made = call(here, PATH, asked(clinic, card, number=2), key=new_key())
    assert made.status_code == 201
    assert (made.json()["number"], made.json()["state"]) == (2, "booked")
    assert free(clinic.slot) == [1, 3]
    address = f"{PATH}/{made.json()['id']}"
    assert call(here, address, method="GET").json()["booking_no"] == "B1"
    ended = call(here, f"{address}/cancel", {"reason": "患者来电"}, key=new_key()).json()
    assert ended["state"] == "cancelled"
    assert Booking.objects.get().end_reason == "hospital"


def test_what_is_taken_or_another_hospitals_is_refused(here: Hospital) -> None:
    clinic, who = session(institution=here.public_id, capacity=1), resident()
    resident("13900001002").books(clinic.slot)
    full = call(here, PATH, asked(clinic, known(who, here)), key=new_key())
    assert (full.status_code, full.json()["code"]) == (409, "slot_full")
    elsewhere = hospital()
    booking = Booking.objects.get().public_id
    assert call(elsewhere, f"{PATH}/{booking}", method="GET").status_code == 404
    stranger = call(elsewhere, PATH, asked(clinic, known(who, here)), key=new_key())
    assert stranger.status_code == 404
    weak = hospital(scopes=("card:read",))
    assert call(weak, f"{PATH}/{booking}", method="GET").json()["code"] == "scope_missing"


def test_the_risk_of_a_booking_counts_what_was_booked_everywhere(here: Hospital) -> None:
    who = resident()
    card = known(who, here)
    set_rules(appointments_per_card=2)
    assert call(here, f"{PATH}/risk", {"health_card_id": card}, key=new_key()).json() == {
        "may_book": True,
        "level": 0,
    }
    for _ in range(2):
        clinic = session()
        rule(clinic.institution, person_day_limit=9)
        who.books(clinic.slot)
    found = call(here, f"{PATH}/risk", {"health_card_id": card}, key=new_key()).json()
    assert found == {"may_book": False, "level": 2}
    other = resident("13900001002")
    number = str(Card.objects.get(person=other.patient.person_pk).numbers.get().value)
    refused = call(here, f"{PATH}/risk", {"health_card_id": number}, key=new_key())
    assert refused.json()["code"] == "person_not_bound"


def test_the_sdk_has_a_method_for_each_call() -> None:
    for name in ("book_by_hospital", "read_booking", "cancel_booking", "check_booking_risk"):
        assert callable(getattr(Sdk, name))
