from datetime import timedelta

import pytest

from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.errors import NotFound, PermissionRefused
from foundation.events.models import OutboxMessage
from institutions.rules import Role
from payments import services
from payments.errors import (
    BillEmpty,
    BillNotFound,
    BillNotOpen,
    BillTaken,
    CashTooLittle,
    PaymentTaken,
    RefundNotDue,
    RefundOwed,
    RefundTooMuch,
)
from payments.models import Bill, LedgerEntry, PaymentAttempt, Refund
from payments.rules import AttemptState, BillState, RefundReason, RefundState
from payments.types import Charge
from tests.payments.owing import SYSTEM, Desk, balances, desk, owed, paid, person, row
from tests.payments.paying import begun

pytestmark = pytest.mark.django_db


def told(topic: str) -> list[dict[str, str]]:
    return list(OutboxMessage.objects.filter(topic=topic).order_by("pk").values_list("payload", flat=True))


def test_an_opened_bill_names_whom_and_what_it_is_of() -> None:
    place = desk()
    bill = owed(place.institution, total_fen=2_500)
    found = row(bill)
    assert (found.state, found.total_fen, found.number) == (BillState.OPEN, 2_500, bill.number)
    assert [item.title for item in found.items.all()] == ["门诊挂号"]
    assert told("bill.opened.v1") == [
        {
            "bill_id": bill.bill_id,
            "person_id": found.person_ref,
            "institution": place.institution,
            "subject_type": "tests.Thing",
            "subject_id": found.subject_id,
        }
    ]


def test_a_bill_of_nothing_is_not_opened() -> None:
    with pytest.raises(BillEmpty):
        owed(desk().institution, total_fen=0)


def test_one_subject_has_one_live_bill() -> None:
    place, who = desk(), person()

    def again() -> str:
        return services.open_bill(
            subject=("tests.Thing", "same"),
            person_pk=who,
            institution=place.institution,
            items=[Charge("门诊挂号", 100)],
            expires_at=None,
            actor=SYSTEM,
        ).bill_id

    first = again()
    with pytest.raises(BillTaken):
        again()
    services.cancel_bill(bill=first, reason=RefundReason.CANCELLED, actor=SYSTEM)
    assert again() != first


def test_cash_pays_a_bill_and_leaves_change() -> None:
    place = desk()
    bill = owed(place.institution, total_fen=1_230)
    receipt = services.pay_in_cash(bill=bill.bill_id, received_fen=2_000, actor=place.actor)
    assert receipt.change_fen == 770
    found = row(bill)
    assert (found.state, found.captured_fen) == (BillState.PAID, 1_230)
    attempt = PaymentAttempt.objects.get()
    assert (attempt.state, attempt.received_fen, attempt.taken_by) == (
        AttemptState.CAPTURED,
        2_000,
        place.account.public_id,
    )
    assert balances() == {"cash": 1_230, "income": -1_230}
    assert len(told("bill.paid.v1")) == 1


@pytest.mark.parametrize("fen", [1_199, 1_201])
def test_money_of_the_till_that_is_not_the_bill_goes_back(fen: int) -> None:
    place = desk()
    bill = owed(place.institution)
    assert not services.record_till_payment(bill=bill.bill_id, captured_fen=fen, receipt="SJ1", actor=SYSTEM)
    refund = Refund.objects.get()
    assert (refund.amount_fen, refund.reason, refund.state) == (fen, RefundReason.AMOUNT, RefundState.DUE)
    assert row(bill).state == BillState.OPEN
    assert balances() == {"till": fen, "refunds_due": -fen}


def test_a_bill_is_paid_once() -> None:
    place = desk()
    bill = paid(place)
    with pytest.raises(BillNotOpen):
        services.pay_in_cash(bill=bill.bill_id, received_fen=5_000, actor=place.actor)
    assert PaymentAttempt.objects.count() == 1


def test_too_little_cash_is_not_taken() -> None:
    place = desk()
    bill = owed(place.institution)
    with pytest.raises(CashTooLittle):
        services.pay_in_cash(bill=bill.bill_id, received_fen=1_199, actor=place.actor)
    assert row(bill).state == BillState.OPEN
    assert not PaymentAttempt.objects.exists()


