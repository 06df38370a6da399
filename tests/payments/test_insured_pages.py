"""Paying with an insurance on the pages and by the API: allow, see the split, confirm once, the result."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from payments.insurance.base import Split
from payments.models import Channel, InsuranceOrder
from payments.providers.base import Said, Way
from payments.rules import BillState, SettlementState
from payments.selectors.books import check_books
from payments.types import BillRef
from tests.accounts.people import signed_in
from tests.cards.holding import CardHolder, card_holder
from tests.cards.test_api_resident import Phone
from tests.payments.bank import Bank, Ledger
from tests.payments.insurer import Insurer, Office
from tests.payments.insuring import Mixed, come_to_rest, insured, round_now, setup
from tests.payments.owing import Desk, desk, owed, row
from tests.payments.paying import channel

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-05"), pytest.mark.row("FC-02")]


@pytest.fixture(autouse=True)
def office(settings: Settings) -> Iterator[Office]:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    settings.PAYMENT_INSURERS = ["tests.payments.insurer.Insurer"]
    Bank.books, Insurer.office = Ledger(), Office()
    yield Insurer.office
    assert check_books() == []


@pytest.fixture
def place() -> Desk:
    made = desk()
    channel(made.institution)
    setup(made.institution)
    return made


@pytest.fixture
def who() -> CardHolder:
    return card_holder()


@pytest.fixture
def bill(place: Desk, who: CardHolder) -> BillRef:
    return insured(place.institution, person_pk=who.card.person_id)


@pytest.fixture
def phone(who: CardHolder) -> Client:
    return signed_in(Client(), who.account)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def state_of(page: str) -> str:
    """What the link to the insurer's page carries along."""
    link = next(part for part in page.split('"') if part.startswith("https://insurer.example/permission"))
    return parse_qs(urlsplit(link.replace("&amp;", "&")).query)["state"][0]


def allowed(phone: Client, bill: BillRef) -> tuple[str, Mixed]:
    """The resident comes back from the insurer's page; the address of the payment."""
    state = state_of(text(phone.get(f"/bills/{bill.bill_id}/insurance/")))
    answer = phone.get(f"/bills/{bill.bill_id}/insurance/back", {"state": state, "payAuthNo": "AUTH1"})
    assert answer.status_code == 302, text(answer)
    address = answer["Location"]
    return address, Mixed(bill.bill_id, address.rstrip("/").rpartition("/")[2])


def test_from_the_question_to_the_receipt(phone: Client, bill: BillRef, office: Office) -> None:
    assert "用医保支付" in text(phone.get(f"/bills/{bill.bill_id}/pay/"))
    address, mixed = allowed(phone, bill)
    assert "正在请医保计算" in text(phone.get(address))
    assert phone.get(f"{address}progress").json() == {"done": False}
    mixed.work()
    assert phone.get(f"{address}progress").json()["done"]
    split = text(phone.get(address))
    for said in ("这样支付吗？", "统筹基金", "¥7.00", "¥3.00", "¥2.00", "¥12.00"):
        assert said in split
    assert Bank.books.orders == {}
    assert phone.post(address)["Location"] == address
    own = f"/bills/{bill.bill_id}/payments/{mixed.settlement}/"
    assert phone.get(address)["Location"] == own
    round_now()
    shown = text(phone.get(own))
    assert "扫码付款" in shown
    assert "¥2.00" in shown
    Bank.books.pay(mixed.own.public_id)
    round_now()
    assert phone.get(own)["Location"] == address
    assert "正在等待医保结算" in text(phone.get(address))
    office.settle(mixed.number)
    round_now()
    assert phone.get(address)["Location"] == f"/bills/{bill.bill_id}/receipt/"
    receipt = text(phone.get(f"/bills/{bill.bill_id}/receipt/"))
    assert "统筹基金" in receipt
    assert "测试银行" in receipt
    assert row(bill).state == BillState.PAID


def test_what_went_back_is_told_plainly(phone: Client, bill: BillRef, office: Office) -> None:
    address, mixed = allowed(phone, bill)
    mixed.work()
    phone.post(address)
    round_now()
    office.settle(mixed.number)
    round_now()
    Bank.books.states[mixed.own.public_id] = Said.FAILED
    come_to_rest()
    assert mixed.state == SettlementState.UNDONE
    shown = text(phone.get(address))
    for said in ("没有付成", "已付的都退回了", "统筹基金", "已退回", "重新支付"):
        assert said in shown
    assert "正在退回" not in shown


