"""Every kind of difference is found, once, and closes itself when the other side comes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import Model
from pytest_django import Settings

from institutions.rules import Role
from payments import services
from payments.models import Channel, Difference, DifferenceStep, Refund, StatementLine, Suspense
from payments.providers.base import Receiver, RefundSaid
from payments.reconciliation.rules import Act, DifferenceState, ItemKind, Step
from payments.rules import RefundReason
from payments.selectors.books import check_books
from payments.selectors.clearing import Sums
from payments.selectors.hospital_days import hospital_days
from payments.services import asking, posting, reconciling, reconciling_now, redirecting, returning
from payments.services.owing import owe_back
from payments.types import Charge
from tests.institutions import people
from tests.payments.bank import Bank, Ledger
from tests.payments.owing import SYSTEM, Desk, desk, owed, person
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
    return desk()


@pytest.fixture
def at(place: Desk) -> Channel:
    return channel(place.institution)


def test_what_agrees_makes_no_difference(at: Channel, bank: Ledger) -> None:
    first, second = paid_online(at, bank), paid_online(at, bank, total_fen=900)
    given = refunded(second, 400)
    state(bank, DAY, line(first), line(second), refund_line(given))
    fetch(at, DAY, NEXT)
    assert not Difference.objects.exists()


def test_a_payment_that_both_ways_of_hearing_lost(at: Channel, bank: Ledger) -> None:
    attempt = begun(owed(at.institution.public_id).bill_id)
    state(bank, DAY, line(attempt))
    fetch(at, DAY)
    assert live() == [("state", Act.CONFIRM)]
    # The channel is asked after all: the difference closes itself.
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    asking.ask_attempt(attempt=attempt.public_id)
    fetch(at, DAY)
    row = Difference.objects.get()
    assert row.state == DifferenceState.HEALED
    assert [step.kind for step in row.steps.all()] == [Step.FOUND, Step.HEALED]


def test_money_of_which_we_know_nothing_stands_in_suspense(at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    state(bank, DAY, line(attempt), line(attempt, number="elsewhere", channel_ref="B9", amount_fen=700))
    for _ in range(3):
        fetch(at, DAY, NEXT)
        reconciling_now.reconcile_now(actor=SYSTEM)
    assert live() == [("missing_local", Act.RETURN)]
    row = Difference.objects.get()
    assert row.suspense == Suspense.objects.get(channel_ref="B9", told_by="statement")
    assert DifferenceStep.objects.count() == 1


def test_a_second_payment_of_one_order_is_a_duplicate(at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    state(bank, DAY, line(attempt), line(attempt, channel_ref="other"))
    fetch(at, DAY, NEXT)
    assert live() == [("duplicate", Act.RETURN)]
    assert Suspense.objects.get().channel_ref == "other"


def test_a_line_that_stands_twice_is_a_duplicate_without_money(at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    state(bank, DAY, line(attempt), line(attempt))
    fetch(at, DAY, NEXT)
    assert live() == [("duplicate", Act.LOOK)]
    assert not Suspense.objects.exists()


def test_what_the_channel_has_not_stated_waits_one_day(at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    state(bank, DAY)
    fetch(at, DAY)
    assert live() == []  # it may have crossed midnight
    fetch(at, NEXT)
    assert live() == [("missing_channel", Act.LOOK)]
    # It was stated two days late, in a file that was amended.
    state(bank, NEXT, line(attempt))
    fetch(at, NEXT)
    assert live() == []


def test_what_crossed_midnight_is_no_difference(at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    state(bank, DAY)
    state(bank, NEXT, line(attempt))
    fetch(at, DAY, NEXT, NEXT + timedelta(days=1))
    assert not Difference.objects.exists()


def test_a_day_that_midnight_does_not_explain(at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    late = DAY + timedelta(days=4)
    state(bank, late, line(attempt))
    fetch(at, late)
    assert live() == [("date", Act.LOOK)]


def test_amounts_fees_and_states_that_differ(at: Channel, bank: Ledger) -> None:
    Channel.objects.filter(pk=at.pk).update(fee_rate=600)
    less, fees, going = (paid_online(at, bank) for _ in range(3))
    bank.refund_answer = RefundSaid.PROCESSING
    refund = refunded(going, 300)
    state(
        bank,
        DAY,
        line(less, amount_fen=1_199, fee_fen=7),
        line(fees, fee_fen=12),
        line(going, fee_fen=7),
        refund_line(refund),
    )
    fetch(at, DAY, NEXT)
    assert live() == [("amount", Act.LOOK), ("fee", Act.BOOK_FEE), ("state", Act.RECORD_REFUND)]
    row = Difference.objects.get(kind="fee")
    assert (row.ours_fen, row.theirs_fen) == (7, 12)
    # Once the refund is done by our books too, there is nothing left of that.
    bank.refund_states[refund.public_id] = RefundSaid.DONE
    returning.send_refund(refund=refund.public_id)
    fetch(at, DAY)
    assert live() == [("amount", Act.LOOK), ("fee", Act.BOOK_FEE)]


def test_a_refund_under_way_at_the_channel_is_no_difference(at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    bank.refund_answer = RefundSaid.PROCESSING
    refund = refunded(attempt, 300)
    state(bank, DAY, line(attempt), refund_line(refund, state="PROCESSING"))
    fetch(at, DAY, NEXT)
    assert live() == []


def test_a_refund_that_somebody_made_at_the_channel_itself(at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    given = refunded(attempt, 300)
    made = refund_line(given, refund_number="console-1", refund_ref="R9", amount_fen=200)
    state(bank, DAY, line(attempt), refund_line(given), made)
    fetch(at, DAY, NEXT)
    assert live() == [("missing_local", Act.RECORD_REFUND)]
    assert Difference.objects.get().attempt == attempt


def test_refunds_without_our_number_are_paired_or_ambiguous(at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    given = [refunded(attempt, 300), refunded(attempt, 300)]
    nameless = [refund_line(each, refund_number="") for each in given]
    state(bank, DAY, line(attempt), *nameless)
    fetch(at, DAY, NEXT)
    assert live() == []
    state(bank, DAY, line(attempt), nameless[0])
    fetch(at, DAY)
    assert live() == [("ambiguous", Act.LOOK)]


def test_a_refund_that_does_not_go_on_is_found_and_heals(at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    bank.refund_answer = RefundSaid.PROCESSING
    refund = refunded(attempt, 300)
    reconciling_now.reconcile_now(actor=SYSTEM)
    assert live() == []
    # A Wednesday and three working days: the Monday after.
    with time_machine.travel(NOON + timedelta(days=5, hours=1)):
        reconciling_now.reconcile_now(actor=SYSTEM)
        reconciling_now.reconcile_now(actor=SYSTEM)
        assert live() == [("state", Act.SEND_AGAIN)]
        bank.refund_states[refund.public_id] = RefundSaid.DONE
        Refund.objects.update(next_try_at=NOON)
        returning.send_refund(refund=refund.public_id)
        reconciling_now.reconcile_now(actor=SYSTEM)
    assert live() == []


def test_a_refund_that_two_people_sent_elsewhere_has_its_days_from_then_on(
    place: Desk, at: Channel, bank: Ledger, settings: Settings
) -> None:
    settings.PAYMENT_PROVIDERS = [
        *settings.PAYMENT_PROVIDERS[:-1],
        "tests.payments.test_refund_work.RedirectingBank",
    ]
    bank.refund_answer = RefundSaid.ABNORMAL
    refund = refunded(paid_online(at, bank), 300)
    second = people.actor(people.staff(Role.WINDOW_CLERK, place.institution, username="second"))
    with time_machine.travel(NOON + timedelta(days=7)):
        redirect = redirecting.ask_redirect(
            refund=refund.public_id, receiver=Receiver(False), reason="原卡已注销", actor=place.actor
        )
        redirecting.decide_redirect(redirect=redirect, agrees=True, reason="同意", actor=second)
        reconciling_now.reconcile_now(actor=SYSTEM)
        assert live() == []
    with time_machine.travel(NOON + timedelta(days=14)):
        reconciling_now.reconcile_now(actor=SYSTEM)
    assert live() == [("state", Act.SEND_AGAIN)]


def test_money_told_of_nobody_is_a_difference_without_any_statement(at: Channel) -> None:
    tell(at, {"number": "elsewhere", "amount_fen": 700, "channel_ref": "B9"})
    reconciling_now.reconcile_now(actor=SYSTEM)
    assert live() == [("missing_local", Act.RETURN)]


# The hospital, as the third side


def test_a_hospital_that_books_everything_agrees(place: Desk, at: Channel, bank: Ledger) -> None:
    attempt, other = paid_online(at, bank), paid_online(at, bank, reference="MZ1")
    given = refunded(other, 300)
    back = booked(other, kind=ItemKind.REFUND, amount_fen=300, refund_ref="TF1", refund=given.public_id)
    hand_in(place.institution, DAY, booked(attempt), booked(other, bill_number="MZ1"), back)
    hand_in(place.institution, NEXT)
    assert not Difference.objects.exists()


def test_what_a_hospital_took_off_is_booked_and_does_not_go_back(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill = services.open_bill(
        subject=("hospital.bill", "MZ1"),
        person_pk=person(),
        institution=place.institution,
        items=[Charge("示范检查", 1_200)],
        expires_at=None,
        reference="MZ1",
        reduction_fen=200,
        actor=SYSTEM,
    )
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    asking.ask_attempt(attempt=attempt.public_id)
    attempt.refresh_from_db()
    whole = booked(attempt, bill_number="MZ1", amount_fen=1_200)
    hand_in(place.institution, DAY, whole)
    hand_in(place.institution, NEXT)
    assert live() == []
    for refund in owe_back(bill=attempt.bill, amount_fen=1_000, reason=RefundReason.STAFF, actor=SYSTEM):
        returning.send_refund(refund=refund)
    # The hospital gave the money alone back; what it took off was never there.
    back = booked(attempt, kind=ItemKind.REFUND, bill_number="MZ1", amount_fen=1_000, refund_ref="TF1")
    hand_in(place.institution, DAY, whole, back)
    assert live() == []
    [row] = hospital_days(actor=SYSTEM, first=DAY, last=DAY)
    assert (row.sums, row.stated) == (Sums(1, 1_200, 1, 1_000), Sums(came_fen=1_200, went_fen=1_000))
    # Or it posted neither: what came and went back whole it need not have.
    hand_in(place.institution, DAY)
    hand_in(place.institution, DAY, booked(attempt, bill_number="MZ9"))
    assert [kind for kind, _act in live()] == ["missing_local"]


def test_what_a_hospital_has_not_booked(place: Desk, at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    hand_in(place.institution, DAY)
    assert live() == []
    hand_in(place.institution, NEXT)
    assert live() == [("his_missing", Act.OPEN_REFUND)]
    hand_in(place.institution, NEXT, booked(attempt))
    assert live() == []


def test_what_a_hospital_gave_back_and_the_channel_did_not(place: Desk, at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    back = booked(attempt, kind=ItemKind.REFUND, amount_fen=500, refund_ref="TF1")
    hand_in(place.institution, DAY, booked(attempt), back)
    assert live() == [("his_refunded", Act.OPEN_REFUND)]


def test_what_a_hospital_booked_wrongly(place: Desk, at: Channel, bank: Ledger) -> None:
    less, twice = paid_online(at, bank), paid_online(at, bank)
    unpaid = begun(owed(place.institution).bill_id)
    hand_in(
        place.institution,
        DAY,
        booked(less, amount_fen=1_100),
        booked(twice),
        booked(twice, receipt="SJ9"),
        booked(unpaid),
        booked(less, bill_number="unknown"),
    )
    assert [kind for kind, _act in live()] == ["amount", "duplicate", "missing_local", "state"]


def test_a_bill_of_which_the_hospital_says_nothing_within_the_limit(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    attempt = paid_online(at, bank, reference="MZ1")
    posting.begin_write_back(bill=attempt.bill.public_id, is_reachable=True)
    reconciling_now.reconcile_now(actor=SYSTEM)
    assert live() == []
    with time_machine.travel(NOON + timedelta(minutes=31)):
        reconciling_now.reconcile_now(actor=SYSTEM)
        assert live() == [("his_missing", Act.OPEN_REFUND)]
        reconciling_now.reconcile_now(actor=SYSTEM)
        posting.confirm_posting(bill=attempt.bill.public_id, receipt="SJ1", amount_fen=1_200, actor=SYSTEM)
        reconciling_now.reconcile_now(actor=SYSTEM)
    assert live() == []


def everything() -> list[list[Any]]:
    models: tuple[type[Model], ...] = (Difference, DifferenceStep, StatementLine)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def test_three_runs_leave_the_same_rows(place: Desk, at: Channel, bank: Ledger) -> None:
    attempt, other = paid_online(at, bank), paid_online(at, bank)
    state(bank, DAY, line(attempt, amount_fen=1), line(other, number="x", channel_ref="y"))
    hand_in(place.institution, DAY, booked(attempt, amount_fen=3))
    fetch(at, DAY, NEXT)
    rows = everything()
    for _ in range(2):
        fetch(at, DAY, NEXT)
        for file in reconciling.files_with_differences():
            reconciling.reconcile_file(file=file, actor=SYSTEM)
        reconciling_now.reconcile_now(actor=SYSTEM)
    assert everything() == rows
    assert len(rows[0]) == 4