def test_cashiers_take_money_for_their_own_hospital_only() -> None:
    own, other = desk(1), desk(2)
    bill = owed(own.institution)
    with pytest.raises(BillNotFound):
        services.pay_in_cash(bill=bill.bill_id, received_fen=5_000, actor=other.actor)
    nurse = desk(3, Role.NURSE)
    with pytest.raises(PermissionRefused):
        services.pay_in_cash(bill=owed(nurse.institution).bill_id, received_fen=5_000, actor=nurse.actor)


def test_a_bill_whose_time_is_over_takes_no_cash_and_expires() -> None:
    place = desk()
    bill, lasting = owed(place.institution), owed(place.institution, minutes=None)
    Bill.objects.filter(public_id=bill.bill_id).update(expires_at=clock.now() - timedelta(seconds=1))
    with pytest.raises(BillNotOpen):
        services.pay_in_cash(bill=bill.bill_id, received_fen=5_000, actor=place.actor)
    assert services.expire_bills() == 1
    assert services.expire_bills() == 0
    assert (row(bill).state, row(lasting).state) == (BillState.EXPIRED, BillState.OPEN)
    assert [event["bill_id"] for event in told("bill.expired.v1")] == [bill.bill_id]


def test_a_paid_bill_is_not_cancelled() -> None:
    bill = paid(desk())
    with pytest.raises(BillNotOpen):
        services.cancel_bill(bill=bill.bill_id, reason=RefundReason.CANCELLED, actor=SYSTEM)


def test_calling_off_cancels_the_open_and_owes_back_the_paid() -> None:
    place = desk()
    waiting, settled, gone = owed(place.institution), paid(place), owed(place.institution)
    services.cancel_bill(bill=gone.bill_id, reason=RefundReason.CANCELLED, actor=SYSTEM)
    bills = [bill.bill_id for bill in (waiting, settled, gone)]
    assert services.call_off_bills(bills=bills, reason=RefundReason.STOPPED, actor=SYSTEM) == 1
    assert services.call_off_bills(bills=bills, reason=RefundReason.STOPPED, actor=SYSTEM) == 0
    assert row(waiting).state == BillState.CANCELLED
    refund = Refund.objects.get()
    assert (refund.bill.public_id, refund.amount_fen, refund.reason) == (
        settled.bill_id,
        settled.total_fen,
        RefundReason.STOPPED,
    )
    assert [event["bill_id"] for event in told("bill.refund_due.v1")] == [settled.bill_id]


def test_money_that_comes_too_late_is_recorded_and_owed_back() -> None:
    place = desk()
    bill = owed(place.institution)
    services.cancel_bill(bill=bill.bill_id, reason=RefundReason.CANCELLED, actor=SYSTEM)
    assert not services.record_till_payment(bill=bill.bill_id, captured_fen=1_200, receipt="T1", actor=SYSTEM)
    found = row(bill)
    assert (found.state, found.captured_fen, found.refund_fen) == (BillState.CANCELLED, 1_200, 1_200)
    assert Refund.objects.get().reason == RefundReason.LATE
    assert told("bill.paid.v1") == []


def test_a_wrong_amount_is_recorded_and_owed_back_while_the_bill_stays_open() -> None:
    place = desk()
    bill = owed(place.institution)
    assert not services.record_till_payment(bill=bill.bill_id, captured_fen=900, receipt="T1", actor=SYSTEM)
    found = row(bill)
    assert (found.state, found.refund_fen) == (BillState.OPEN, 900)
    assert Refund.objects.get().reason == RefundReason.AMOUNT


@pytest.mark.usefixtures("bank", "at")
def test_a_repeated_confirmation_changes_nothing_and_another_payment_is_refused(place: Desk) -> None:
    attempt = begun(owed(place.institution).bill_id).public_id
    said = {"attempt": attempt, "captured_fen": 1_200, "actor": SYSTEM}
    assert services.confirm_attempt(channel_ref="T1", **said)  # type: ignore[arg-type]
    before = (LedgerEntry.objects.count(), AuditEntry.objects.count(), OutboxMessage.objects.count())
    assert not services.confirm_attempt(channel_ref="T1", **said)  # type: ignore[arg-type]
    assert before == (LedgerEntry.objects.count(), AuditEntry.objects.count(), OutboxMessage.objects.count())
    with pytest.raises(PaymentTaken):
        services.confirm_attempt(channel_ref="T2", **said)  # type: ignore[arg-type]


