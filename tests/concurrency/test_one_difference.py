"""Two workers compare one day, two approve one proposal, and one decides while it heals.

Each with the guard, and the first also without it.
"""

from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection, transaction
from pytest_django import Settings

from foundation.core.errors import DomainError
from institutions.rules import Role
from payments.models import Channel, Difference, Suspense, SuspenseState
from payments.reconciliation.rules import Act, DifferenceState
from payments.selectors.books import check_books
from payments.services import adjusting, reconciling, reconciling_now, statements
from payments.services.differences import MATCHING, Outcome, heal
from tests.concurrency.waiting import overtaken
from tests.institutions import people
from tests.payments.bank import Bank, Ledger
from tests.payments.owing import SYSTEM, Desk, desk, owed
from tests.payments.paying import channel, tell
from tests.payments.stating import DAY, NOON, line, paid_online, state

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("FC-10")]
UNIQUE = "payments_difference_once"


@pytest.fixture(autouse=True)
def bank(settings: Settings) -> Iterator[Ledger]:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    Bank.books = Ledger()
    with time_machine.travel(NOON):
        yield Bank.books


@pytest.fixture
def place() -> Desk:
    return desk(role=Role.INSTITUTION_ADMIN)


@pytest.fixture
def at(place: Desk) -> Channel:
    return channel(place.institution)


def stated(at: Channel, bank: Ledger) -> None:
    """A day with a wrong amount, taken and not compared."""
    state(bank, DAY, line(paid_online(at, bank), amount_fen=1))
    for file in statements.ask_for_day(day=DAY, actor=SYSTEM):
        statements.fetch_statement(file=file)


def compare(at: Channel) -> Outcome:
    return reconciling.reconcile_channel(channel=at, day=DAY, actor=MATCHING)


def test_two_workers_find_a_difference_once(at: Channel, bank: Ledger) -> None:
    stated(at, bank)
    assert overtaken(first=lambda: compare(at), then=lambda: compare(at)) == Outcome()
    assert Difference.objects.count() == 1


def test_without_the_lock_and_the_constraint_they_find_it_twice(
    at: Channel, bank: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated(at, bank)
    plain = type(Channel.objects.all())
    monkeypatch.setattr(plain, "select_for_update", lambda self, **_how: self)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {UNIQUE}")
    try:
        assert overtaken(first=lambda: compare(at), then=lambda: compare(at)) == Outcome(1, 0)
        assert Difference.objects.count() == 2
    finally:
        Difference.objects.filter(pk=Difference.objects.latest("pk").pk).update(
            state=DifferenceState.HEALED, ended_at=NOON
        )
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE UNIQUE INDEX {UNIQUE} ON payments_difference (institution_id, party, kind, key)"
                " WHERE NOT (state = 'healed')"
            )


def test_two_approve_one_proposal_and_the_money_moves_once(place: Desk, at: Channel) -> None:
    bill = owed(place.institution, total_fen=700)
    tell(at, {"number": "elsewhere", "amount_fen": 700, "channel_ref": "B9"})
    reconciling_now.reconcile_now(actor=SYSTEM)
    found = Difference.objects.get().public_id
    adjusting.propose(difference=found, act=Act.ALLOCATE, bill=bill.number, reason="认领", actor=place.actor)
    second, third = (
        people.actor(people.staff(Role.INSTITUTION_ADMIN, place.institution, username=name))
        for name in ("second", "third")
    )

    def approve_as_third() -> str:
        try:
            adjusting.approve(difference=found, reason="同意", actor=third)
        except DomainError as exc:
            return exc.code
        return "done"

    told = overtaken(
        first=lambda: adjusting.approve(difference=found, reason="同意", actor=second), then=approve_as_third
    )
    assert told == "difference_settled"
    assert Suspense.objects.get().state == SuspenseState.ALLOCATED
    assert check_books() == []


def test_what_heals_meanwhile_is_not_proposed(place: Desk, at: Channel, bank: Ledger) -> None:
    stated(at, bank)
    compare(at)
    row = Difference.objects.get()

    def healed() -> None:
        heal(difference=row, actor=MATCHING)

    def proposed() -> str:
        try:
            adjusting.propose(
                difference=row.public_id, act=Act.WRITE_OFF, reason="核对无误", actor=place.actor
            )
        except DomainError as exc:
            return exc.code
        return "done"

    assert overtaken(first=healed, then=proposed) == "difference_settled"
    with transaction.atomic():
        assert Difference.objects.get().state == DifferenceState.HEALED
