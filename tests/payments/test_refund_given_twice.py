"""A channel gives back what staff have given back by hand: people hear of it, and decide about it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import time_machine
from django.test import Client

from foundation.accounts.models import Account
from institutions.rules import Role
from payments import services
from payments.models import Channel, Difference, Refund
from payments.providers.base import RefundSaid
from payments.providers.cash import CASH
from payments.reconciliation.rules import Act, DifferenceState
from payments.rules import RefundState
from payments.selectors.books import check_books
from payments.services import adjusting, reconciling_now
from tests.institutions import people
from tests.payments.bank import CODE, Ledger
from tests.payments.owing import SYSTEM, Desk, balances
from tests.payments.paying import paid_online, refunded, refunds_now, tell
from tests.payments.stating import DAY, NOON, fetch, line, live, refund_line, state

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-06")]


@pytest.fixture(autouse=True)
def _at_noon(bank: Ledger) -> Iterator[None]:
    with time_machine.travel(NOON):
        yield
        assert check_books() == []


@pytest.fixture
def by_hand(place: Desk, at: Channel, bank: Ledger) -> Refund:
    """A refund that the bank could not give back, and that was handed out in cash."""
    bill, _attempt = paid_online(place, at, bank)
    refund = refunded(bill, place)
    bank.refund_answer = RefundSaid.ABNORMAL
    refunds_now()
    services.settle_by_hand(
        refund=refund.public_id, provider=CASH, reference="XJ-1", reason="卡已注销，退现金", actor=place.actor
    )
    reconciling_now.reconcile_now(actor=SYSTEM)
    assert live() == []
    return Refund.objects.select_related("attempt").get(pk=refund.pk)


def told_done(at: Channel, refund: Refund, notice: str, amount_fen: int) -> None:
    said = {
        "kind": "refund",
        "number": refund.public_id,
        "state": "done",
        "amount_fen": amount_fen,
        "channel_ref": f"R{refund.public_id}",
    }
    assert tell(at, said, notice=notice) == 200


def chief(place: Desk, name: str) -> Account:
    return people.staff(Role.INSTITUTION_ADMIN, place.institution, username=name)


def test_it_stands_in_the_work_list_once(place: Desk, at: Channel, by_hand: Refund) -> None:
    for notice in ("first", "second"):
        told_done(at, by_hand, notice, by_hand.amount_fen)
        reconciling_now.reconcile_now(actor=SYSTEM)
    assert live() == [("missing_local", Act.LOOK)]
    row = Difference.objects.get()
    assert (row.item, row.theirs_fen, row.bill_id) == ("refund", by_hand.amount_fen, by_hand.bill_id)
    by_hand.refresh_from_db()
    assert (by_hand.state, by_hand.provider) == (RefundState.PAID, CASH)
    assert balances() == {CODE: 1_200, CASH: -1_200}
    staff = people.at_work(Client(), chief(place, "chief"))
    assert row.public_id in staff.get("/institution/payments/difference/").content.decode()
    shown = staff.get(f"/institution/payments/difference/{row.public_id}/change/").content.decode()
    assert "XJ-1" in shown


def test_two_people_write_it_off(place: Desk, at: Channel, by_hand: Refund) -> None:
    told_done(at, by_hand, "first", by_hand.amount_fen)
    row = Difference.objects.get()
    assert adjusting.open_acts(row=row) == [Act.WRITE_OFF]
    first, second = (people.actor(chief(place, name)) for name in ("first", "second"))
    adjusting.propose(difference=row.public_id, act=Act.WRITE_OFF, reason="付款人已退还现金", actor=first)
    adjusting.approve(difference=row.public_id, reason="已核对", actor=second)
    told_done(at, by_hand, "again", by_hand.amount_fen)
    assert Difference.objects.get().state == DifferenceState.DONE


def test_the_statement_tells_of_the_same_thing(at: Channel, bank: Ledger, by_hand: Refund) -> None:
    told_done(at, by_hand, "first", by_hand.amount_fen)
    paid_line = line(by_hand.attempt, channel_ref=by_hand.attempt.channel_ref)
    state(bank, DAY, paid_line, refund_line(by_hand))
    fetch(at, DAY)
    assert live() == [("missing_local", Act.RECORD_REFUND)]
    row = Difference.objects.get()
    assert row.line is not None
    assert adjusting.open_acts(row=row) == [Act.RECORD_REFUND, Act.WRITE_OFF]


def test_another_amount_is_money_that_went_out_as_well(at: Channel, bank: Ledger, by_hand: Refund) -> None:
    # Asked about the notice, the bank says the same as in it.
    bank.refund_states[by_hand.public_id] = RefundSaid.DONE
    bank.refunds[by_hand.public_id] = replace(bank.refunds[by_hand.public_id], amount_fen=700)
    told_done(at, by_hand, "first", 700)
    assert Difference.objects.get().theirs_fen == 700
