"""What a hospital takes off is no money: nobody pays it, is shown it as paid, or is given it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from foundation.core.paper import can_print
from payments import services
from payments.models import Refund
from payments.rules import LegKind, RefundReason
from payments.selectors import desk as desk_bills
from payments.selectors.books import check_books
from payments.selectors.money import money_of
from payments.selectors.paying_for import paid_for
from payments.services import asking
from payments.types import BillRef, Charge
from tests.accounts.people import signed_in
from tests.cards.holding import CardHolder, card_holder
from tests.cards.test_api_resident import Phone
from tests.institutions import people
from tests.payments.bank import Ledger
from tests.payments.insuring import come_to_rest
from tests.payments.owing import SYSTEM, Desk, owed, person, row
from tests.payments.paying import PAYER, begun, channel, settlement_of
from tests.payments.saving import balance, spent, topped_up

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank"), pytest.mark.row("FC-06")]


@pytest.fixture(autouse=True)
def books_hold(db: None) -> Iterator[None]:
    yield
    assert check_books() == []


@pytest.fixture
def who() -> CardHolder:
    return card_holder()


@pytest.fixture
def cashier(client: Client, place: Desk) -> Client:
    return people.at_work(client, place.account)


def reduced(place: Desk, person_pk: int) -> BillRef:
    """¥12 of which the hospital takes ¥2 off."""
    return services.open_bill(
        subject=("hospital.bill", "MZ1"),
        person_pk=person_pk,
        institution=place.institution,
        items=[Charge("示范检查", 1_200)],
        expires_at=None,
        reference="MZ1",
        reduction_fen=200,
        actor=SYSTEM,
    )


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_what_is_owed_is_shown_without_it(place: Desk, who: CardHolder, cashier: Client) -> None:
    bill = reduced(place, who.card.person_id)
    phone = signed_in(Client(), who.account)
    for page in (phone.get("/"), phone.get("/bills/")):
        assert "10.00" in text(page)
        assert "12.00" not in text(page)
    one = Phone(who.account).get(f"bills/{bill.bill_id}").json()
    assert (one["total_fen"], one["reduction_fen"], one["due_fen"]) == (1_200, 200, 1_000)
    assert "10.00" in text(cashier.get(f"/window/bills/{bill.bill_id}/"))


def test_what_goes_back_is_the_money(place: Desk, who: CardHolder, cashier: Client) -> None:
    bill = reduced(place, who.card.person_id)
    services.pay_in_cash(bill=bill.bill_id, received_fen=1_000, actor=place.actor)
    address = f"/window/bills/{bill.bill_id}/refund/"
    page = text(cashier.get(address))
    assert 'value="10.00"' in page
    assert "12.00" not in page
    assert cashier.post(address, {"amount": "11"}).status_code == 422
    answer = cashier.post(address, {"amount": "10"})
    handed = Refund.objects.get(provider="cash")
    assert answer["Location"] == f"/window/refunds/{handed.public_id}/"
    come_to_rest(1)
    api = Phone(who.account)
    # Nothing has been handed out yet.
    assert api.get("bills").json()["sums"] == {"to_pay_fen": 0, "paid_fen": 1_000, "refunded_fen": 0}
    one = api.get(f"bills/{bill.bill_id}").json()
    assert (one["refund_fen"], one["refunded_fen"]) == (1_000, 0)
    cashier.post(f"/window/refunds/{handed.public_id}/")
    one = api.get(f"bills/{bill.bill_id}").json()
    assert (one["refund_fen"], one["refunded_fen"]) == (1_000, 1_000)
    assert api.get("bills").json()["sums"]["refunded_fen"] == 1_000
    assert "已退款" in text(signed_in(Client(), who.account).get("/bills/"))
    assert text(cashier.get(f"/window/bills/{bill.bill_id}/receipt/")).count("12.00") == 3
    assert row(bill).refunded_fen == 1_200


def test_who_pays_for_somebody_else_is_told_what_they_get_back(place: Desk, bank: Ledger) -> None:
    channel(place.institution)
    bill = reduced(place, person())
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    asking.ask_attempt(attempt=attempt.public_id)
    services.call_off_bills(bills=[bill.bill_id], reason=RefundReason.HOSPITAL, actor=SYSTEM)
    found = paid_for(account=PAYER, settlement_id=settlement_of(attempt).public_id)
    assert (found.asked.amount_fen, found.refunded_fen) == (1_000, 1_000)
    kinds = settlement_of(attempt).legs.values_list("kind", flat=True)
    assert set(kinds) == {LegKind.OWN, LegKind.REDUCTION}


@pytest.mark.row("FC-07")
def test_a_refund_at_the_window_into_a_balance_is_told_there(place: Desk, cashier: Client) -> None:
    who = person()
    topped_up(place, who)
    bill = owed(place.institution, person_pk=who)
    spent(bill)
    answer = cashier.post(f"/window/bills/{bill.bill_id}/refund/", {"amount": "12"}, follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain == [(f"/window/bills/{bill.bill_id}/", 302)]
    assert "已退回预交金余额" in text(answer)
    assert balance(who) == 10_000


def test_total_reduction_and_what_is_due_stand_under_each_other(
    place: Desk, who: CardHolder, cashier: Client
) -> None:
    bill = reduced(place, who.card.person_id)
    phone, address = signed_in(Client(), who.account), f"/bills/{bill.bill_id}/"
    told = ("¥12.00", "¥2.00", "¥10.00")
    shown = text(phone.get(address))
    assert [one in shown for one in told] == [True] * 3
    services.pay_in_cash(bill=bill.bill_id, received_fen=1_000, actor=place.actor)
    for page in (phone.get(f"{address}receipt/"), cashier.get(f"/window/bills/{bill.bill_id}/receipt/")):
        assert [one in text(page) for one in told] == [True] * 3
    legs = Phone(who.account).get(f"bills/{bill.bill_id}").json()["legs"]
    assert {leg["kind"]: leg["amount_fen"] for leg in legs} == {"own": 1_000, "reduction": 200}
    assert phone.get(f"{address}receipt/document").status_code == (200 if can_print() else 404)


def test_staff_read_what_came_and_went_in_money(place: Desk, cashier: Client) -> None:
    bill = reduced(place, person())
    services.pay_in_cash(bill=bill.bill_id, received_fen=1_000, actor=place.actor)
    services.refund_bill(bill=bill.bill_id, amount_fen=None, reason=RefundReason.STAFF, actor=place.actor)
    # Nobody hands a reduction out.
    assert [one.amount_fen for one in desk_bills.waiting_refunds(actor=place.actor)] == [1_000]
    assert [one.amount_fen for one in desk_bills.due_refunds(actor=place.actor).rows] == [1_000]
    come_to_rest(1)
    money = money_of(row(bill))
    assert (money.captured_fen, money.refund_fen, money.refunded_fen) == (1_000, 1_000, 0)
    listed = text(cashier.get("/institution/payments/bill/"))
    assert "10.00" in listed
    assert "12.00" not in listed
    assert text(cashier.get(f"/window/orders/{bill.bill_id}/")).count("¥10.00") >= 3
