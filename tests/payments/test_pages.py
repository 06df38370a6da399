"""The pages of residents and of the cashier's window, and the resident API."""

from typing import Any

import pytest
from django.test import Client

from cards.services.binding import bind_card
from foundation.audit.actions import Action
from foundation.audit.models import AuditEntry
from identity import services as identity
from identity.rules import Evidence
from institutions.rules import Role
from payments import services
from payments.models import Bill, Refund
from payments.rules import BillState, Category, RefundReason, RefundState
from payments.types import Charge
from privacy.services.copy import copy_data
from tests.accounts import people as accounts
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.cards.world import code_of, holder
from tests.institutions import people
from tests.payments.owing import SYSTEM, Desk, desk, owed, paid, person, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Desk:
    return desk()


@pytest.fixture
def who() -> CardHolder:
    return card_holder()


@pytest.fixture
def cashier(client: Client, place: Desk) -> Client:
    return people.at_work(client, place.account)


def charged(place: Desk, who: CardHolder) -> Bill:
    bill = services.open_bill(
        subject=("hospital.bill", "MZ1"),
        person_pk=who.card.person_id,
        institution=place.institution,
        items=[Charge("乙肝表面抗原", 2_500, Category.LABORATORY)],
        expires_at=None,
        reference="MZ1",
        actor=CENTRE,
    )
    return row(bill)


def text(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined, no-any-return]


# Residents


def test_a_resident_sees_the_bill_with_its_code_and_then_the_receipt(
    client: Client, place: Desk, who: CardHolder
) -> None:
    bill = owed(place.institution, person_pk=who.card.person_id)
    accounts.signed_in(client, who.account)
    assert f"/bills/{bill.bill_id}/" in text(client.get("/bills/"))
    page = text(client.get(f"/bills/{bill.bill_id}/"))
    assert "<svg" in page
    assert "门诊挂号" in page
    assert client.get(f"/bills/{bill.bill_id}/receipt/").status_code == 404
    services.pay_in_cash(bill=bill.bill_id, received_fen=2_000, actor=place.actor)
    receipt = text(client.get(f"/bills/{bill.bill_id}/receipt/"))
    assert "¥8.00" in receipt
    assert "窗口现金" in receipt


def test_what_was_charged_for_is_read_only_by_a_proved_holder(
    client: Client, place: Desk, who: CardHolder
) -> None:
    bill = charged(place, who)
    accounts.signed_in(client, who.account)
    page = text(client.get(f"/bills/{bill.public_id}/"))
    assert "乙肝表面抗原" not in page
    assert "检验费" in page
    assert "核对过本人" in page
    identity.open_self_holding(
        account_pk=who.account.pk, person_pk=who.card.person_id, evidence=Evidence.WINDOW, actor=CENTRE
    )
    assert "乙肝表面抗原" in text(client.get(f"/bills/{bill.public_id}/"))


def test_a_stranger_finds_no_bill(client: Client, place: Desk, who: CardHolder) -> None:
    bill = charged(place, who)
    other = card_holder("13900001002", "测试乙")
    accounts.signed_in(client, other.account)
    assert client.get(f"/bills/{bill.public_id}/").status_code == 404
    assert bill.public_id not in text(client.get("/bills/"))


def test_the_list_pages_and_asks_the_database_no_more_for_more_rows(
    client: Client, place: Desk, who: CardHolder, django_assert_max_num_queries: object
) -> None:
    bills = [owed(place.institution, person_pk=who.card.person_id).bill_id for _ in range(23)]
    accounts.signed_in(client, who.account)
    client.get("/bills/")
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        first = text(client.get("/bills/"))
    assert bills[-1] in first
    assert bills[0] not in first
    assert bills[0] in text(client.get(f"/bills/?before={bills[3]}"))
    assert client.get("/bills/?before=nothing").status_code == 400


def test_a_refund_that_waits_is_told_with_where_to_fetch_it(
    client: Client, place: Desk, who: CardHolder
) -> None:
    bill = paid(place, person_pk=who.card.person_id)
    services.call_off_bills(bills=[bill.bill_id], reason=RefundReason.STOPPED, actor=CENTRE)
    accounts.signed_in(client, who.account)
    assert "到医院窗口领取" in text(client.get(f"/bills/{bill.bill_id}/"))


