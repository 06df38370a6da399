"""What becomes of money that was paid for a hospital's bill: posted there, or given back."""

from collections.abc import Iterator

import pytest
from django.test import Client

from foundation.audit.models import AuditEntry
from foundation.events.models import OutboxMessage
from institutions.rules import Role
from payments import services
from payments.errors import BillNotPaid, BillPosted, PostedAmountWrong, PostingDecided
from payments.models import PostingRule, Refund, WriteBack, WriteBackState
from payments.rules import RefundReason
from payments.selectors.books import check_books
from payments.services import posting, posting_desk
from payments.services.posting import Heard
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.payments.owing import SYSTEM, Desk, desk, owed, row
from tests.payments.posting import charged, owed_back, paid_at, waited_out, write_back

pytestmark = [pytest.mark.django_db, pytest.mark.row("HI-03")]


@pytest.fixture
def place() -> Desk:
    return desk()


@pytest.fixture(autouse=True)
def _books_hold(db: None) -> Iterator[None]:
    yield
    assert check_books() == []


def confirm(bill: str, receipt: str = "SJ1", amount_fen: int = 1_200) -> Heard:
    return posting.confirm_posting(bill=bill, receipt=receipt, amount_fen=amount_fen, actor=SYSTEM)


def test_what_the_hospital_posted_is_settled_and_a_repeat_changes_nothing(place: Desk) -> None:
    bill = paid_at(place)
    assert confirm(bill.bill_id) is Heard.POSTED
    assert confirm(bill.bill_id) is Heard.POSTED
    assert (write_back(bill).state, row(bill).receipt) == (WriteBackState.POSTED, "SJ1")
    assert posting.begin_write_back(bill=bill.bill_id, is_reachable=True) == write_back(bill).public_id
    assert AuditEntry.objects.filter(action="bill.posted").count() == 1
    with pytest.raises(BillPosted):
        posting.refuse_posting(bill=bill.bill_id, refusal="X", actor=SYSTEM)
    assert not Refund.objects.exists()


def test_what_the_hospital_refuses_goes_back_as_a_whole(place: Desk) -> None:
    bill = paid_at(place)
    for _ in range(2):
        assert posting.refuse_posting(bill=bill.bill_id, refusal="CLOSED", actor=SYSTEM) is Heard.RETURNED
    found = write_back(bill)
    assert (found.state, found.cause, found.refusal) == (WriteBackState.RETURNED, "refused", "CLOSED")
    assert (Refund.objects.get().amount_fen, Refund.objects.get().reason) == (1_200, RefundReason.UNPOSTED)
    assert OutboxMessage.objects.filter(topic="bill.returned.v1").count() == 1


def test_a_hospital_that_says_nothing_gives_the_money_back_when_its_time_is_over(place: Desk) -> None:
    bill = paid_at(place)
    posting.ask_again(write_back=write_back(bill).public_id, failure="no_answer")
    assert (write_back(bill).asked, write_back(bill).failure) == (1, "no_answer")
    waited_out(bill)
    asked = posting.asked_about(write_back=write_back(bill).public_id)
    assert asked is not None
    assert asked.is_over
    posting.end_waiting(write_back=asked.write_back, failure="no_answer")
    posting.end_waiting(write_back=asked.write_back, failure="no_answer")
    assert (write_back(bill).cause, owed_back(bill)) == ("silent", 1_200)
    assert Refund.objects.count() == 1


def test_a_posting_that_comes_after_the_money_went_back_is_a_difference_and_not_lost(place: Desk) -> None:
    bill = paid_at(place)
    waited_out(bill)
    posting.end_waiting(write_back=write_back(bill).public_id, failure="no_answer")
    for _ in range(2):
        assert confirm(bill.bill_id, "SJ9") is Heard.TOO_LATE
    found = write_back(bill)
    assert (found.state, found.receipt, found.ended_at) == (WriteBackState.DIFFERENT, "SJ9", None)
    assert row(bill).receipt == ""
    # The hospital takes its posting back.
    posting.refuse_posting(bill=bill.bill_id, refusal="VOID", actor=SYSTEM)
    assert write_back(bill).state == WriteBackState.CLEARED
    assert Refund.objects.count() == 1


def test_another_amount_and_an_unpaid_bill_are_refused(place: Desk) -> None:
    bill = paid_at(place)
    with pytest.raises(PostedAmountWrong):
        confirm(bill.bill_id, amount_fen=1_199)
    unpaid = charged(place.institution, number="MZ2")
    with pytest.raises(BillNotPaid):
        confirm(unpaid.bill_id)
    assert write_back(bill).state == WriteBackState.WAITING


