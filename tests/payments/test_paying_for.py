"""Somebody else pays a bill: by the family rules, or by a link that shows nothing else of it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from foundation.core import clock
from payments import services
from payments.models import Channel, PayLink, PaymentAttempt, Refund, Settlement
from payments.rules import BillState, RefundReason, RefundState
from payments.selectors.books import check_books
from payments.services import asking, returning
from payments.types import BillRef
from tests.accounts.people import signed_in
from tests.cards.holding import CardHolder, card_holder
from tests.cards.test_api_resident import Phone
from tests.payments.bank import CODE, Bank, Ledger
from tests.payments.owing import SYSTEM, Desk, owed, row
from tests.payments.paying import tell_paid
from tests.payments.test_ledger import check_now

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank"), pytest.mark.row("FC-09")]


@pytest.fixture(autouse=True)
def books_hold() -> Iterator[None]:
    yield
    check_now()
    assert check_books() == []


@pytest.fixture
def who() -> CardHolder:
    return card_holder("13900001001", "测试甲")


@pytest.fixture
def friend() -> CardHolder:
    return card_holder("13900001002", "测试乙")


@pytest.fixture
def bill(place: Desk, who: CardHolder) -> BillRef:
    return owed(place.institution, person_pk=who.card.person_id, minutes=None)


@pytest.fixture
def phone(who: CardHolder) -> Client:
    return signed_in(Client(), who.account)


@pytest.fixture
def other(friend: CardHolder) -> Client:
    return signed_in(Client(), friend.account)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def linked(phone: Client, bill: BillRef) -> str:
    """The path of a new link."""
    answer = phone.post(f"/bills/{bill.bill_id}/pay/link/")
    url: str = answer.context["url"]
    return url[url.index("/pay/for/") :]


def paid_by_link(other: Client, path: str, at: Channel) -> tuple[str, PaymentAttempt]:
    address = other.post(path, {"way": CODE})["Location"]
    attempt = PaymentAttempt.objects.latest("pk")
    asking.launch_attempt(attempt=attempt.public_id)
    assert "扫码付款" in text(other.get(address))
    Bank.books.pay(attempt.public_id)
    tell_paid(at, attempt)
    return address, attempt


def test_a_friend_pays_by_the_link_and_gets_the_refund(
    phone: Client, other: Client, friend: CardHolder, bill: BillRef, at: Channel
) -> None:
    assert f"/bills/{bill.bill_id}/pay/link/" in text(phone.get(f"/bills/{bill.bill_id}/"))
    address, attempt = paid_by_link(other, linked(phone, bill), at)
    assert row(bill).state == BillState.PAID
    assert Settlement.objects.get().payer == friend.account.public_id
    assert "已替对方付清" in text(other.get(address))
    # The holder sees who paid, masked.
    receipt = text(phone.get(f"/bills/{bill.bill_id}/receipt/"))
    assert "代付人" in receipt
    assert "测试乙" not in receipt
    services.refund_bill(bill=bill.bill_id, amount_fen=200, reason=RefundReason.CANCELLED, actor=SYSTEM)
    refund = Refund.objects.get()
    returning.send_refund(refund=refund.public_id)
    refund.refresh_from_db()
    # By the payment that the friend made, and so to the friend.
    assert (refund.attempt_id, refund.state) == (attempt.pk, RefundState.PAID)
    assert "¥2.00" in text(other.get(address))


def test_the_payer_sees_nothing_else(phone: Client, other: Client, bill: BillRef, at: Channel) -> None:
    path = linked(phone, bill)
    shown = text(other.get(path))
    assert "第1医院" in shown
    assert "¥12.00" in shown
    for secret in ("测试甲", "门诊挂号", row(bill).number, bill.bill_id):
        assert secret not in shown
    address, _attempt = paid_by_link(other, path, at)
    after = text(other.get(address))
    for secret in ("测试甲", "门诊挂号", row(bill).number, bill.bill_id):
        assert secret not in after
    settlement = Settlement.objects.get().public_id
    addresses = [
        f"/bills/{bill.bill_id}/",
        f"/bills/{bill.bill_id}/receipt/",
        f"/bills/{bill.bill_id}/pay/link/",
        f"/bills/{bill.bill_id}/payments/{settlement}/",
    ]
    assert {other.get(one).status_code for one in addresses} == {404}
    assert bill.bill_id not in text(other.get("/bills/"))


def test_another_account_does_not_see_the_payment(
    phone: Client, other: Client, bill: BillRef, at: Channel
) -> None:
    address, _attempt = paid_by_link(other, linked(phone, bill), at)
    third = signed_in(Client(), card_holder("13900001003", "测试丙").account)
    assert third.get(address).status_code == 404
    assert third.get(f"{address}progress").status_code == 404
    assert third.post(f"{address}leave").status_code == 404


def test_a_link_ends_when_it_is_taken_back_replaced_over_or_paid(
    phone: Client, other: Client, place: Desk, bill: BillRef, at: Channel
) -> None:
    first = linked(phone, bill)
    second = linked(phone, bill)
    assert (other.get(first).status_code, other.get(second).status_code) == (404, 200)
    phone.post(f"/bills/{bill.bill_id}/pay/link/end")
    assert other.get(second).status_code == 404
    third = linked(phone, bill)
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        assert signed_in(Client(), card_holder("13900001004", "测试丁").account).get(third).status_code == 404
    assert other.get(third).status_code == 200
    services.pay_in_cash(bill=bill.bill_id, received_fen=1_200, actor=place.actor)
    assert other.get(third).status_code == 404
    assert PayLink.objects.filter(ended_at=None).count() == 1


def test_whoever_tries_secrets_is_stopped(other: Client, bill: BillRef) -> None:
    answers = [other.get(f"/pay/for/{'x' * 31}{number % 10}/").status_code for number in range(12)]
    assert answers == [404] * 10 + [429] * 2


def test_a_link_needs_a_sign_in_and_is_not_kept_in_the_database(phone: Client, bill: BillRef) -> None:
    path = linked(phone, bill)
    assert Client().get(path).status_code == 302
    token = path.split("/")[3].encode()
    assert token not in bytes(PayLink.objects.get().token_digest)


def test_a_second_payer_is_told_that_one_is_under_way(
    phone: Client, other: Client, bill: BillRef, at: Channel
) -> None:
    path = linked(phone, bill)
    other.post(path, {"way": CODE})
    third = signed_in(Client(), card_holder("13900001005", "测试戊").account)
    assert "上一次支付还没有结束" in text(third.post(path, {"way": CODE}))
    assert Settlement.objects.count() == 1


def test_a_payer_who_gives_up_leaves_the_bill_to_be_paid(
    phone: Client, other: Client, bill: BillRef, at: Channel
) -> None:
    path = linked(phone, bill)
    address = other.post(path, {"way": CODE})["Location"]
    attempt = PaymentAttempt.objects.get()
    asking.launch_attempt(attempt=attempt.public_id)
    other.post(f"{address}leave")
    asking.ask_attempt(attempt=attempt.public_id)
    assert "没有付成" in text(other.get(address))
    assert row(bill).state == BillState.OPEN
    paid_by_link(other, path, at)
    assert row(bill).state == BillState.PAID


def test_the_channel_does_not_learn_the_secret_of_the_link(
    phone: Client, other: Client, bill: BillRef, at: Channel, bank: Ledger
) -> None:
    path = linked(phone, bill)
    address, attempt = paid_by_link(other, path, at)
    order = bank.orders[attempt.public_id]
    assert order.return_url.endswith(address)
    assert path.split("/")[3] not in repr(order)


def test_the_same_by_the_resident_api(
    who: CardHolder, friend: CardHolder, bill: BillRef, at: Channel, bank: Ledger
) -> None:
    mine, theirs = Phone(who.account), Phone(friend.account)
    assert theirs.post(f"bills/{bill.bill_id}/pay-link").status_code == 404
    made = mine.post(f"bills/{bill.bill_id}/pay-link").json()
    asked = theirs.get(f"pay-links/{made['token']}").json()
    assert (asked["institution"], asked["amount_fen"]) == ("第1医院", 1_200)
    assert set(asked) == {"institution", "holder", "amount_fen", "ways"}
    begun = theirs.post(f"pay-links/{made['token']}/payments", {"provider": CODE, "way": "scans"})
    assert begun.status_code == 201
    attempt = PaymentAttempt.objects.get()
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    tell_paid(at, attempt)
    told = theirs.get(f"payments-for-others/{begun.json()['payment_id']}").json()
    assert (told["state"], told["over"]) == ("settled", True)
    assert mine.get(f"payments-for-others/{begun.json()['payment_id']}").status_code == 404
    assert mine.get(f"bills/{bill.bill_id}").json()["paid_for_by"]
    assert mine.delete(f"bills/{bill.bill_id}/pay-link").status_code == 204


def test_a_second_click_goes_on_with_the_payment_of_the_first(
    phone: Client, other: Client, bill: BillRef, at: Channel
) -> None:
    path = linked(phone, bill)
    first, second = (other.post(path, {"way": CODE}).headers.get("Location") for _click in range(2))
    assert first == second == f"/paid-for/{Settlement.objects.get().public_id}/"
    # Whoever else has the link is told that somebody pays already.
    third = signed_in(Client(), card_holder("13900001003", "测试丙").account).post(path, {"way": CODE})
    assert third.status_code == 422


def test_the_new_link_can_be_copied(phone: Client, bill: BillRef) -> None:
    page = phone.post(f"/bills/{bill.bill_id}/pay/link/")
    assert f'data-copies="{page.context["url"]}"' in text(page)
    # It is told once, and nobody copies it later.
    assert "data-copies" not in text(phone.get(f"/bills/{bill.bill_id}/pay/link/"))