@pytest.mark.row("OP-10")
def test_the_same_by_the_resident_api(client: Client, place: Desk, who: CardHolder) -> None:
    bill = charged(place, who)
    done = paid(place, person_pk=who.card.person_id)
    accounts.signed_in(client, who.account)
    headers = {"X-Session-Token": client.session.session_key or ""}
    api = Client(headers=headers)
    told = api.get("/api/resident/v1/bills").json()
    assert [one["bill_id"] for one in told["bills"]] == [done.bill_id, bill.public_id]
    waiting = api.get("/api/resident/v1/bills?open=true").json()["bills"]
    assert [one["bill_id"] for one in waiting] == [bill.public_id]
    one = api.get(f"/api/resident/v1/bills/{bill.public_id}").json()
    assert (one["total_fen"], one["lines"][0]["title"], one["state"]) == (2_500, "检验费", "open")
    assert api.get(f"/api/resident/v1/bills/{'0' * 26}").status_code == 404


# The window


def test_the_cashier_finds_a_bill_by_its_number_takes_cash_and_prints(cashier: Client, place: Desk) -> None:
    bill = owed(place.institution, total_fen=1_230)
    number = f"{bill.number[:4]} {bill.number[4:8]} {bill.number[8:]}"
    found = cashier.post("/window/bills/", {"code": number}, follow=True)
    assert found.redirect_chain == [(f"/window/bills/{bill.bill_id}/", 302)]
    assert 'value="12.30"' in text(found)
    assert "autofocus" in text(found)
    receipt = cashier.post(f"/window/bills/{bill.bill_id}/", {"received": "20"}, follow=True)
    assert "¥7.70" in text(receipt)
    assert row(bill).state == BillState.PAID
    assert AuditEntry.objects.filter(action=Action.BILL_READ).count() == 2


def test_the_cashier_finds_bills_by_the_code_of_the_card(cashier: Client, place: Desk) -> None:
    patient = holder()
    bind_card(card_pk=patient.card.pk, actor=place.actor)
    bills = [owed(place.institution, person_pk=patient.card.person_id) for _ in range(2)]
    page = text(cashier.post("/window/bills/", {"code": code_of(patient)}))
    assert all(bill.bill_id in page for bill in bills)


def test_what_is_not_found_is_said_at_the_field(cashier: Client, place: Desk) -> None:
    other = owed(desk(2).institution)
    for code in ("123", other.number, ""):
        answer = cashier.post("/window/bills/", {"code": code})
        assert answer.status_code == 422
        assert "autofocus" in text(answer)
    assert "12 位数字" in text(cashier.post("/window/bills/", {"code": "123"}))


@pytest.mark.parametrize("typed", ["", "abc", "12.345", "11.99", "-20"])
def test_a_wrong_amount_takes_nothing(cashier: Client, place: Desk, typed: str) -> None:
    bill = owed(place.institution)
    answer = cashier.post(f"/window/bills/{bill.bill_id}/", {"received": typed})
    assert answer.status_code == 422
    assert row(bill).state == BillState.OPEN


def test_a_second_press_does_not_take_the_money_twice(cashier: Client, place: Desk) -> None:
    bill = owed(place.institution)
    for expected in (302, 422):
        answer = cashier.post(f"/window/bills/{bill.bill_id}/", {"received": "12"})
        assert answer.status_code == expected
    assert "不要重复收款" in text(answer)


def test_the_receipt_names_the_payment_that_paid_and_not_one_of_another_amount(
    cashier: Client, client: Client, place: Desk, who: CardHolder
) -> None:
    bill = owed(place.institution, person_pk=who.card.person_id)
    services.record_till_payment(bill=bill.bill_id, captured_fen=900, receipt="SJ1", actor=SYSTEM)
    cashier.post(f"/window/bills/{bill.bill_id}/", {"received": "20"})
    receipt = text(cashier.get(f"/window/bills/{bill.bill_id}/receipt/"))
    assert "窗口现金" in receipt
    assert "医院收费处" not in receipt
    accounts.signed_in(client, who.account)
    assert "¥8.00" in text(client.get(f"/bills/{bill.bill_id}/receipt/"))


