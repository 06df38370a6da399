"""Money in suspense has one difference, whatever it turns out to be."""

from collections.abc import Iterator

import pytest
import time_machine

from foundation.core.ids import new_public_id
from institutions.rules import Role
from payments.models import Channel, Difference, StatementLine, Suspense
from payments.reconciliation.rules import Act, DifferenceKind, DifferenceState
from payments.selectors.books import check_books
from payments.services import adjusting, reconciling_now
from payments.services.differences import note_found
from tests.institutions import people
from tests.payments.bank import Ledger
from tests.payments.owing import SYSTEM, Desk
from tests.payments.paying import tell
from tests.payments.stating import DAY, NEXT, NOON, fetch, line, live, paid_online, state

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-10")]


@pytest.fixture(autouse=True)
def _at_noon(bank: Ledger) -> Iterator[None]:
    with time_machine.travel(NOON):
        yield
        assert check_books() == []


@pytest.fixture
def money(at: Channel, bank: Ledger) -> Suspense:
    """A notice names an order that is not ours; the statement says that it was a second payment of one."""
    attempt = paid_online(at, bank)
    said = {"number": "elsewhere", "amount_fen": attempt.amount_fen, "channel_ref": "B2"}
    assert tell(at, said, notice="second") == 200
    reconciling_now.reconcile_now(actor=SYSTEM)
    assert live() == [("missing_local", Act.RETURN)]
    state(bank, DAY, line(attempt), line(attempt, channel_ref="B2"))
    return Suspense.objects.get()


def test_what_turns_out_a_second_payment_keeps_its_difference(at: Channel, money: Suspense) -> None:
    for _ in range(2):
        fetch(at, DAY, NEXT)
        reconciling_now.reconcile_now(actor=SYSTEM)
        assert live() == [("duplicate", Act.RETURN)]
    row = Difference.objects.get()
    assert (row.suspense, row.line) == (money, StatementLine.objects.get(channel_ref="B2"))


def test_what_was_proposed_about_it_stands(place: Desk, at: Channel, money: Suspense) -> None:
    clerk = people.actor(people.staff(Role.INSTITUTION_ADMIN, place.institution, username="first"))
    adjusting.propose(
        difference=Difference.objects.get().public_id, act=Act.RETURN, reason="重复付款", actor=clerk
    )
    for _ in range(2):
        fetch(at, DAY, NEXT)
        reconciling_now.reconcile_now(actor=SYSTEM)
    row = Difference.objects.get()
    assert (row.state, row.kind) == (DifferenceState.PROPOSED, "missing_local")


def test_of_two_about_the_same_money_the_later_ends(at: Channel, money: Suspense) -> None:
    first, second = Difference.objects.get(), Difference.objects.get()
    second.pk, second.public_id = None, new_public_id()
    second.kind, second.by_files = DifferenceKind.DUPLICATE, True
    assert note_found(row=second, actor=SYSTEM)
    assert reconciling_now.reconcile_now(actor=SYSTEM).healed == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (DifferenceState.OPEN, DifferenceState.HEALED)
    fetch(at, DAY, NEXT)
    assert live() == [("duplicate", Act.RETURN)]
