"""A hospital's system asked over HTTP to post what was paid: every way it can answer, or not answer."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from foundation.events import relay
from institutions.rules import Role
from interop.his import client, posting
from interop.his.models import Offer
from payments import services
from payments.models import Refund, WriteBack, WriteBackState
from payments.selectors.books import check_books
from payments.types import BillRef
from tests.institutions import people
from tests.interop.his_world import CODE, Played, played
from tests.payments.owing import Desk, desk, row
from tests.payments.posting import charged, owed_back, paid_at, waited_out, write_back
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("HI-03")]


@pytest.fixture(autouse=True)
def _at_home(settings: Settings) -> None:
    settings.DEMO = True


@pytest.fixture(autouse=True)
def _books_hold(db: None) -> Iterator[None]:
    yield
    assert check_books() == []


@pytest.fixture
def place(db: None, sandbox: Sandbox) -> Played:
    return played(sandbox)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    # Less than a silent hospital takes, and more than one that answers.
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 3.0)


def paid(place: Played, number: str = "MZ1") -> BillRef:
    return paid_at(counter(place), number=number)


def counter(place: Played) -> Desk:
    where = place.where.public_id
    return Desk(where, people.staff(Role.WINDOW_CLERK, where))


def work(bill: BillRef, times: int = 1) -> WriteBack:
    for _ in range(times):
        posting.work(write_back=write_back(bill).public_id)
    return write_back(bill)


def kept(place: Played) -> dict[str, str]:
    """How payments stand in the hospital, by bill."""
    said = place.sandbox.show("his/payments", hospital=CODE)["payments"].values()
    return {each["bill_no"]: each["state"] for each in said}


def test_a_payment_is_posted_under_its_own_number(place: Played) -> None:
    bill = paid(place)
    assert work(bill).state == WriteBackState.POSTED
    assert row(bill).receipt == f"SJ{CODE}000001"
    work(bill, 2)
    assert place.calls("/payments") == 1


def test_it_is_waited_for_as_soon_as_the_payment_is_told_inside(place: Played) -> None:
    bill = charged(place.where.public_id)
    services.pay_in_cash(bill=bill.bill_id, received_fen=1_200, actor=counter(place).actor)
    for _ in range(2):
        relay.expand()
        relay.deliver()
    assert (write_back(bill).state, write_back(bill).returns) == (WriteBackState.WAITING, True)
    assert work(bill).state == WriteBackState.POSTED


def test_a_time_out_after_posting_ends_in_settled(place: Played, impatient: None) -> None:
    bill = paid(place, "MZ-HUSH-1")
    assert work(bill).state == WriteBackState.WAITING
    assert write_back(bill).failure == "no_answer"
    assert kept(place) == {"MZ-HUSH-1": "posted"}
    # It is asked what it knows, and not to post again.
    assert work(bill).state == WriteBackState.POSTED
    assert owed_back(bill) == 0
    assert row(bill).receipt


def test_a_time_out_before_posting_ends_in_refunded(place: Played) -> None:
    bill = paid(place)
    place.sandbox.fault("his", "outage")
    assert work(bill, 3).state == WriteBackState.WAITING
    waited_out(bill)
    found = work(bill)
    assert (found.state, found.cause, owed_back(bill)) == (WriteBackState.RETURNED, "silent", 1_200)
    assert Refund.objects.count() == 1
    # Back again, the hospital is told to hold nothing of it, and would refuse a posting that was under way.
    place.sandbox.repair()
    assert work(bill).next_ask_at is None
    assert kept(place) == {"MZ1": "refused"}


def test_what_was_posted_unheard_is_found_at_the_end_of_the_time(place: Played, impatient: None) -> None:
    bill = paid(place, "MZ-HUSH-1")
    work(bill)
    waited_out(bill)
    assert work(bill).state == WriteBackState.POSTED
    assert owed_back(bill) == 0


def test_a_refusal_ends_in_refunded_at_once(place: Played) -> None:
    bill = paid(place, "MZ-NO-1")
    found = work(bill)
    assert (found.state, found.cause, found.refusal) == (WriteBackState.RETURNED, "refused", "BILL_CLOSED")
    assert owed_back(bill) == 1_200


def test_one_that_is_under_way_there_is_waited_for(place: Played) -> None:
    bill = paid(place, "MZ-LATE-1")
    assert work(bill).failure == "pending"
    assert work(bill).state == WriteBackState.WAITING
    assert work(bill).state == WriteBackState.POSTED


def test_a_posting_that_the_hospital_does_not_take_back_is_a_difference(
    place: Played, impatient: None
) -> None:
    bill = paid(place, "MZ-HUSH-KEEP-1")
    work(bill)
    place.sandbox.fault("his", "outage")
    waited_out(bill)
    assert work(bill).state == WriteBackState.RETURNED
    place.sandbox.repair()
    found = work(bill)
    assert (found.state, owed_back(bill)) == (WriteBackState.DIFFERENT, 1_200)
    assert found.receipt


def test_an_answer_that_makes_no_sense_is_no_answer(place: Played) -> None:
    bill = paid(place)
    place.sandbox.fault("his", "garbage")
    assert work(bill).state == WriteBackState.WAITING
    place.sandbox.repair()
    assert work(bill).state == WriteBackState.POSTED


def test_a_hospital_without_that_interface_is_reminded_and_calls_itself(sandbox: Sandbox) -> None:
    without = played(sandbox, offers=(Offer.EVENTS.value,))
    bill = paid(without)
    work(bill, 2)
    assert write_back(bill).asked == 2
    waited_out(bill)
    assert work(bill).state == WriteBackState.RETURNED
    assert work(bill).next_ask_at is None


def test_money_of_another_desk_is_not_touched(place: Played) -> None:
    other: Desk = desk()
    mine, theirs = paid(place, "MZ-NO-1"), charged(other.institution, number="MZ-NO-1")
    work(mine)
    assert row(theirs).refund_fen == 0
