"""Paying online on the pages: one question, the way to the channel, and back to the result."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from foundation.core import redis
from payments import services
from payments.models import Channel, PaymentAttempt, Settlement
from payments.providers.base import Said
from payments.rules import BillState, SettlementState
from payments.services import asking
from payments.types import BillRef
from portal.celery import app
from tests.accounts.people import signed_in
from tests.cards.holding import CardHolder, card_holder
from tests.cards.test_api_resident import Phone
from tests.institutions import people
from tests.payments.bank import CODE, Ledger, unsure
from tests.payments.owing import Desk, desk, owed, row
from tests.payments.paying import settlement_of, tell_paid

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("bank"),
    pytest.mark.row("FC-04"),
    pytest.mark.row("OP-11"),
]


@pytest.fixture
def who() -> CardHolder:
    return card_holder()


@pytest.fixture
def bill(place: Desk, who: CardHolder) -> BillRef:
    return owed(place.institution, person_pk=who.card.person_id)


@pytest.fixture
def phone(who: CardHolder) -> Client:
    return signed_in(Client(), who.account)


@pytest.fixture
def working() -> Iterator[None]:
    """What is handed to a worker is done at once."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def text(answer: Any) -> str:
    return str(answer.content.decode())


def begun(phone: Client, bill: BillRef) -> tuple[str, PaymentAttempt]:
    """The address of the payment that a press of the button begins."""
    answer = phone.post(f"/bills/{bill.bill_id}/pay/", {"way": CODE})
    assert answer.status_code == 302
    return answer["Location"], PaymentAttempt.objects.latest("pk")


def test_a_bill_is_paid_online_from_the_question_to_the_receipt(
    phone: Client, bill: BillRef, at: Channel, bank: Ledger
) -> None:
    assert f"/bills/{bill.bill_id}/pay/" in text(phone.get(f"/bills/{bill.bill_id}/"))
    question = text(phone.get(f"/bills/{bill.bill_id}/pay/"))
    assert "怎么付？" in question
    assert "测试银行" in question
    address, attempt = begun(phone, bill)
    assert "正在连接支付" in text(phone.get(address))
    asking.launch_attempt(attempt=attempt.public_id)
    shown = text(phone.get(address))
    assert "扫码付款" in shown
    assert "不用重复付款" in shown
    assert phone.get(f"{address}progress?launched=1").json() == {"done": False}
    bank.pay(attempt.public_id)
    # No notice came: the page has the channel asked.
    asking.ask_attempt(attempt=attempt.public_id)
    assert phone.get(f"{address}progress?launched=1").json()["done"]
    assert phone.get(address)["Location"] == f"/bills/{bill.bill_id}/receipt/"
    assert row(bill).state == BillState.PAID
    assert Settlement.objects.get().payer


def test_a_channel_that_is_opened_learns_from_which_site_and_not_from_which_page(
    phone: Client, bill: BillRef, at: Channel
) -> None:
    """WeChat Pay opens its page for other browsers from the merchant's registered site only."""
    address, attempt = begun(phone, bill)
    attempt.launch = {"kind": "redirect", "fields": {"url": "https://bank.example/cashier"}}
    attempt.save(update_fields=["launch"])
    link = re.search(r'<a [^>]*href="https://bank\.example/cashier"[^>]*>', text(phone.get(address)))
    assert link is not None
    assert 'referrerpolicy="origin"' in link[0]


def test_a_second_press_and_a_second_page_go_to_the_same_payment(
    phone: Client, bill: BillRef, at: Channel
) -> None:
    first, _attempt = begun(phone, bill)
    assert begun(phone, bill)[0] == first
    assert PaymentAttempt.objects.count() == 1


def test_leaving_closes_the_order_and_another_payment_can_be_begun(
    phone: Client, bill: BillRef, at: Channel, bank: Ledger
) -> None:
    address, attempt = begun(phone, bill)
    asking.launch_attempt(attempt=attempt.public_id)
    phone.post(f"{address}leave")
    asking.ask_attempt(attempt=attempt.public_id)
    assert bank.states[attempt.public_id] is Said.CLOSED
    assert settlement_of(attempt).state == SettlementState.UNDONE
    shown = text(phone.get(address))
    assert "没有付成" in shown
    assert "重新支付" in shown
    assert begun(phone, bill)[0] != address


def test_a_channel_that_does_not_answer_leaves_the_page_waiting_and_nothing_paid(
    phone: Client, bill: BillRef, at: Channel, bank: Ledger
) -> None:
    address, attempt = begun(phone, bill)
    bank.down["order"] = unsure()
    asking.launch_attempt(attempt=attempt.public_id)
    assert "正在连接支付" in text(phone.get(address))
    assert phone.get(f"{address}progress").json() == {"done": False}
    assert row(bill).state == BillState.OPEN