def test_what_the_hospitals_till_took_and_what_is_no_bill_of_it_wait_for_nobody(place: Desk) -> None:
    bill = charged(place.institution)
    services.record_till_payment(bill=bill.bill_id, captured_fen=1_200, receipt="SJ1", actor=SYSTEM)
    assert posting.begin_write_back(bill=bill.bill_id, is_reachable=True) == ""
    booked = owed(place.institution)
    services.pay_in_cash(bill=booked.bill_id, received_fen=1_200, actor=place.actor)
    assert posting.begin_write_back(bill=booked.bill_id, is_reachable=True) == ""


def test_what_was_given_back_by_another_way_is_not_asked_about(place: Desk) -> None:
    bill = paid_at(place)
    services.refund_bill(bill=bill.bill_id, amount_fen=None, reason=RefundReason.HOSPITAL, actor=SYSTEM)
    assert posting.asked_about(write_back=write_back(bill).public_id) is None
    assert write_back(bill).state == WriteBackState.GONE


def test_a_hospital_that_nobody_can_tell_is_left_to_staff(place: Desk) -> None:
    bill = charged(place.institution)
    services.pay_in_cash(bill=bill.bill_id, received_fen=1_200, actor=place.actor)
    posting.begin_write_back(bill=bill.bill_id, is_reachable=False)
    waited_out(bill)
    posting.end_waiting(write_back=write_back(bill).public_id, failure="no_answer")
    assert (write_back(bill).state, owed_back(bill)) == (WriteBackState.HELD, 0)


def test_due_ones_are_leased_to_one_worker(place: Desk) -> None:
    bill = paid_at(place)
    waited_out(bill)
    assert posting.due_write_backs() == [write_back(bill).public_id]
    assert posting.due_write_backs() == []


# In the admin

LIST = "/institution/payments/writeback/"


@pytest.mark.row("FC-12")
def test_the_rule_of_an_institution_says_how_long_and_what_then(client: Client, place: Desk) -> None:
    people.at_work(client, people.staff(Role.CENTRE_ADMIN))
    address = "/admin/payments/postingrule/"
    submit(client, f"{address}add/", institution=place.institution, limit_minutes="5")
    rule = PostingRule.objects.get()
    assert (rule.limit_minutes, rule.returns) == (5, False)
    bill = paid_at(place)
    found = write_back(bill)
    assert ((found.give_up_at - found.opened_at).total_seconds() // 60, found.returns) == (5, False)
    submit(client, f"{address}{rule.public_id}/do/change/", limit_minutes="60", returns="on")
    rule.refresh_from_db()
    assert (rule.limit_minutes, rule.returns) == (60, True)
    assert AuditEntry.objects.filter(action="posting_rule.changed").count() == 2


@pytest.mark.parametrize(
    ("act", "more", "state"),
    [
        ("confirm", {"receipt": "SJ7"}, WriteBackState.POSTED),
        ("return", {}, WriteBackState.RETURNED),
        ("ask", {}, WriteBackState.WAITING),
    ],
)
def test_staff_decide_what_the_hospital_did_not(
    client: Client, place: Desk, act: str, more: dict[str, str], state: str
) -> None:
    bill = paid_at(place)
    WriteBack.objects.update(state=WriteBackState.HELD, next_ask_at=None)
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, place.institution, username="admin1"))
    assert bill.number in client.get(f"{LIST}?state=held").content.decode()
    submit(client, f"{LIST}{write_back(bill).public_id}/do/{act}/", **more)
    assert write_back(bill).state == state
    assert owed_back(bill) == (1_200 if state == WriteBackState.RETURNED else 0)


def test_a_difference_is_cleared_once_and_only_by_its_own_institution(client: Client, place: Desk) -> None:
    bill = paid_at(place)
    posting.refuse_posting(bill=bill.bill_id, refusal="X", actor=SYSTEM)
    confirm(bill.bill_id)
    address = f"{LIST}{write_back(bill).public_id}/"
    stranger = people.staff(Role.INSTITUTION_ADMIN, people.hospital(2), username="other")
    people.at_work(client, stranger)
    assert client.get(f"{address}change/").status_code == 404
    own = people.staff(Role.INSTITUTION_ADMIN, place.institution, username="admin1")
    people.at_work(client, own)
    submit(client, f"{address}do/clear/")
    assert write_back(bill).state == WriteBackState.CLEARED
    with pytest.raises(PostingDecided):
        posting_desk.clear_difference(
            write_back=write_back(bill).public_id, reason="再次", actor=people.actor(own)
        )
