"""The books: every movement balances, and nothing moves without its rows."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from foundation.core.ids import new_public_id
from payments import rules, services
from payments.errors import BillNotOpen, RefundByChannel, RefundNotDue, RefundOwed, RefundTooMuch
from payments.models import (
    Bill,
    LedgerEntry,
    PaymentAttempt,
    Refund,
    SettlementLeg,
    Suspense,
    SuspenseState,
)
from payments.providers.base import Payment, Said
from payments.rules import AttemptState, BillState, Movement, RefundReason, RefundState
from payments.services.suspense import note_unclaimed
from tests.payments.bank import CODE
from tests.payments.owing import SYSTEM, Desk, desk, owed, paid, row
from tests.payments.paying import begun, channel

pytestmark = pytest.mark.django_db


@given(st.sampled_from(Movement), st.integers(1, 10**12), st.sampled_from(["cash", "till"]))
def test_the_sides_of_every_movement_sum_to_zero(movement: Movement, amount: int, money: str) -> None:
    first, second = rules.sides(movement, amount, money=money)
    assert first.amount_fen + second.amount_fen == 0
    assert first.account != second.account


@given(st.integers(0, 10**6))
def test_a_slip_in_a_number_is_noticed(seed: int) -> None:
    number = rules.new_number()
    assert rules.is_number(number)
    place, shift = seed % len(number), 1 + seed % 9
    slipped = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not rules.is_number(slipped)


def check_now() -> None:
    """What the database checks at the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def refused(write: object) -> None:
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        write()  # type: ignore[operator]
        check_now()


def test_money_noted_on_a_bill_without_its_movement_does_not_stand() -> None:
    bill = paid(desk())
    rows = Bill.objects.filter(public_id=bill.bill_id)
    refused(lambda: rows.update(captured_fen=F("captured_fen") + 1))
    refused(lambda: rows.update(refund_fen=1))
    refused(lambda: rows.update(refund_fen=1, refunded_fen=1))


@pytest.mark.usefixtures("bank", "at")
def test_a_payment_without_its_movement_does_not_stand(place: Desk) -> None:
    bill = owed(place.institution)
    begun(bill.bill_id)
    attempts = PaymentAttempt.objects.all()
    refused(
        lambda: attempts.update(state=AttemptState.CAPTURED, captured_fen=1_200, captured_at=F("started_at"))
    )


def test_a_refund_without_its_movement_does_not_stand() -> None:
    place = desk()
    bill = paid(place)
    services.refund_bill(bill=bill.bill_id, amount_fen=5, reason=RefundReason.STAFF, actor=place.actor)
    refused(lambda: Refund.objects.update(state=RefundState.PAID, ended_at=F("opened_at")))


def test_what_was_taken_stays_taken() -> None:
    paid(desk())
    attempts, bills = PaymentAttempt.objects.all(), Bill.objects.all()
    refused(lambda: attempts.update(captured_fen=F("captured_fen") + 1))
    refused(lambda: attempts.update(state=AttemptState.FAILED, captured_fen=0, captured_at=None))
    refused(lambda: SettlementLeg.objects.update(taken_at=None))
    refused(lambda: bills.update(state=BillState.OPEN, paid_at=None))


def test_a_refund_goes_from_one_state_to_the_next_and_keeps_its_amount() -> None:
    place = desk()
    bill = paid(place)
    for _time in range(2):
        services.refund_bill(bill=bill.bill_id, amount_fen=5, reason=RefundReason.STAFF, actor=place.actor)
    refund = Refund.objects.earliest("pk")
    rows = Refund.objects.filter(pk=refund.pk)
    refused(lambda: rows.update(amount_fen=4))
    services.hand_out_refund(refund=refund.public_id, actor=place.actor)
    # The bill's sums leave room for the other one, and yet this one is not given back twice.
    refused(lambda: rows.update(state=RefundState.DUE, ended_at=None))
    refused(lambda: rows.update(state=RefundState.WITHDRAWN))


def test_money_in_suspense_stands_with_its_movement(settings: Settings) -> None:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    at = channel(desk().institution)
    said = Payment("elsewhere", Said.PAID, 700, "B9")
    note_unclaimed(channel=at, said=said, told_by="notice", actor=SYSTEM)
    check_now()
    rows = Suspense.objects.all()
    refused(lambda: rows.update(amount_fen=701))
    refused(lambda: rows.update(state=SuspenseState.RETURNED, ended_at=F("found_at")))
    refused(lambda: rows.update(state=SuspenseState.ALLOCATED, ended_at=F("found_at")))
    row = rows.get()
    row.pk, row.channel_ref, row.public_id = None, "B10", new_public_id()
    refused(lambda: row.save(force_insert=True))


def test_half_a_movement_does_not_stand() -> None:
    bill = paid(desk())
    leg = LedgerEntry.objects.filter(bill__public_id=bill.bill_id).first()
    assert leg is not None
    leg.pk, leg.movement = None, "0" * 26
    refused(lambda: leg.save(force_insert=True))


def test_a_row_of_the_ledger_is_never_changed_or_deleted() -> None:
    paid(desk())
    refused(lambda: LedgerEntry.objects.update(amount_fen=F("amount_fen") * 2))
    refused(lambda: LedgerEntry.objects.all().delete())