def test_a_refund_is_opened_and_given_out(cashier: Client, place: Desk) -> None:
    bill = paid(place)
    opened = cashier.post(f"/window/bills/{bill.bill_id}/refund/", {"amount": "5"}, follow=True)
    assert "¥5.00" in text(opened)
    refund = Refund.objects.get()
    assert refund.public_id in text(cashier.get("/window/refunds/"))
    cashier.post(f"/window/refunds/{refund.public_id}/")
    refund.refresh_from_db()
    assert (refund.state, refund.handed_by) == (RefundState.PAID, place.account.public_id)
    assert cashier.post(f"/window/refunds/{refund.public_id}/").status_code == 404
    too_much = cashier.post(f"/window/bills/{bill.bill_id}/refund/", {"amount": "7.01"})
    assert too_much.status_code == 422


def test_a_long_list_of_refunds_pages_to_its_end(cashier: Client, place: Desk) -> None:
    for _number in range(21):
        services.refund_bill(
            bill=paid(place).bill_id, amount_fen=None, reason=RefundReason.STAFF, actor=place.actor
        )
    first = cashier.get("/window/refunds/")
    assert len(first.context["rows"]) == 20
    second = cashier.get("/window/refunds/", {"after": first.context["newer"]})
    assert (len(second.context["rows"]), second.context["newer"]) == (1, "")
    assert cashier.get("/window/refunds/?after=x").status_code == 400


def test_the_window_is_for_cashiers_of_the_bills_hospital(client: Client, place: Desk) -> None:
    bill = paid(place)
    services.refund_bill(bill=bill.bill_id, amount_fen=None, reason=RefundReason.STOPPED, actor=CENTRE)
    addresses = [
        f"/window/bills/{bill.bill_id}/",
        f"/window/bills/{bill.bill_id}/receipt/",
        f"/window/bills/{bill.bill_id}/refund/",
        f"/window/refunds/{Refund.objects.get().public_id}/",
    ]
    people.at_work(client, desk(2).account)
    assert [client.get(address).status_code for address in addresses] == [404] * 4
    assert bill.number not in text(client.get("/window/refunds/"))
    people.at_work(client, desk(3, Role.NURSE).account)
    assert {client.get(address).status_code for address in [*addresses, "/window/bills/"]} == {403}


# The admin


def test_the_admin_lists_money_and_owes_back_with_a_reason(client: Client, place: Desk) -> None:
    bill = paid(place, person_pk=person())
    admin = people.staff(Role.INSTITUTION_ADMIN, place.institution, username="boss")
    people.at_work(client, admin)
    for model in ("bill", "paymentattempt", "refund", "ledgerentry"):
        answer = client.get(f"/institution/payments/{model}/")
        assert answer.status_code == 200, model
    address = f"/institution/payments/bill/{bill.bill_id}/do/refund/"
    form = {"amount": "3", "reason": "多收", "ticket": "t" * 26}
    assert client.post(address, form).status_code == 302
    refund = Refund.objects.get()
    assert (refund.amount_fen, refund.state) == (300, RefundState.DUE)
    withdraw = f"/institution/payments/refund/{refund.public_id}/do/withdraw/"
    assert client.post(withdraw, {"reason": "算错了", "ticket": "u" * 26}).status_code == 302
    assert row(bill).refund_fen == 0


# The copy to take along


def test_a_copy_holds_the_bills_of_a_proved_holder(place: Desk, who: CardHolder) -> None:
    bill = charged(place, who)
    told = copied(who)
    assert "bills" not in told
    identity.open_self_holding(
        account_pk=who.account.pk, person_pk=who.card.person_id, evidence=Evidence.WINDOW, actor=CENTRE
    )
    [shown] = copied(who)["bills"]
    assert (shown["number"], shown["total_fen"]) == (bill.number, 2_500)


def copied(who: CardHolder) -> dict[str, Any]:
    told = copy_data(account_id=who.account.public_id, opens_records=False, actor=who.actor)
    person: dict[str, Any] = told["persons"][0]
    return person
