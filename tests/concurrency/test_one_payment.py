"""Two cashiers take the money for one bill at once, it runs out meanwhile, two give one refund out.

Each with the guard, and without it.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.db.models import F

from foundation.core import clock
from foundation.core.actor import Actor
from payments import ledger, services
from payments.errors import BillNotOpen, RefundNotDue, RefundTooMuch
from payments.models import Bill, LedgerEntry, PaymentAttempt, Refund
from payments.providers.cash import CASH
from payments.rules import App, AttemptState, BillState, Movement, RefundReason, RefundState
from payments.services import attempts, refunds, settling
from payments.services.charging import refund_by_hospital
from tests.concurrency.waiting import closing, overtaken
from tests.payments.owing import SYSTEM, Desk, desk, owed, paid

pytestmark = pytest.mark.django_db(transaction=True)


def take(place: Desk, bill: str) -> Callable[[], bool]:
    def taken() -> bool:
        try:
            services.pay_in_cash(bill=bill, received_fen=1_200, actor=place.actor)
        except BillNotOpen:
            return False
        return True

    return taken


def both_take() -> tuple[str, list[bool]]:
    place = desk()
    bill = owed(place.institution).bill_id
    got: list[bool] = []
    got.append(overtaken(first=lambda: got.append(take(place, bill)()), then=take(place, bill)))
    return bill, got


@pytest.mark.row("OP-10")
def test_one_of_two_cashiers_takes_the_money() -> None:
    bill, got = both_take()
    assert got == [True, False]
    assert Bill.objects.get(public_id=bill).state == BillState.PAID
    assert PaymentAttempt.objects.filter(state=AttemptState.CAPTURED).count() == 1


def believing(attempt: PaymentAttempt, captured_fen: int, channel_ref: str, actor: Actor) -> bool:
    """Decides by what was read before, and writes without asking again: the usual mistake."""
    if attempt.bill.state != BillState.OPEN:
        return False
    moment = clock.now()
    PaymentAttempt.objects.filter(pk=attempt.pk).update(
        state=AttemptState.CAPTURED, captured_fen=captured_fen, captured_at=moment, applied_at=moment
    )
    Bill.objects.filter(pk=attempt.bill_id).update(
        state=BillState.PAID, captured_fen=F("captured_fen") + captured_fen, paid_at=moment, closed_at=moment
    )
    for movement in (Movement.CAPTURE, Movement.APPLY):
        ledger.write(movement, captured_fen, attempt=attempt, at=moment)
    return True


def test_without_the_compare_and_set_both_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_capture", believing)
    bill, got = both_take()
    # The second saw the bill open before the first had committed.
    assert got == [True, True]
    assert Bill.objects.get(public_id=bill).captured_fen == 2_400


# A bill runs out while somebody pays it


def later() -> Any:
    return time_machine.travel(clock.now() + timedelta(minutes=11))


def expire() -> int:
    with later():
        return services.expire_bills()


@pytest.mark.row("OP-10")
def test_a_bill_that_is_being_paid_does_not_run_out() -> None:
    place = desk()
    bill = owed(place.institution).bill_id
    ended = overtaken(first=take(place, bill), then=expire)
    assert (ended, Bill.objects.get().state) == (0, BillState.PAID)
    assert expire() == 0


@pytest.mark.row("OP-10")
def test_a_bill_that_is_running_out_is_not_paid() -> None:
    place = desk()
    bill = owed(place.institution).bill_id
    assert overtaken(first=expire, then=take(place, bill)) is False
    assert Bill.objects.get().state == BillState.EXPIRED
    assert not PaymentAttempt.objects.exists()


def test_without_the_lock_and_the_state_the_database_keeps_a_paid_bill_from_running_out() -> None:
    place = desk()
    bill = owed(place.institution).bill_id

    def ending_what_was_read() -> int:
        with later():
            rows = list(Bill.objects.filter(state=BillState.OPEN, expires_at__lte=clock.now()))
            moment = clock.now()
            return Bill.objects.filter(pk__in=[row.pk for row in rows]).update(
                state=BillState.EXPIRED, closed_at=moment
            )

    with pytest.raises(IntegrityError):
        overtaken(first=take(place, bill), then=ending_what_was_read)
    assert Bill.objects.get().state == BillState.PAID


def test_without_the_compare_and_set_a_bill_that_ran_out_is_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_capture", believing)
    place = desk()
    bill = owed(place.institution).bill_id
    seen = Bill.objects.select_related("institution").get()
    monkeypatch.setattr(attempts, "bill_for", lambda *_args: seen)
    assert overtaken(first=expire, then=take(place, bill)) is True
    assert Bill.objects.get().state == BillState.PAID


def test_money_of_another_amount_and_a_try_at_the_window_do_not_wait_for_each_other() -> None:
    place = desk()
    bill = owed(place.institution).bill_id

    def at_the_till() -> bool:
        return services.record_till_payment(bill=bill, captured_fen=900, receipt="SJ1", actor=SYSTEM)

    with ThreadPoolExecutor(max_workers=1) as pool, transaction.atomic():
        # The try refers to the bill before it changes it; the till's money changes it and is owed back.
        settling.begin(
            bill=Bill.objects.select_related("institution").get(public_id=bill),
            parts=[settling.Part(CASH, 1_200)],
            app=App.WINDOW,
            actor=place.actor,
        )
        assert pool.submit(closing, at_the_till).result(timeout=120) is False
        assert take(place, bill)()
    assert Bill.objects.get().state == BillState.PAID
    assert Refund.objects.get().amount_fen == 900


# Refunds


def handing(place: Desk, refund: str) -> Callable[[], bool]:
    def handed() -> bool:
        try:
            services.hand_out_refund(refund=refund, actor=place.actor)
        except (RefundNotDue, IntegrityError):
            return False
        return True

    return handed


def test_one_refund_is_given_out_once() -> None:
    place = desk()
    bill = paid(place)
    [refund] = services.refund_bill(
        bill=bill.bill_id, amount_fen=None, reason=RefundReason.STAFF, actor=place.actor
    )
    got: list[bool] = []
    got.append(overtaken(first=lambda: got.append(handing(place, refund)()), then=handing(place, refund)))
    assert got == [True, False]
    assert LedgerEntry.objects.filter(kind="refund_paid").count() == 2


def test_without_the_compare_and_set_the_database_refuses_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    def believing_what_was_read(row: Refund, state: RefundState, _states: object, **more: Any) -> datetime:
        if row.state != RefundState.DUE:
            raise RefundNotDue
        moment = clock.now()
        Refund.objects.filter(pk=row.pk).update(state=state, ended_at=moment, **more)
        return moment

    monkeypatch.setattr(refunds, "_end", believing_what_was_read)
    place = desk()
    bill = paid(place)
    # Another refund of the bill is owed, so that its sums leave room for one that is paid twice.
    [refund, _other] = [
        services.refund_bill(bill=bill.bill_id, amount_fen=300, reason=RefundReason.STAFF, actor=place.actor)[
            0
        ]
        for _ in range(2)
    ]
    got: list[bool] = []
    got.append(overtaken(first=lambda: got.append(handing(place, refund)()), then=handing(place, refund)))
    assert got == [True, False]
    assert LedgerEntry.objects.filter(kind="refund_paid", refund__public_id=refund).count() == 2


def test_a_refund_of_the_till_and_one_of_the_window_do_not_wait_for_each_other() -> None:
    place = desk()
    bill = paid(place)
    attempt = PaymentAttempt.objects.select_related("leg").get()
    [told, handed] = [
        services.refund_bill(bill=bill.bill_id, amount_fen=300, reason=RefundReason.STAFF, actor=place.actor)[
            0
        ]
        for _ in range(2)
    ]

    def by_the_till() -> list[str]:
        return refund_by_hospital(bill=bill.bill_id, number="TF1", amount_fen=300, is_done=True, actor=SYSTEM)

    # Who gives out holds the settlement and then the bill; the till's word comes in between.
    given = overtaken(first=lambda: settling.hold(attempt), then=by_the_till, rest=handing(place, handed))
    assert given == [told]
    assert Bill.objects.get().refunded_fen == 600


def test_two_refunds_at_once_give_no_more_than_came() -> None:
    place = desk()
    bill = paid(place, total_fen=1_000)

    def half() -> bool:
        try:
            services.refund_bill(
                bill=bill.bill_id, amount_fen=600, reason=RefundReason.STAFF, actor=place.actor
            )
        except RefundTooMuch:
            return False
        return True

    got: list[bool] = []
    got.append(overtaken(first=lambda: got.append(half()), then=half))
    assert got == [True, False]
    assert Bill.objects.get(public_id=bill.bill_id).refund_fen == 600