def test_whole_movements_of_the_application_itself_do_not_stand_without_their_bill() -> None:
    bill = row(paid(desk()))
    legs = list(LedgerEntry.objects.filter(bill=bill))
    for leg in legs:
        leg.pk, leg.movement = None, "0" * 26
    refused(lambda: LedgerEntry.objects.bulk_create(legs))


# Each by bare SQL, as whoever has the application's own sign-in to the database would try it.
TAMPERING = {
    "an unbalanced entry": "INSERT INTO payments_ledger_entry"
    " (movement, kind, institution_id, account, amount_fen, bill_id, attempt_id, refund_id, at)"
    " SELECT repeat('1', 26), kind, institution_id, account, amount_fen, bill_id, attempt_id, NULL, at"
    " FROM payments_ledger_entry LIMIT 1",
    "an entry of another amount": "UPDATE payments_ledger_entry SET amount_fen = amount_fen + 1",
    "entries of another time": "UPDATE payments_ledger_entry SET at = at - interval '1 day'",
    "no entry": "DELETE FROM payments_ledger_entry",
    "an empty ledger": "TRUNCATE payments_ledger_entry",
    "an empty ledger with its bills": "TRUNCATE payments_bill CASCADE",
}


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
def test_the_database_refuses_tampering_by_the_application_itself(statement: str) -> None:
    paid(desk())
    check_now()
    before = sorted(LedgerEntry.objects.values_list())
    with connection.cursor() as cursor:
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute(statement)
            check_now()
    assert sorted(LedgerEntry.objects.values_list()) == before


STEP_KINDS = ["cash", "till", "start", "money", "cancel", "call off", "refund", "hand out", "withdraw"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(STEP_KINDS),
        st.integers(1, 1_500),
    ),
    min_size=1,
    max_size=14,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
@pytest.mark.usefixtures("bank", "at")
def test_whatever_is_done_the_books_hold(place: Desk, steps: list[tuple[str, int]]) -> None:
    with transaction.atomic():
        bill = owed(place.institution, total_fen=1_000)
        for number, (step, amount) in enumerate(steps):
            try:
                with transaction.atomic():
                    do(place, bill.bill_id, step, amount, number)
            except (BillNotOpen, RefundByChannel, RefundTooMuch, RefundNotDue, RefundOwed):
                continue
        check_now()
        check_books(Bill.objects.get(public_id=bill.bill_id))
        transaction.set_rollback(True)


def do(place: Desk, bill: str, step: str, amount: int, number: int) -> None:
    attempts = PaymentAttempt.objects.filter(bill__public_id=bill)
    refunds = Refund.objects.filter(bill__public_id=bill).order_by("pk")
    if step == "cash":
        services.pay_in_cash(bill=bill, received_fen=1_500, actor=place.actor)
    elif step == "start":
        begun(bill)
    elif step == "till":
        services.record_till_payment(
            bill=bill,
            captured_fen=1_000 if amount % 2 else amount,
            receipt=f"SJ{number}",
            actor=SYSTEM,
        )
    elif step == "money":
        waiting = attempts.exclude(state=AttemptState.CAPTURED).first()
        if waiting is not None:
            # Confirmed twice, as channels do.
            for _ in range(2):
                services.confirm_attempt(
                    attempt=waiting.public_id,
                    captured_fen=1_000 if amount % 2 else amount,
                    channel_ref=f"T{waiting.pk}",
                    actor=SYSTEM,
                )
    elif step == "cancel":
        services.cancel_bill(bill=bill, reason=RefundReason.CANCELLED, actor=SYSTEM)
    elif step == "call off":
        services.call_off_bills(bills=[bill], reason=RefundReason.STOPPED, actor=SYSTEM)
    elif step == "refund":
        services.refund_bill(bill=bill, amount_fen=amount, reason=RefundReason.STAFF, actor=place.actor)
    elif (chosen := refunds[number % max(1, refunds.count()) :].first()) is None:
        return
    elif step == "hand out":
        services.hand_out_refund(refund=chosen.public_id, actor=place.actor)
    else:
        services.withdraw_refund(refund=chosen.public_id, reason="测试撤回", actor=place.actor)


def check_books(bill: Bill) -> None:
    entries = LedgerEntry.objects.filter(bill=bill)
    movements = entries.values("movement").annotate(sum=Sum("amount_fen")).values_list("sum", flat=True)
    assert set(movements) <= {0}
    assert bill.captured_fen >= bill.refund_fen >= bill.refunded_fen >= 0
    balance = dict(entries.values("account").annotate(sum=Sum("amount_fen")).values_list("account", "sum"))
    money = sum(balance.get(way, 0) for way in ("cash", "till", CODE))
    assert money == bill.captured_fen - bill.refunded_fen
    assert -balance.get("refunds_due", 0) == bill.refund_fen - bill.refunded_fen
    due = Refund.objects.filter(bill=bill, state=RefundState.DUE).aggregate(sum=Sum("amount_fen"))["sum"]
    assert (due or 0) == bill.refund_fen - bill.refunded_fen
    earned = -sum(entries.filter(kind="apply", account="income").values_list("amount_fen", flat=True))
    assert earned == (bill.total_fen if bill.state == BillState.PAID else 0)
    # Whatever is not settled goes back: nothing lies between.
    assert balance.get("settling", 0) == 0
    captured = PaymentAttempt.objects.filter(bill=bill).aggregate(sum=Sum("captured_fen"))["sum"]
    assert (captured or 0) == bill.captured_fen
