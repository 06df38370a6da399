"""Staff give back by hand what a channel could not: it is asked first, so that nobody is paid twice."""

import pytest
from django.test import Client

from institutions.rules import Role
from payments.models import Channel, Difference, Refund
from payments.providers.base import RefundSaid
from payments.providers.cash import CASH
from payments.providers.errors import ChannelError, ChannelRefused, ChannelTemporary
from payments.rules import RefundState
from payments.selectors.books import check_books
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.payments.bank import CODE, Ledger, unsure
from tests.payments.owing import Desk, balances
from tests.payments.paying import paid_online, refunded, refunds_now

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-06")]


@pytest.fixture
def stuck(place: Desk, bank: Ledger, at: Channel) -> Refund:
    """A refund that the bank could not give back."""
    bill, _attempt = paid_online(place, at, bank)
    refund = refunded(bill, place)
    bank.refund_answer = RefundSaid.ABNORMAL
    refunds_now()
    refund.refresh_from_db()
    assert refund.state == RefundState.ABNORMAL
    return refund


def noted(stuck: Refund, place: Desk) -> str:
    """The page that a cashier sees who notes that the money was handed out."""
    clerk = people.at_work(Client(), place.account)
    address = f"/institution/payments/refund/{stuck.public_id}/do/settle/"
    answer = submit(clerk, address, provider=CASH, reference="XJ-1")
    shown = clerk.get(answer["Location"]) if answer.status_code == 302 else answer
    stuck.refresh_from_db()
    assert check_books() == []
    return str(shown.content.decode())


def test_what_the_channel_still_cannot_give_back_is_noted(stuck: Refund, place: Desk) -> None:
    assert "已记为人工退款" in noted(stuck, place)
    assert (stuck.state, stuck.provider, stuck.channel_ref) == (RefundState.PAID, CASH, "XJ-1")
    assert balances() == {CODE: 1_200, CASH: -1_200}


def test_what_the_channel_gave_back_meanwhile_is_not_given_again(
    stuck: Refund, place: Desk, bank: Ledger
) -> None:
    bank.refund_states[stuck.public_id] = RefundSaid.DONE
    assert "请不要另外付款" in noted(stuck, place)
    assert (stuck.state, stuck.provider) == (RefundState.PAID, CODE)
    assert balances() == {}
    assert not Difference.objects.exists()


def test_what_the_channel_is_about_to_give_back_is_not_given_besides(
    stuck: Refund, place: Desk, bank: Ledger
) -> None:
    bank.refund_states[stuck.public_id] = RefundSaid.PROCESSING
    assert "请不要另外付款" in noted(stuck, place)
    assert stuck.state == RefundState.ABNORMAL
    assert balances() == {CODE: 1_200, "refunds_due": -1_200}


@pytest.mark.parametrize("silence", [unsure(), ChannelTemporary(CODE, "busy")], ids=["late", "busy"])
def test_a_channel_that_does_not_answer_is_waited_for(
    stuck: Refund, place: Desk, bank: Ledger, silence: ChannelError
) -> None:
    bank.down["query_refund"] = silence
    assert "没有问清以前不要另外付款" in noted(stuck, place)
    assert stuck.state == RefundState.ABNORMAL
    assert "已记为人工退款" in noted(stuck, place)


@pytest.mark.parametrize("reason", ["unknown", "refused"])
def test_a_channel_that_knows_nothing_of_it_stands_in_nobodys_way(
    stuck: Refund, place: Desk, bank: Ledger, reason: str
) -> None:
    if reason == "unknown":
        del bank.refunds[stuck.public_id]
    else:
        bank.down["query_refund"] = ChannelRefused(CODE, "NO_AUTH")
    assert "已记为人工退款" in noted(stuck, place)
    assert stuck.state == RefundState.PAID


def test_only_who_gives_back_may_ask(stuck: Refund, place: Desk, bank: Ledger) -> None:
    bank.refund_states[stuck.public_id] = RefundSaid.DONE
    reader = people.at_work(Client(), people.staff(Role.DOCTOR, place.institution, username="reader"))
    address = f"/institution/payments/refund/{stuck.public_id}/do/settle/"
    answer = reader.post(address, {"provider": CASH, "reference": "XJ-1", "reason": "按流程办理"})
    assert answer.status_code in (302, 403, 404)
    stuck.refresh_from_db()
    assert stuck.state == RefundState.ABNORMAL