def test_leaving_the_split_takes_the_bill_back(phone: Client, bill: BillRef, office: Office) -> None:
    address, mixed = allowed(phone, bill)
    mixed.work()
    phone.post(f"{address}leave")
    assert "正在和医保、支付渠道确认" in text(phone.get(address))
    come_to_rest()
    assert "没有扣款" in text(phone.get(address))
    assert mixed.state == SettlementState.UNDONE


def test_coming_back_twice_is_one_payment(phone: Client, bill: BillRef) -> None:
    first, _mixed = allowed(phone, bill)
    assert allowed(phone, bill)[0] == first
    assert InsuranceOrder.objects.count() == 1
    # Who wants to pay otherwise meanwhile is led to where they are.
    assert phone.post(f"/bills/{bill.bill_id}/pay/", {"way": "banktest"})["Location"] == first


def test_without_a_permission_nothing_is_begun(phone: Client, bill: BillRef, who: CardHolder) -> None:
    page = f"/bills/{bill.bill_id}/insurance/"
    state = state_of(text(phone.get(page)))
    for query in ({"state": state}, {"state": "forged", "payAuthNo": "A"}, {"payAuthNo": "A"}):
        answer = phone.get(f"{page}back", query)
        assert answer.status_code == 409
        assert "没有扣款" in text(answer)
    other = card_holder("13900001009", "测试乙")
    stranger = signed_in(Client(), other.account)
    for address in (page, f"{page}back"):
        assert stranger.get(address, {"state": state, "payAuthNo": "A"}).status_code == 404
    assert not InsuranceOrder.objects.exists()


def test_a_stranger_sees_no_split(phone: Client, bill: BillRef) -> None:
    address, mixed = allowed(phone, bill)
    mixed.work()
    stranger = signed_in(Client(), card_holder("13900001009", "测试乙").account)
    assert stranger.get(address).status_code == 404
    assert stranger.post(address).status_code == 404
    assert stranger.get(f"{address}progress").status_code == 404
    assert stranger.post(f"{address}leave").status_code == 404
    assert mixed.state == SettlementState.PLANNED


def test_insurance_is_not_offered_for_a_bill_without_its_data(
    phone: Client, place: Desk, who: CardHolder
) -> None:
    plain = owed(place.institution, person_pk=who.card.person_id)
    assert "用医保支付" not in text(phone.get(f"/bills/{plain.bill_id}/pay/"))
    assert "不能用医保支付" in text(phone.get(f"/bills/{plain.bill_id}/insurance/"))


def test_a_browser_says_where_the_insurance_pays(phone: Client, bill: BillRef) -> None:
    said = "要用医保支付，请在微信里打开这张账单。"
    assert said not in text(phone.get(f"/bills/{bill.bill_id}/pay/"))
    Channel.objects.update(ways=[Way.IN_WEIXIN])
    assert said in text(phone.get(f"/bills/{bill.bill_id}/pay/"))


def test_the_mini_program_pays_by_the_same_rules(who: CardHolder, bill: BillRef, office: Office) -> None:
    phone = Phone(who.account)
    ways = phone.get(f"bills/{bill.bill_id}/insurance").json()["ways"]
    assert ways == [{"provider": "banktest", "label": "测试银行", "way": "scans"}]
    asked = phone.post(f"bills/{bill.bill_id}/insurance", {"provider": "banktest", "way": "scans"}).json()
    state = parse_qs(urlsplit(asked["url"]).query)["state"][0]
    begun = phone.post(f"bills/{bill.bill_id}/insured", {"query": {"state": state, "payAuthNo": "AUTH1"}})
    assert begun.status_code == 201, begun.content
    assert begun.json()["parts"] == []
    address = f"bills/{bill.bill_id}/insured/{begun.json()['payment_id']}"
    refused = phone.post(f"{address}/confirm", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "split_not_ready")
    mixed = Mixed(bill.bill_id, begun.json()["payment_id"])
    mixed.work()
    told = phone.get(address).json()
    assert (told["to_confirm"], told["own_fen"]) == (True, 200)
    assert [part["amount_fen"] for part in told["parts"]] == [700, 300, 200]
    assert phone.post(f"{address}/confirm", {}).json()["state"] == "paying"
    office.split = Split(700, 300, 200)
    office.fail(mixed.number)
    come_to_rest()
    told = phone.get(address).json()
    assert (told["state"], told["over"], told["reason"]) == ("undone", True, "医保没有结算成功。")
    assert phone.post(f"{address}/leave", {}).json()["state"] == "undone"
    stranger = Phone(card_holder("13900001009", "测试乙").account)
    assert stranger.get(address).status_code == 404
