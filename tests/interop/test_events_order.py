"""Events take effect in their order, once, whatever is repeated, late or missing."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations

import pytest
import time_machine
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from cards.services.binding import link_patient
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.events import relay, repairs
from foundation.events.models import InboxMessage
from foundation.events.types import InboxState, Outcome, WaitReason
from foundation.gateway import inbound
from foundation.gateway.errors import BadEvent
from tests.cards.world import Holder
from tests.interop import hearing
from tests.interop.hearing import heard
from tests.interop.senders import event
from tests.interop.world import Place

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _wired(settings: Settings) -> Iterator[None]:
    settings.EVENT_WIRING = "tests.interop.hearing"
    hearing.asked.clear()
    yield
    hearing.asked.clear()


def tell(place: Place, seq: int, state: str = "waiting", kind: str = "test.step", thing: str = "1") -> None:
    told = event(kind, seq=seq, aggregate=f"thing:{thing}", state=state)
    inbound.accept(told, institution=place.public_id)


@pytest.mark.row("NT-01")
@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_whatever_the_order_the_effects_are_in_order(place: Place, order: tuple[int, ...]) -> None:
    for seq in order:
        tell(place, seq)
        relay.work_inbox()
    for _ in range(3):
        relay.work_inbox()
    assert heard("thing:1") == ["1 waiting", "2 waiting", "3 waiting"]
    assert not InboxMessage.objects.exclude(state=InboxState.DONE).exists()


@pytest.mark.row("NT-01")
def test_what_waits_and_is_tried_again_does_not_hold_up_what_came_later(place: Place) -> None:
    tell(place, 2, thing="1")
    relay.work_inbox()
    moment = clock.now()
    with time_machine.travel(moment + timedelta(seconds=10)):
        tell(place, 1, thing="2")
    with time_machine.travel(moment + timedelta(seconds=40)):
        relay.work_inbox(batch=1)
    assert heard("thing:2") == ["1 waiting"]


@pytest.mark.row("NT-01")
def test_the_same_number_twice_has_one_effect(place: Place) -> None:
    tell(place, 1, "waiting")
    tell(place, 1, "called")
    relay.work_inbox()
    assert heard("thing:1") == ["1 waiting"]
    assert list(InboxMessage.objects.order_by("pk").values_list("state", "outcome")) == [
        (InboxState.DONE, Outcome.APPLIED),
        (InboxState.DONE, Outcome.STALE),
    ]


@pytest.mark.row("NT-01")
def test_what_is_missing_is_asked_for_again_and_not_waited_for_for_ever(place: Place) -> None:
    tell(place, 1)
    tell(place, 3)
    relay.work_inbox()
    row = InboxMessage.objects.get(seq=3)
    assert (row.state, row.waiting_for) == (InboxState.RECEIVED, WaitReason.GAP)
    assert hearing.asked == [(row.source, "thing:1", 1)]
    with time_machine.travel(clock.now() + timedelta(seconds=119)):
        relay.work_inbox()
    assert heard("thing:1") == ["1 waiting"]
    with time_machine.travel(clock.now() + timedelta(seconds=125)):
        relay.work_inbox()
        assert heard("thing:1") == ["1 waiting", "3 waiting"]
        tell(place, 2, "called")  # too late
        relay.work_inbox()
    assert heard("thing:1") == ["1 waiting", "3 waiting"]
    assert InboxMessage.objects.get(seq=2).outcome == Outcome.STALE
    assert hearing.asked == [(row.source, "thing:1", 1)] * 2


@pytest.mark.row("NT-01")
def test_what_is_missing_is_asked_for_even_where_the_time_went_by_unused(place: Place) -> None:
    tell(place, 1)
    tell(place, 3)
    moment = clock.now() + timedelta(minutes=5)
    for _ in range(2):
        with time_machine.travel(moment):
            relay.work_inbox()
        assert heard("thing:1") == ["1 waiting"]
        moment += timedelta(seconds=31)
    assert len(hearing.asked) == 2
    with time_machine.travel(moment):
        relay.work_inbox()
    assert heard("thing:1") == ["1 waiting", "3 waiting"]


@pytest.mark.row("NT-01")
def test_what_adds_up_waits_longer_for_what_is_missing(place: Place) -> None:
    tell(place, 1)
    tell(place, 3, kind="test.adding")
    # More often than is asked for in any case.
    for hours in (1, 2, 3):
        with time_machine.travel(clock.now() + timedelta(hours=hours)):
            relay.work_inbox()
    with time_machine.travel(clock.now() + timedelta(hours=23)):
        relay.work_inbox()
        assert heard("thing:1") == ["1 waiting"]
        tell(place, 2, "called")
        relay.work_inbox()
        relay.work_inbox()
    assert heard("thing:1") == ["1 waiting", "2 called", "3 waiting"]


@pytest.mark.row("NT-01")
def test_nothing_is_waited_for_where_what_came_before_was_given_up(place: Place) -> None:
    tell(place, 1, kind="test.failing")
    tell(place, 2, kind="test.adding")
    relay.work_inbox()
    first = InboxMessage.objects.filter(seq=1)
    first.update(state=InboxState.DEAD)
    assert repairs.discard(first.get())
    with time_machine.travel(clock.now() + timedelta(seconds=40)):
        relay.work_inbox()
    assert heard("thing:1") == ["2 waiting"]


@pytest.mark.row("NT-01")
def test_what_went_ahead_and_failed_has_the_missing_asked_for_again(place: Place) -> None:
    tell(place, 1)
    tell(place, 3, kind="test.failing")
    for seconds in (0, 60):
        with time_machine.travel(clock.now() + timedelta(seconds=seconds)):
            relay.work_inbox()
    hearing.asked.clear()
    with time_machine.travel(clock.now() + timedelta(seconds=125)):
        relay.work_inbox()
    row = InboxMessage.objects.get(seq=3)
    assert (row.state, row.last_error) == (InboxState.RECEIVED, "ConnectionError")
    assert hearing.asked == [(row.source, "thing:1", 1)]


@pytest.mark.row("NT-01")
def test_what_waits_for_its_patient_is_not_hurried_by_an_earlier_event(place: Place) -> None:
    tell(place, 2)
    waiting = InboxMessage.objects.filter(seq=2)
    later = clock.now() + timedelta(hours=1)
    waiting.update(waiting_for=WaitReason.PERSON, next_attempt_at=later)
    tell(place, 1)
    relay.work_inbox()
    assert waiting.get().next_attempt_at == later


def test_what_tells_the_whole_state_waits_for_nothing(place: Place) -> None:
    tell(place, 4, kind="test.whole")
    tell(place, 2, "called", kind="test.whole")
    tell(place, 5, "served", kind="test.whole")
    relay.work_inbox()
    assert heard("thing:1") == ["4 waiting", "5 served"]
    assert hearing.asked == []


def test_things_and_hospitals_are_numbered_apart(place: Place) -> None:
    tell(place, 1, thing="a")
    tell(place, 1, thing="b")
    tell(Place(), 1, thing="a")
    relay.work_inbox()
    assert (len(heard("thing:a")), len(heard("thing:b"))) == (2, 1)


def test_a_failing_event_holds_up_the_next_one_and_no_other_thing(place: Place) -> None:
    tell(place, 1, kind="test.failing")
    tell(place, 2)
    tell(place, 1, thing="other")
    relay.work_inbox()
    assert (heard("thing:1"), heard("thing:other")) == ([], ["1 waiting"])
    assert InboxMessage.objects.get(seq=2).waiting_for == WaitReason.TURN
    assert InboxMessage.objects.get(topic="test.failing").last_error == "ConnectionError"
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        relay.work_inbox()
        relay.work_inbox()
    assert heard("thing:1") == ["2 waiting"]


def test_waiting_is_no_failure(place: Place) -> None:
    tell(place, 1, kind="test.failing")
    tell(place, 2)
    moment = clock.now()
    for _ in range(40):
        moment += timedelta(seconds=31)
        with time_machine.travel(moment, tick=False):
            relay.work_inbox()
    row = InboxMessage.objects.get(seq=2)
    assert (row.state, row.attempts > relay.MAX_ATTEMPTS) == (InboxState.RECEIVED, True)


# Whom it is about


def about(place: Place, seq: int = 1, **patient: str) -> None:
    told = event("test.about", seq=seq, aggregate="thing:1", patient=patient)
    inbound.accept(told, institution=place.public_id)


@pytest.mark.row("HI-05")
def test_a_patient_is_found_by_card_number(place: Place, who: Holder) -> None:
    number = who.card.numbers.get().value
    about(place, health_card_id=number.lower())
    relay.work_inbox()
    assert heard(who.card.person.public_id) == [""]


@pytest.mark.row("HI-05")
def test_an_event_about_somebody_unknown_waits_until_the_hospital_says_who_it_is(
    place: Place, who: Holder, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    about(place, patient_id="P-77")
    about(place, seq=2, patient_id="P-77")
    relay.work_inbox()
    rows = InboxMessage.objects.filter(state=InboxState.RECEIVED, waiting_for=WaitReason.PERSON)
    assert rows.count() == 2
    hospital = Actor(kind=ActorKind.CLIENT, id=place.client, institution=place.public_id)
    with django_capture_on_commit_callbacks(execute=True):
        link_patient(card_pk=who.card.pk, patient_id="P-77", actor=hospital)
    relay.work_inbox()
    assert heard(who.card.person.public_id) == ["", ""]


def test_another_hospitals_number_of_a_patient_is_nobodys_here(
    place: Place, who: Holder, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    other = Place()
    hospital = Actor(kind=ActorKind.CLIENT, id=other.client, institution=other.public_id)
    link_patient(card_pk=who.card.pk, patient_id="P-77", actor=hospital)
    about(place, patient_id="P-77")
    relay.work_inbox()
    assert InboxMessage.objects.get().waiting_for == WaitReason.PERSON


def test_somebody_who_stays_unknown_is_left_to_staff_in_the_end(place: Place) -> None:
    about(place, patient_id="P-78")
    moment = clock.now()
    for _ in range(90):
        with time_machine.travel(moment, tick=False):
            relay.work_inbox()
        moment += timedelta(days=1)
    row = InboxMessage.objects.get()
    assert (row.state, row.last_error) == (InboxState.DEAD, "PersonStillUnknown")


def test_an_event_that_has_to_name_a_patient_is_refused_without(place: Place) -> None:
    with pytest.raises(BadEvent) as refused:
        inbound.accept(event("test.about"), institution=place.public_id)
    assert refused.value.field == "data.patient"
