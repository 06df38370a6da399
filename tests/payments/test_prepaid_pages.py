"""Balances on the pages, by the resident API, and at the window."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from identity import services as identity
from identity.rules import Evidence
from payments import services
from payments.models import Bill, Channel, PaymentAttempt, PrepaidAccount, Refund
from payments.rules import BillState, PrepaidState, RefundReason
from payments.selectors.books import check_books
from payments.selectors.copies import balances_for_copy
from payments.selectors.resident import open_bills
from payments.services import asking
from privacy.services.closing import close_account
from tests.accounts.people import signed_in
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.cards.test_api_resident import Phone
from tests.institutions import people
from tests.payments.bank import CODE, Ledger
from tests.payments.owing import Desk, desk, owed, row
from tests.payments.paying import tell_paid
from tests.payments.saving import account_of, balance, spent, topped_up
from tests.payments.test_ledger import check_now

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank"), pytest.mark.row("FC-07")]


@pytest.fixture(autouse=True)
def books_hold() -> Iterator[None]:
    yield
    check_now()
    assert check_books() == []


@pytest.fixture
def who() -> CardHolder:
    return proved(card_holder())


def proved(who: CardHolder) -> CardHolder:
    identity.open_self_holding(
        account_pk=who.account.pk, person_pk=who.card.person_id, evidence=Evidence.WINDOW, actor=CENTRE
    )
    return who


@pytest.fixture
def phone(who: CardHolder) -> Client:
    return signed_in(Client(), who.account)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def purse_address(phone: Client) -> str:
    return str(phone.get("/prepaid/")["Location"])


def test_from_an_empty_balance_to_a_top_up_that_is_there(
    phone: Client, who: CardHolder, place: Desk, at: Channel, bank: Ledger
) -> None:
    address = purse_address(phone)
    assert "还没有明细" in text(phone.get(address))
    answer = phone.post(f"{address}top-up/", {"receiver": place.institution, "amount": "50"})
    bill = Bill.objects.get()
    assert answer["Location"] == f"/bills/{bill.public_id}/pay/"
    # It was begun on a page, and is no debt that the first page would remind of.
    assert open_bills(account_pk=who.account.pk) == []
    phone.post(answer["Location"], {"way": CODE})
    attempt = PaymentAttempt.objects.get()
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    tell_paid(at, attempt)
    shown = text(phone.get(address))
    assert "¥50.00" in shown
    assert "+¥50.00" in shown


def test_a_wrong_amount_is_said_at_the_field(phone: Client, place: Desk, at: Channel) -> None:
    address = purse_address(phone)
    for typed, said in (("", "请填写金额"), ("x", "最多两位小数"), ("6000", "¥1.00 到 ¥5,000.00")):
        answer = phone.post(f"{address}top-up/", {"receiver": place.institution, "amount": typed})
        assert answer.status_code == 422
        assert said in text(answer)
    assert not Bill.objects.exists()


def test_a_bill_is_paid_from_the_balance_after_the_split_was_shown(
    phone: Client, who: CardHolder, place: Desk
) -> None:
    topped_up(place, who.card.person_id, 2_000)
    bill = owed(place.institution, person_pk=who.card.person_id)
    assert f"/bills/{bill.bill_id}/pay/balance/" in text(phone.get(f"/bills/{bill.bill_id}/"))
    question = text(phone.get(f"/bills/{bill.bill_id}/pay/balance/"))
    assert "¥12.00" in question
    assert "¥0.00" in question
    answer = phone.post(f"/bills/{bill.bill_id}/pay/balance/", {"part": "1200"})
    assert answer["Location"] == f"/bills/{bill.bill_id}/receipt/"
    assert "预交金余额" in text(phone.get(answer["Location"]))
    assert balance(who.card.person_id) == 800


def test_the_rest_is_paid_at_the_channel(
    phone: Client, who: CardHolder, place: Desk, at: Channel, bank: Ledger
) -> None:
    topped_up(place, who.card.person_id, 500)
    bill = owed(place.institution, person_pk=who.card.person_id)
    question = text(phone.get(f"/bills/{bill.bill_id}/pay/balance/"))
    assert "¥5.00" in question
    assert "¥7.00" in question
    assert phone.post(f"/bills/{bill.bill_id}/pay/balance/", {"part": "500"}).status_code == 422
    answer = phone.post(f"/bills/{bill.bill_id}/pay/balance/", {"part": "500", "way": CODE})
    attempt = PaymentAttempt.objects.get(provider=CODE)
    asking.launch_attempt(attempt=attempt.public_id)
    assert "¥7.00" in text(phone.get(answer["Location"]))
    bank.pay(attempt.public_id)
    tell_paid(at, attempt)
    receipt = text(phone.get(f"/bills/{bill.bill_id}/receipt/"))
    assert "预交金" in receipt
    assert "测试银行" in receipt


def test_a_balance_that_shrank_meanwhile_is_not_taken(phone: Client, who: CardHolder, place: Desk) -> None:
    topped_up(place, who.card.person_id, 1_300)
    bill = owed(place.institution, person_pk=who.card.person_id)
    spent(owed(place.institution, person_pk=who.card.person_id, total_fen=1_000))
    answer = phone.post(f"/bills/{bill.bill_id}/pay/balance/", {"part": "1200"})
    assert answer.status_code == 422
    assert (balance(who.card.person_id), row(bill).state) == (300, BillState.OPEN)


def test_money_is_given_back_by_the_page(phone: Client, who: CardHolder, place: Desk) -> None:
    topped_up(place, who.card.person_id, 2_000)
    address = purse_address(phone)
    assert "窗口现金" in text(phone.get(f"{address}pay-out/"))
    account = account_of(who.card.person_id).public_id
    too_much = phone.post(f"{address}pay-out/", {"account": account, "amount": "20.01"})
    assert too_much.status_code == 422
    phone.post(f"{address}pay-out/", {"account": account, "amount": "20"})
    assert Refund.objects.get().amount_fen == 2_000
    assert balance(who.card.person_id) == 0


def test_only_a_proved_holder_sees_a_balance(place: Desk) -> None:
    unproved = card_holder("13900001077", "测试丙")
    topped_up(place, unproved.card.person_id, 2_000)
    bill = owed(place.institution, person_pk=unproved.card.person_id)
    client = signed_in(Client(), unproved.account)
    assert "现在还不能用预交金" in text(client.get("/prepaid/"))
    assert "pay/balance" not in text(client.get(f"/bills/{bill.bill_id}/"))
    assert client.post(f"/bills/{bill.bill_id}/pay/balance/", {"part": "1200"}).status_code == 302
    assert Phone(unproved.account).get("balances").json()["people"] == []
    refused = Phone(unproved.account).post(f"bills/{bill.bill_id}/payments", {"balance_fen": 1_200})
    assert refused.status_code == 404
    assert balance(unproved.card.person_id) == 2_000


def test_a_stranger_finds_no_balance(phone: Client, who: CardHolder, place: Desk) -> None:
    other = proved(card_holder("13900001078", "测试丁"))
    topped_up(place, other.card.person_id, 2_000)
    theirs = purse_address(signed_in(Client(), other.account))
    account = account_of(other.card.person_id).public_id
    addresses = (theirs, f"{theirs}top-up/", f"{theirs}pay-out/")
    assert {phone.get(address).status_code for address in addresses} == {404}
    mine = purse_address(phone)
    assert phone.post(f"{mine}pay-out/", {"account": account, "amount": "20"}).status_code == 422
    person = mine.split("/")[2]
    answer = Phone(who.account).post(f"balances/{person}/pay-outs", {"account_id": account})
    assert answer.status_code == 404
    assert balance(other.card.person_id) == 2_000


def test_the_same_by_the_resident_api(who: CardHolder, place: Desk, at: Channel, bank: Ledger) -> None:
    api = Phone(who.account)
    told = api.get("balances").json()
    [person] = told["people"]
    assert told["receivers"] == [{"institution": place.institution, "name": "第1医院"}]
    opened = api.post(
        f"balances/{person['person_id']}/top-ups", {"institution": place.institution, "amount_fen": 5_000}
    )
    assert opened.status_code == 201
    services.pay_in_cash(bill=opened.json()["bill_id"], received_fen=5_000, actor=place.actor)
    bill = owed(place.institution, person_pk=who.card.person_id)
    assert api.get(f"bills/{bill.bill_id}/ways").json()["balance_fen"] == 1_200
    paid = api.post(f"bills/{bill.bill_id}/payments", {"balance_fen": 1_200})
    assert (paid.status_code, paid.json()["state"], paid.json()["over"]) == (201, "settled", True)
    [person] = api.get("balances").json()["people"]
    assert person["total_fen"] == 3_800
    moved = api.get(f"balances/{person['person_id']}/movements").json()
    assert [one["amount_fen"] for one in moved["movements"]] == [-1_200, 5_000]
    back = api.post(
        f"balances/{person['person_id']}/pay-outs",
        {"account_id": person["balances"][0]["account_id"], "amount_fen": 3_800},
    )
    assert len(back.json()["refunds"]) == 1
    assert balance(who.card.person_id) == 0


def test_movements_page_to_their_end(phone: Client, who: CardHolder, place: Desk) -> None:
    topped_up(place, who.card.person_id, 10_000)
    for _number in range(20):
        spent(owed(place.institution, person_pk=who.card.person_id, total_fen=100))
    address = purse_address(phone)
    first = phone.get(address)
    assert len(first.context["rows"]) == 20
    second = phone.get(address, {"before": first.context["older"]})
    assert (len(second.context["rows"]), second.context["older"]) == (1, "")
    assert phone.get(f"{address}?before=x").status_code == 400


def test_an_account_with_a_balance_is_not_closed_and_a_copy_tells_of_it(
    phone: Client, who: CardHolder, place: Desk
) -> None:
    topped_up(place, who.card.person_id, 2_000)
    certificate = {"certificate": who.id_number, "understood": "on"}
    refused = phone.post("/me/data/close/", certificate)
    assert "预交金账户里还有余额" in text(refused)
    [told] = balances_for_copy(who.card.person_id)
    assert told["balance_fen"] == told["top_ups"][0]["left_fen"] == 2_000
    services.pay_out(account=account_of(who.card.person_id).public_id, actor=CENTRE)
    close_account(
        account_id=who.account.public_id,
        is_confirmed=True,
        certificate=who.id_number,
        actor=who.actor,
    )
    assert PrepaidAccount.objects.get().state == PrepaidState.CLOSED


# The window


@pytest.fixture
def cashier(place: Desk) -> Client:
    client = Client()
    people.at_work(client, place.account)
    return client


def test_the_cashier_tops_up_by_cash_and_gives_back(cashier: Client, place: Desk) -> None:
    someone = card_holder("13900001079", "测试戊")
    account = account_of(someone.card.person_id).public_id
    shown = text(cashier.get(f"/window/prepaid/{account}/"))
    assert "测试戊" not in shown
    asked = cashier.post(f"/window/prepaid/{account}/", {"amount": "80"})
    cashier.post(asked["Location"], {"received": "100"})
    assert balance(someone.card.person_id) == 8_000
    assert "¥20.00" in text(cashier.get(f"{asked['Location']}receipt/"))
    answer = cashier.post(f"/window/prepaid/{account}/pay-out/", {"amount": "30"})
    cashier.post(answer["Location"])
    assert Refund.objects.get().state == "paid"
    assert balance(someone.card.person_id) == 5_000
    too_much = cashier.post(f"/window/prepaid/{account}/pay-out/", {"amount": "50.01"})
    assert too_much.status_code == 422


def test_another_window_gives_back_nothing_that_was_topped_up_elsewhere(cashier: Client, place: Desk) -> None:
    someone, other = card_holder("13900001080", "测试己"), desk(2)
    topped_up(other, someone.card.person_id, 2_000)
    account = account_of(someone.card.person_id).public_id
    assert cashier.post(f"/window/prepaid/{account}/pay-out/", {"amount": "1"}).status_code == 422
    stay = services.open_account(
        person_pk=someone.card.person_id, institution=other.institution, visit="ZY1", actor=other.actor
    )
    assert cashier.get(f"/window/prepaid/{stay}/").status_code == 404


def test_the_cashier_takes_a_part_of_the_balance_and_the_rest_in_cash(cashier: Client, place: Desk) -> None:
    someone = card_holder("13900001081", "测试庚")
    topped_up(place, someone.card.person_id, 700)
    bill = owed(place.institution, person_pk=someone.card.person_id)
    account = account_of(someone.card.person_id).public_id
    address = f"/window/prepaid/{account}/bills/{bill.bill_id}/"
    assert address in text(cashier.get(f"/window/prepaid/{account}/"))
    page = text(cashier.get(address))
    assert "¥7.00" in page
    assert "¥5.00" in page
    assert "测试庚" not in page
    little = cashier.post(address, {"part": 700, "received": "4"})
    assert little.status_code == 422
    assert cashier.post(address, {"part": 701, "received": "5"}).status_code == 422
    assert balance(someone.card.person_id) == 700
    done = cashier.post(address, {"part": 700, "received": "10"}, follow=True)
    assert done.redirect_chain == [(f"/window/bills/{bill.bill_id}/receipt/", 302)]
    assert "¥5.00" in text(done)
    assert (row(bill).state, balance(someone.card.person_id)) == (BillState.PAID, 0)
    legs = dict(row(bill).settlements.get(state="settled").legs.values_list("kind", "amount_fen"))
    assert legs == {"prepaid": 700, "own": 500}
    # Twice it is paid once.
    assert cashier.post(address, {"part": 700, "received": "10"}).status_code == 404
    services.refund_bill(bill=bill.bill_id, amount_fen=None, reason=RefundReason.STAFF, actor=place.actor)
    assert balance(someone.card.person_id) == 700
    assert Refund.objects.get(provider="cash").amount_fen == 500


def test_a_balance_that_covers_a_bill_at_the_window_needs_no_cash(cashier: Client, place: Desk) -> None:
    someone = card_holder("13900001082", "测试辛")
    topped_up(place, someone.card.person_id, 2_000)
    bill = owed(place.institution, person_pk=someone.card.person_id)
    account = account_of(someone.card.person_id).public_id
    address = f"/window/prepaid/{account}/bills/{bill.bill_id}/"
    assert cashier.post(address, {"part": 1_200, "received": "0.00"}).status_code == 302
    assert (row(bill).state, balance(someone.card.person_id)) == (BillState.PAID, 800)


def test_a_balance_at_the_window_pays_no_bill_of_somebody_else_or_of_another_hospital(
    cashier: Client, place: Desk
) -> None:
    someone, other = card_holder("13900001083", "测试壬"), card_holder("13900001084", "测试癸")
    topped_up(place, someone.card.person_id, 2_000)
    account = account_of(someone.card.person_id).public_id
    bills = (
        owed(place.institution, person_pk=other.card.person_id),
        owed(desk(2).institution, person_pk=someone.card.person_id),
    )
    for bill in bills:
        address = f"/window/prepaid/{account}/bills/{bill.bill_id}/"
        assert cashier.get(address).status_code == 404
        assert cashier.post(address, {"part": 1_200, "received": "0"}).status_code == 404
    services.freeze_account(account=account, is_frozen=True, reason="测试", actor=CENTRE)
    mine = owed(place.institution, person_pk=someone.card.person_id)
    assert cashier.get(f"/window/prepaid/{account}/bills/{mine.bill_id}/").status_code == 404
    assert balance(someone.card.person_id) == 2_000