def test_nobody_is_asked_to_choose_nothing(phone: Client, bill: BillRef, at: Channel) -> None:
    answer = phone.post(f"/bills/{bill.bill_id}/pay/", {"way": "cash"})
    assert answer.status_code == 422
    assert "请选一种支付方式" in text(answer)
    assert not PaymentAttempt.objects.exists()


def test_where_nothing_is_offered_the_window_is(phone: Client, bill: BillRef, place: Desk) -> None:
    assert f"/bills/{bill.bill_id}/pay/" not in text(phone.get(f"/bills/{bill.bill_id}/"))
    assert "这张账单不能在线支付" in text(phone.get(f"/bills/{bill.bill_id}/pay/"))


def test_a_stranger_sees_no_payment(phone: Client, bill: BillRef, at: Channel) -> None:
    address, attempt = begun(phone, bill)
    stranger = signed_in(Client(), card_holder("13900001009", "测试乙").account)
    for path in (f"/bills/{bill.bill_id}/pay/", address, f"{address}progress"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"{address}leave").status_code == 404
    other = owed(desk(2).institution, person_pk=card_holder("13900001010", "测试丙").card.person_id)
    assert phone.get(address.replace(bill.bill_id, other.bill_id)).status_code == 404
    attempt.refresh_from_db()
    assert settlement_of(attempt).state == SettlementState.PAYING


def test_a_bill_that_was_paid_leads_to_itself(phone: Client, bill: BillRef, at: Channel, place: Desk) -> None:
    services.pay_in_cash(bill=bill.bill_id, received_fen=1_200, actor=place.actor)
    assert phone.get(f"/bills/{bill.bill_id}/pay/")["Location"] == f"/bills/{bill.bill_id}/"


def test_the_mini_program_pays_by_the_same_rules(
    who: CardHolder, bill: BillRef, at: Channel, bank: Ledger
) -> None:
    phone = Phone(who.account)
    ways = phone.get(f"bills/{bill.bill_id}/ways").json()["ways"]
    assert ways == [{"provider": CODE, "label": "测试银行", "way": "scans"}]
    asked = {"provider": CODE, "way": "scans"}
    begun_ = phone.post(f"bills/{bill.bill_id}/payments", asked)
    assert begun_.status_code == 201
    assert (begun_.json()["state"], begun_.json()["launch"]) == ("paying", None)
    attempt = PaymentAttempt.objects.get()
    asking.launch_attempt(attempt=attempt.public_id)
    address = f"bills/{bill.bill_id}/payments/{begun_.json()['payment_id']}"
    assert phone.get(address).json()["launch"]["kind"] == "code"
    bank.pay(attempt.public_id)
    asking.ask_attempt(attempt=attempt.public_id)
    told = phone.get(address).json()
    assert (told["state"], told["over"], told["launch"]) == ("settled", True, None)
    again = phone.post(f"bills/{bill.bill_id}/payments", asked)
    assert (again.status_code, again.json()["code"]) == (409, "bill_not_open")
    assert phone.post(f"{address}/leave").json()["state"] == "settled"
    stranger = Phone(card_holder("13900001009", "测试乙").account)
    assert stranger.get(address).status_code == 404


@pytest.mark.row("FC-06")
def test_the_mini_program_has_the_channel_asked_where_the_notice_was_lost(
    who: CardHolder, bill: BillRef, at: Channel, bank: Ledger, working: None
) -> None:
    phone = Phone(who.account)
    begun_ = phone.post(f"bills/{bill.bill_id}/payments", {"provider": CODE, "way": "scans"}).json()
    attempt = PaymentAttempt.objects.get()
    assert attempt.launch is not None
    bank.pay(attempt.public_id)
    redis.client().delete(redis.key("pay-asked", attempt.public_id))
    address = f"bills/{bill.bill_id}/payments/{begun_['payment_id']}"
    assert phone.get(address).json()["state"] == "paying"
    told = phone.get(address).json()
    assert (told["state"], told["over"]) == ("settled", True)
    assert row(bill).state == BillState.PAID


def test_the_window_hands_nothing_out_of_what_goes_back_by_the_channel(
    client: Client, phone: Client, bill: BillRef, at: Channel, place: Desk
) -> None:
    _address, attempt = begun(phone, bill)
    tell_paid(at, attempt)
    people.at_work(client, place.account)
    answer = client.post(f"/window/bills/{bill.bill_id}/refund/", {"amount": "2.00"}, follow=True)
    assert "按原来的支付方式退回" in text(answer)
    assert "已付出" not in text(answer)
