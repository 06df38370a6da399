"""What staff do with refunds that are stuck: filters, again, elsewhere after a second look, by hand."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from pytest_django import Settings

from foundation.audit.actions import Action
from foundation.audit.models import AuditEntry
from foundation.core import clock
from institutions.rules import Role
from payments import services
from payments.errors import RedirectDecided, RedirectNotOffered, RedirectOwn, RefundNotAbnormal
from payments.models import Channel, RedirectState, Refund, RefundRedirect
from payments.providers.base import Merchant, Receiver, Refunded, RefundOrder, RefundSaid
from payments.providers.cash import CASH
from payments.providers.errors import BalanceTooLow, ChannelRefused
from payments.rules import RefundReason, RefundState
from payments.selectors.books import check_books
from payments.services import asking, redirecting, returning
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.payments.bank import CODE, Bank, Ledger, unsure
from tests.payments.owing import Desk, balances, desk, owed
from tests.payments.paying import begun, channel, tell_paid

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-06")]

REFUNDS = "/institution/payments/refund/"
CARD = Receiver(True, "ICBC_DEBIT", account="6222020000000001234", holder="测试甲")


class RedirectingBank(Bank):
    """The same bank, which sends abnormal refunds elsewhere."""

    def redirect_refund(
        self, merchant: Merchant, refund: RefundOrder, refund_ref: str, receiver: Receiver
    ) -> Refunded:
        self._fail("redirect", before=True)
        self.books.redirected.append((refund_ref, receiver))
        self.books.refund_states[refund.number] = RefundSaid.DONE
        self._fail("redirect")
        return self.query_refund(merchant, refund)


@pytest.fixture(autouse=True)
def bank(settings: Settings) -> Ledger:
    settings.PAYMENT_PROVIDERS = [
        *settings.PAYMENT_PROVIDERS,
        "tests.payments.test_refund_work.RedirectingBank",
    ]
    Bank.books = Ledger()
    return Bank.books


@pytest.fixture
def place() -> Desk:
    return desk()


@pytest.fixture
def colleague(place: Desk) -> Desk:
    account = people.staff(Role.WINDOW_CLERK, place.institution, username="colleague")
    return Desk(place.institution, account)


@pytest.fixture
def stuck(place: Desk, bank: Ledger) -> Refund:
    """A refund that the bank could not give back."""
    return abnormal(place, bank, channel(place.institution))


def abnormal(place: Desk, bank: Ledger, at: Channel) -> Refund:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    tell_paid(at, attempt, notice=attempt.public_id)
    [opened] = services.refund_bill(
        bill=bill.bill_id, amount_fen=None, reason=RefundReason.STAFF, actor=place.actor
    )
    bank.refund_answer = RefundSaid.ABNORMAL
    refunds_now()
    refund = Refund.objects.get(public_id=opened)
    assert refund.state == RefundState.ABNORMAL
    return refund


def refunds_now() -> None:
    Refund.objects.filter(next_try_at__isnull=False).update(next_try_at=F("opened_at"))
    for refund in returning.due_refunds():
        returning.send_refund(refund=refund)


def proposed(stuck: Refund, place: Desk, receiver: Receiver = CARD) -> str:
    return services.ask_redirect(
        refund=stuck.public_id, receiver=receiver, reason="卡已注销", actor=place.actor
    )


def agreed(redirect: str, colleague: Desk) -> None:
    services.decide_redirect(redirect=redirect, agrees=True, reason="已电话核对", actor=colleague.actor)


def test_a_second_person_agrees_before_the_channel_is_asked(
    stuck: Refund, place: Desk, colleague: Desk, bank: Ledger
) -> None:
    redirect = proposed(stuck, place)
    with pytest.raises(RedirectDecided):
        proposed(stuck, place)
    with pytest.raises(RedirectOwn):
        agreed(redirect, place)
    redirecting.send_redirect(redirect=redirect)
    assert bank.redirected == []
    agreed(redirect, colleague)
    with pytest.raises(RedirectDecided):
        agreed(redirect, colleague)
    redirecting.send_redirect(redirect=redirect)
    redirecting.send_redirect(redirect=redirect)
    stuck.refresh_from_db()
    assert stuck.state == RefundState.PAID
    assert bank.redirected == [(f"R{stuck.public_id}", CARD)]
    assert balances() == {}
    assert check_books() == []


def test_where_the_money_goes_is_kept_encrypted_and_out_of_the_audit(stuck: Refund, place: Desk) -> None:
    proposed(stuck, place)
    with connection.cursor() as cursor:
        cursor.execute("SELECT receiver::text FROM payments_redirect")
        [(kept,)] = cursor.fetchall()
    assert "6222" not in kept
    told = AuditEntry.objects.get(action=Action.REFUND_REDIRECT_ASKED)
    assert "6222" not in str(told.details) + told.reason


def test_an_answer_that_was_lost_is_asked_for_and_the_money_goes_once(
    stuck: Refund, place: Desk, colleague: Desk, bank: Ledger
) -> None:
    redirect = proposed(stuck, place)
    agreed(redirect, colleague)
    bank.lost["redirect"] = unsure()
    redirecting.send_redirect(redirect=redirect)
    stuck.refresh_from_db()
    assert stuck.state == RefundState.SENT
    refunds_now()
    stuck.refresh_from_db()
    assert stuck.state == RefundState.PAID
    assert len(bank.redirected) == 1


def test_a_channel_that_refuses_leaves_the_refund_in_the_work_list(
    stuck: Refund, place: Desk, colleague: Desk, bank: Ledger
) -> None:
    redirect = proposed(stuck, place)
    agreed(redirect, colleague)
    bank.down["redirect"] = ChannelRefused(CODE, "CARD_WRONG")
    redirecting.send_redirect(redirect=redirect)
    stuck.refresh_from_db()
    assert (stuck.state, stuck.failure) == (RefundState.ABNORMAL, "CARD_WRONG")
    assert RefundRedirect.objects.get().state == RedirectState.FAILED
    assert proposed(stuck, place)


def test_a_refused_proposal_changes_nothing(
    stuck: Refund, place: Desk, colleague: Desk, bank: Ledger
) -> None:
    redirect = proposed(stuck, place)
    services.decide_redirect(redirect=redirect, agrees=False, reason="不是本人的卡", actor=colleague.actor)
    redirecting.send_redirect(redirect=redirect)
    stuck.refresh_from_db()
    assert stuck.state == RefundState.ABNORMAL
    assert bank.redirected == []


def test_a_refund_that_came_through_meanwhile_is_not_sent_elsewhere(
    stuck: Refund, place: Desk, colleague: Desk, bank: Ledger
) -> None:
    redirect = proposed(stuck, place)
    agreed(redirect, colleague)
    bank.refund_states[stuck.public_id] = RefundSaid.DONE
    redirecting.send_redirect(redirect=redirect)
    stuck.refresh_from_db()
    assert stuck.state == RefundState.PAID
    assert bank.redirected == []


def test_a_channel_that_cannot_redirect_offers_another_way(
    stuck: Refund, place: Desk, settings: Settings
) -> None:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS[:-1], "tests.payments.bank.Bank"]
    with pytest.raises(RedirectNotOffered):
        proposed(stuck, place)
    services.settle_by_hand(
        refund=stuck.public_id, provider=CASH, reference="XJ-1", reason="卡已注销，退现金", actor=place.actor
    )
    stuck.refresh_from_db()
    assert (stuck.state, stuck.provider, stuck.channel_ref) == (RefundState.PAID, CASH, "XJ-1")
    assert balances() == {CODE: 1_200, CASH: -1_200}
    assert check_books() == []
    with pytest.raises(RefundNotAbnormal):
        services.settle_by_hand(
            refund=stuck.public_id, provider=CASH, reference="XJ-1", reason="再退一次", actor=place.actor
        )


def test_the_pages_lead_from_the_list_to_the_second_look(
    stuck: Refund, place: Desk, colleague: Desk, bank: Ledger
) -> None:
    first = people.at_work(Client(), place.account)
    one = f"{REFUNDS}{stuck.public_id}/"
    assert "改投" in first.get(f"{one}change/").content.decode()
    missing = submit(first, f"{one}do/redirect/", target="payer", bank="ICBC_DEBIT", reason="卡已注销")
    assert "退到银行卡时要填" in missing.content.decode()
    card = {"bank": CARD.bank, "account": CARD.account, "holder": CARD.holder}
    submit(first, f"{one}do/redirect/", target="payer", **card)
    own = submit(first, f"{one}do/decide/", decision="yes")
    assert "不能自己复核" in own.content.decode()
    second = people.at_work(Client(), colleague.account)
    shown = second.get(f"{one}do/decide/").content.decode()
    assert "尾号 1234" in shown
    assert CARD.account not in shown
    submit(second, f"{one}do/decide/", decision="yes")
    stuck.refresh_from_db()
    assert stuck.state in {RefundState.SENT, RefundState.PAID}


def test_the_list_narrows_by_state_age_channel_and_balance(stuck: Refund, place: Desk, bank: Ledger) -> None:
    at = Channel.objects.get()
    bank.refund_answer = RefundSaid.DONE
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    tell_paid(at, attempt, notice="second")
    [poor] = services.refund_bill(
        bill=bill.bill_id, amount_fen=None, reason=RefundReason.STOPPED, actor=place.actor
    )
    bank.down["refund"] = BalanceTooLow(CODE, "NOT_ENOUGH")
    refunds_now()
    Refund.objects.filter(public_id=poor).update(opened_at=clock.now() - timedelta(hours=2))
    clerk = people.at_work(Client(), place.account)
    every = {stuck.public_id, poor}

    def listed(**query: str) -> set[str]:
        page = clerk.get(REFUNDS, query).content.decode()
        return {one for one in every if f"{one}/change/" in page}

    assert listed() == every
    assert listed(state="abnormal") == {stuck.public_id}
    assert listed(age="1h") == {poor}
    assert listed(age="24h") == set()
    assert listed(channel=at.public_id) == every
    assert listed(lacks_balance__exact="1") == {poor}
    assert "渠道账户余额不足" in clerk.get(f"{REFUNDS}{poor}/change/").content.decode()
    refunds_now()
    assert Refund.objects.get(public_id=poor).lacks_balance is False
    stranger = people.at_work(Client(), desk(2).account)
    assert stuck.public_id not in stranger.get(REFUNDS).content.decode()
