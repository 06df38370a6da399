"""Deciding about differences: by two people, once, and the books hold."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from pytest_django import Settings

from foundation.core.actor import Actor
from foundation.core.errors import DomainError, NotFound, PermissionRefused
from institutions.rules import Role
from payments.errors import (
    ActNotOpen,
    BillNotFound,
    DifferenceSettled,
    PostingDecided,
    SecondPersonNeeded,
    SuspenseSettled,
)
from payments.models import (
    Channel,
    Difference,
    PaymentAttempt,
    Refund,
    Suspense,
    SuspenseState,
    WriteBack,
    WriteBackState,
)
from payments.providers.base import RefundSaid
from payments.providers.errors import ChannelRefused
from payments.reconciliation.rules import Act, DifferenceState, ItemKind, Step
from payments.rules import AttemptState, BillState, RefundState
from payments.selectors.books import check_books
from payments.selectors.health import health_of
from payments.selectors.timeline import timeline_of
from payments.services import adjusting, posting, reconciling_now, returning
from payments.services.differences import MATCHING
from tests.institutions import people
from tests.payments.bank import CODE, Bank, Ledger, unsure
from tests.payments.owing import SYSTEM, Desk, balances, desk, owed, row
from tests.payments.paying import begun, channel, tell
from tests.payments.stating import (
    DAY,
    NEXT,
    NOON,
    booked,
    fetch,
    hand_in,
    line,
    live,
    paid_online,
    refund_line,
    refunded,
    state,
)

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-10")]


@pytest.fixture(autouse=True)
def bank(settings: Settings) -> Iterator[Ledger]:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    Bank.books = Ledger()
    with time_machine.travel(NOON):
        yield Bank.books
        assert check_books() == []


@pytest.fixture
def place() -> Desk:
    return desk(role=Role.INSTITUTION_ADMIN)


@pytest.fixture
def at(place: Desk) -> Channel:
    return channel(place.institution)


@pytest.fixture
def first(place: Desk) -> Actor:
    return place.actor


@pytest.fixture
def second(place: Desk) -> Actor:
    return people.actor(people.staff(Role.INSTITUTION_ADMIN, place.institution, username="second"))


def the_difference() -> Difference:
    return Difference.objects.get(state__in=("open", "proposed", "approved"))


def decided(act: Act, first: Actor, second: Actor, **more: str) -> Difference:
    """What one proposed and the other approved."""
    found = the_difference().public_id
    adjusting.propose(difference=found, act=act, reason="核对无误", actor=first, **more)
    adjusting.approve(difference=found, reason="同意", actor=second)
    return Difference.objects.get(public_id=found)


def carry_out() -> None:
    Difference.objects.filter(next_try_at__isnull=False).update(next_try_at=NOON)
    for difference in adjusting.due_returns():
        adjusting.carry_out_return(difference=difference, actor=MATCHING)


def test_a_payment_is_confirmed_from_the_statement(
    at: Channel, bank: Ledger, first: Actor, second: Actor
) -> None:
    bill = owed(at.institution.public_id)
    state(bank, DAY, line(begun(bill.bill_id)))
    fetch(at, DAY)
    done = decided(Act.CONFIRM, first, second)
    assert (done.state, done.proposed_by, done.approved_by) == (DifferenceState.DONE, first.id, second.id)
    assert [step.kind for step in done.steps.all()] == [Step.FOUND, Step.PROPOSED, Step.APPROVED, Step.DONE]
    assert row(bill).state == BillState.PAID
    fetch(at, DAY, NEXT)
    assert live() == []


def test_nobody_approves_what_they_proposed(at: Channel, first: Actor) -> None:
    tell(at, {"number": "elsewhere", "amount_fen": 700, "channel_ref": "B9"})
    reconciling_now.reconcile_now(actor=SYSTEM)
    found = the_difference().public_id
    adjusting.propose(difference=found, act=Act.RETURN, reason="退回", actor=first)
    with pytest.raises(SecondPersonNeeded):
        adjusting.approve(difference=found, reason="同意", actor=first)
    assert the_difference().state == DifferenceState.PROPOSED
    # Not by whoever writes to the table either.
    with pytest.raises(IntegrityError), transaction.atomic():
        Difference.objects.update(approved_by=first.id)


def test_money_of_nobody_goes_back_to_who_paid(
    at: Channel, bank: Ledger, first: Actor, second: Actor
) -> None:
    tell(at, {"number": "elsewhere", "amount_fen": 700, "channel_ref": "B9"})
    reconciling_now.reconcile_now(actor=SYSTEM)
    bank.lost["refund"] = unsure()
    assert decided(Act.RETURN, first, second).state == DifferenceState.APPROVED
    carry_out()  # the bank has acted, and nobody heard of it
    assert Suspense.objects.get().state == SuspenseState.OPEN
    carry_out()
    carry_out()
    kept = Suspense.objects.get()
    assert (kept.state, kept.decided_by) == (SuspenseState.RETURNED, MATCHING.id)
    assert Difference.objects.get().state == DifferenceState.DONE
    assert [(one.number, one.payment_number) for one in bank.refunds.values()] == [
        (kept.public_id, "elsewhere")
    ]
    assert balances() == {}


def test_what_a_channel_refuses_to_send_back_is_open_again(
    at: Channel, bank: Ledger, first: Actor, second: Actor
) -> None:
    tell(at, {"number": "elsewhere", "amount_fen": 700, "channel_ref": "B9"})
    reconciling_now.reconcile_now(actor=SYSTEM)
    bank.down["refund"] = ChannelRefused(CODE, "closed")
    decided(Act.RETURN, first, second)
    carry_out()
    found = the_difference()
    assert (found.state, found.steps.last().kind) == (DifferenceState.OPEN, Step.FAILED)  # type: ignore[union-attr]
    assert Suspense.objects.get().sent_at is None
    decided(Act.RETURN, first, second)
    carry_out()
    assert balances() == {}


def test_a_return_that_got_stuck_is_returned_and_never_allocated(
    at: Channel, bank: Ledger, first: Actor, second: Actor
) -> None:
    bill = owed(at.institution.public_id, total_fen=700)
    tell(at, {"number": "elsewhere", "amount_fen": 700, "channel_ref": "B9"})
    reconciling_now.reconcile_now(actor=SYSTEM)
    bank.refund_answer = RefundSaid.ABNORMAL
    decided(Act.RETURN, first, second)
    carry_out()
    assert the_difference().state == DifferenceState.OPEN
    with pytest.raises(SuspenseSettled):
        decided(Act.ALLOCATE, first, second, bill=bill.number)
    adjusting.refuse(difference=the_difference().public_id, reason="款项在途", actor=second)
    bank.refund_states[Suspense.objects.get().public_id] = RefundSaid.DONE
    decided(Act.RETURN, first, second)
    carry_out()
    assert (Suspense.objects.get().state, balances()) == (SuspenseState.RETURNED, {})


def test_money_of_nobody_is_a_bills_after_all_and_goes_back_as_it_came(
    at: Channel, bank: Ledger, first: Actor, second: Actor
) -> None:
    bill = owed(at.institution.public_id, total_fen=700)
    tell(at, {"number": "elsewhere", "amount_fen": 700, "channel_ref": "B9"})
    reconciling_now.reconcile_now(actor=SYSTEM)
    with pytest.raises(BillNotFound):
        decided(Act.ALLOCATE, first, second, bill="000000000000")
    decided(Act.ALLOCATE, first, second, bill=bill.number)
    assert row(bill).state == BillState.PAID
    assert balances() == {CODE: 700, "income": -700}
    # No notice was awaited for it.
    assert [health.started for health in health_of([at], since=NOON - timedelta(hours=1))] == [0]
    attempt = PaymentAttempt.objects.get(state=AttemptState.CAPTURED)
    refunded(attempt, 700)
    # The bank knows the payment by the number under which it came.
    assert [one.payment_number for one in bank.refunds.values()] == ["elsewhere"]
    state(bank, DAY, line(attempt, number="elsewhere", channel_ref="B9"))
    fetch(at, DAY)
    assert live() == []


def test_a_refund_made_at_the_channel_itself_is_recorded(
    at: Channel, bank: Ledger, first: Actor, second: Actor
) -> None:
    attempt = paid_online(at, bank)
    given = refunded(attempt, 300)
    made = refund_line(given, refund_number="console-1", refund_ref="R9", amount_fen=200)
    state(bank, DAY, line(attempt), refund_line(given), made)
    fetch(at, DAY)
    decided(Act.RECORD_REFUND, first, second)
    assert Refund.objects.filter(state=RefundState.PAID, channel_ref="R9", amount_fen=200).exists()
    assert balances() == {CODE: 700, "income": -700}


def test_a_refund_that_failed_is_sent_again(at: Channel, bank: Ledger, first: Actor, second: Actor) -> None:
    attempt = paid_online(at, bank)
    bank.refund_answer = RefundSaid.ABNORMAL
    refund = refunded(attempt, 300)
    reconciling_now.reconcile_now(actor=SYSTEM)
    decided(Act.SEND_AGAIN, first, second)
    bank.refund_states[refund.public_id] = RefundSaid.DONE
    returning.send_refund(refund=refund.public_id)
    refund.refresh_from_db()
    assert refund.state == RefundState.PAID


def test_a_fee_is_booked_and_not_found_again(at: Channel, bank: Ledger, first: Actor, second: Actor) -> None:
    Channel.objects.filter(pk=at.pk).update(fee_rate=600)
    at.refresh_from_db()
    state(bank, DAY, line(paid_online(at, bank), fee_fen=20))
    fetch(at, DAY)
    decided(Act.BOOK_FEE, first, second)
    fetch(at, DAY)
    assert live() == []


@pytest.mark.row("HI-06")
def test_what_the_hospital_gave_back_is_given_back_by_the_channel(
    place: Desk, at: Channel, bank: Ledger, first: Actor, second: Actor
) -> None:
    attempt = paid_online(at, bank)
    back = booked(attempt, kind=ItemKind.REFUND, amount_fen=500, refund_ref="TF1")
    hand_in(place.institution, DAY, booked(attempt), back)
    decided(Act.OPEN_REFUND, first, second)
    refund = Refund.objects.get()
    assert (refund.amount_fen, refund.hospital_ref, refund.state) == (500, "TF1", RefundState.DUE)
    returning.send_refund(refund=refund.public_id)
    assert sum(one.amount_fen for one in bank.refunds.values()) == 500
    hand_in(place.institution, NEXT)
    assert live() == []
    assert row_of(attempt) == 700
    steps = [step.what for step in timeline_of(bill=attempt.bill, actor=first)]
    assert steps.index("对账发现差异") < steps.index("对账差异已处理") < steps.index("退款完成")


@pytest.mark.row("HI-04")
def test_what_the_hospital_has_not_posted_goes_back_unless_it_posts_it_meanwhile(
    at: Channel, bank: Ledger, first: Actor, second: Actor
) -> None:
    lost, late = (paid_online(at, bank, reference=f"MZ{number}") for number in range(2))
    for attempt in (lost, late):
        posting.begin_write_back(bill=attempt.bill.public_id, is_reachable=True)
    with time_machine.travel(NOON + timedelta(minutes=31)):
        reconciling_now.reconcile_now(actor=SYSTEM)
        found = {row.bill_id: row.public_id for row in Difference.objects.all()}
        for difference in found.values():
            adjusting.propose(difference=difference, act=Act.OPEN_REFUND, reason="医院没有", actor=first)
        posting.confirm_posting(bill=late.bill.public_id, receipt="SJ1", amount_fen=1_200, actor=SYSTEM)
        with pytest.raises(PostingDecided):
            adjusting.approve(difference=found[late.bill_id], reason="同意", actor=second)
        adjusting.approve(difference=found[lost.bill_id], reason="同意", actor=second)
        reconciling_now.reconcile_now(actor=SYSTEM)
    assert Refund.objects.get().bill == lost.bill
    assert WriteBack.objects.get(bill=lost.bill).state == WriteBackState.RETURNED
    assert Difference.objects.get(bill=late.bill).state == DifferenceState.HEALED


def test_a_return_by_a_channel_that_nobody_knows_any_more_is_open_again(
    at: Channel, bank: Ledger, first: Actor, second: Actor, settings: Settings
) -> None:
    tell(at, {"number": "elsewhere", "amount_fen": 700, "channel_ref": "B9"})
    reconciling_now.reconcile_now(actor=SYSTEM)
    decided(Act.RETURN, first, second)
    known = settings.PAYMENT_PROVIDERS
    settings.PAYMENT_PROVIDERS = known[:-1]
    carry_out()
    assert (the_difference().state, bank.refunds) == (DifferenceState.OPEN, {})
    settings.PAYMENT_PROVIDERS = known
    decided(Act.RETURN, first, second)
    carry_out()
    assert balances() == {}


def row_of(attempt: PaymentAttempt) -> int:
    attempt.bill.refresh_from_db()
    return attempt.bill.captured_fen - attempt.bill.refunded_fen


def test_a_proposal_is_sent_back_and_a_decided_difference_stays(
    at: Channel, first: Actor, second: Actor
) -> None:
    tell(at, {"number": "elsewhere", "amount_fen": 700, "channel_ref": "B9"})
    reconciling_now.reconcile_now(actor=SYSTEM)
    found = the_difference().public_id
    with pytest.raises(ActNotOpen):
        adjusting.propose(difference=found, act=Act.CONFIRM, reason="确认", actor=first)
    adjusting.propose(difference=found, act=Act.RETURN, reason="退回", actor=first)
    with pytest.raises(DifferenceSettled):
        adjusting.propose(difference=found, act=Act.RETURN, reason="退回", actor=second)
    adjusting.refuse(difference=found, reason="再查", actor=second)
    with pytest.raises(DifferenceSettled):
        adjusting.approve(difference=found, reason="同意", actor=second)
    # Somebody's money is not dismissed.
    with pytest.raises(ActNotOpen):
        adjusting.dismiss(difference=found, reason="不管", actor=first)


def test_what_needs_nothing_is_dismissed_with_a_reason_and_stays_so(
    at: Channel, bank: Ledger, first: Actor
) -> None:
    attempt = paid_online(at, bank)
    state(bank, DAY, line(attempt), line(attempt))
    fetch(at, DAY)
    adjusting.dismiss(difference=the_difference().public_id, reason="渠道重复列示", actor=first)
    fetch(at, DAY)
    assert Difference.objects.get().state == DifferenceState.DISMISSED


def test_an_amount_that_differs_is_written_off_by_two_people_and_by_no_one_alone(
    at: Channel, bank: Ledger, first: Actor, second: Actor
) -> None:
    attempt = paid_online(at, bank)
    state(bank, DAY, line(attempt, amount_fen=1_100))
    fetch(at, DAY)
    with pytest.raises(ActNotOpen):
        adjusting.dismiss(difference=the_difference().public_id, reason="算了", actor=first)
    before = balances()
    done = decided(Act.WRITE_OFF, first, second)
    assert (done.state, balances()) == (DifferenceState.DONE, before)
    fetch(at, DAY)
    assert live() == []


def test_others_than_the_institutions_own_staff_decide_nothing(at: Channel, first: Actor) -> None:
    tell(at, {"number": "elsewhere", "amount_fen": 700, "channel_ref": "B9"})
    reconciling_now.reconcile_now(actor=SYSTEM)
    found = the_difference().public_id
    stranger = desk(2, Role.INSTITUTION_ADMIN).actor
    cashier = people.actor(people.staff(Role.WINDOW_CLERK, at.institution.public_id, username="cash"))
    with pytest.raises(NotFound):
        adjusting.propose(difference=found, act=Act.RETURN, reason="退回", actor=stranger)
    with pytest.raises(PermissionRefused):
        adjusting.propose(difference=found, act=Act.RETURN, reason="退回", actor=cashier)


def test_what_cannot_be_carried_out_is_refused_and_nothing_of_it_stands(
    at: Channel, bank: Ledger, first: Actor, second: Actor
) -> None:
    bill = owed(at.institution.public_id)
    attempt = begun(bill.bill_id)
    state(bank, DAY, line(attempt))
    fetch(at, DAY)
    found = the_difference().public_id
    adjusting.propose(difference=found, act=Act.CONFIRM, reason="确认", actor=first)
    # Meanwhile another payment came for it.
    tell(at, {"number": attempt.public_id, "amount_fen": 1_200, "channel_ref": "other"})
    with pytest.raises(DomainError):
        adjusting.approve(difference=found, reason="同意", actor=second)
    assert Difference.objects.get(public_id=found).state == DifferenceState.PROPOSED