@pytest.mark.usefixtures("bank", "at")
def test_one_payment_of_a_channel_confirms_one_attempt(place: Desk) -> None:
    first, second = (begun(owed(place.institution).bill_id).public_id for _ in range(2))
    services.confirm_attempt(attempt=first, captured_fen=1_200, channel_ref="T1", actor=SYSTEM)
    with pytest.raises(PaymentTaken):
        services.confirm_attempt(attempt=second, captured_fen=1_200, channel_ref="T1", actor=SYSTEM)


@pytest.mark.usefixtures("bank", "at")
def test_a_failed_attempt_can_still_bring_money(place: Desk) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id).public_id
    services.fail_attempt(attempt=attempt, failure="timeout", actor=SYSTEM)
    services.fail_attempt(attempt=attempt, failure="timeout", actor=SYSTEM)
    assert services.confirm_attempt(attempt=attempt, captured_fen=1_200, channel_ref="T1", actor=SYSTEM)
    assert row(bill).state == BillState.PAID
    with pytest.raises(NotFound):
        services.fail_attempt(attempt="nobody", failure="timeout", actor=SYSTEM)


def test_a_part_goes_back_and_never_more_than_came() -> None:
    place = desk()
    bill = paid(place, total_fen=1_000)
    [refund] = services.refund_bill(
        bill=bill.bill_id, amount_fen=400, reason=RefundReason.STAFF, actor=place.actor
    )
    with pytest.raises(RefundTooMuch):
        services.refund_bill(bill=bill.bill_id, amount_fen=601, reason=RefundReason.STAFF, actor=place.actor)
    assert services.hand_out_refund(refund=refund, actor=place.actor) == 400
    found = row(bill)
    assert (found.state, found.refund_fen, found.refunded_fen) == (BillState.PAID, 400, 400)
    assert len(told("bill.refunded.v1")) == 1
    with pytest.raises(RefundNotDue):
        services.hand_out_refund(refund=refund, actor=place.actor)


def test_a_refund_opened_by_mistake_is_withdrawn_and_one_that_is_owed_is_not() -> None:
    place = desk()
    bill = paid(place)
    [mistaken] = services.refund_bill(
        bill=bill.bill_id, amount_fen=200, reason=RefundReason.STAFF, actor=place.actor
    )
    services.withdraw_refund(refund=mistaken, reason="金额点错", actor=place.actor)
    assert row(bill).refund_fen == 0
    [owing] = services.refund_bill(
        bill=bill.bill_id, amount_fen=None, reason=RefundReason.STOPPED, actor=SYSTEM
    )
    assert Refund.objects.get(public_id=owing).amount_fen == bill.total_fen
    with pytest.raises(RefundOwed):
        services.withdraw_refund(refund=owing, reason="不想退", actor=place.actor)
    with pytest.raises(RefundNotDue):
        services.withdraw_refund(refund=mistaken, reason="再点一次", actor=place.actor)


def test_a_refund_is_of_its_own_hospital() -> None:
    own, other = desk(1), desk(2)
    bill = paid(own)
    with pytest.raises(BillNotFound):
        services.refund_bill(bill=bill.bill_id, amount_fen=None, reason=RefundReason.STAFF, actor=other.actor)
    [refund] = services.refund_bill(
        bill=bill.bill_id, amount_fen=None, reason=RefundReason.STAFF, actor=own.actor
    )
    with pytest.raises(NotFound):
        services.hand_out_refund(refund=refund, actor=other.actor)
    assert Refund.objects.get().state == RefundState.DUE


def test_nothing_left_to_refund_opens_nothing() -> None:
    bill = paid(desk())
    for expected in (1, 0):
        found = services.refund_bill(
            bill=bill.bill_id, amount_fen=None, reason=RefundReason.CANCELLED, actor=SYSTEM
        )
        assert len(found) == expected
