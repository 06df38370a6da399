"""Staff look an order up by any of its numbers, and read what happened to it."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from cards.services.binding import bind_card
from foundation.audit.actions import Action
from foundation.audit.models import AuditEntry
from institutions.rules import Role
from payments import services
from payments.models import Bill, ChannelNotice, PaymentAttempt, Refund
from payments.rules import RefundReason
from payments.services import asking
from tests.cards.world import code_of, holder
from tests.institutions import people
from tests.payments.bank import Ledger
from tests.payments.owing import SYSTEM, Desk, desk, owed, paid, row
from tests.payments.paying import begun, channel, tell_paid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank"), pytest.mark.row("FC-06")]


@pytest.fixture
def clerk(client: Client, place: Desk) -> Client:
    return people.at_work(client, place.account)


def text(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined, no-any-return]


def online(place: Desk, bank: Ledger) -> PaymentAttempt:
    """An order that was paid by a channel, and told by it."""
    at = channel(place.institution)
    attempt = begun(owed(place.institution, reference="MZ-7781").bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    tell_paid(at, attempt)
    attempt.refresh_from_db()
    return attempt


def find(clerk: Client, typed: str) -> list[tuple[str, int]]:
    answer = clerk.post("/window/orders/", {"code": typed}, follow=True)
    return list(answer.redirect_chain)


def test_an_order_is_found_by_each_of_its_numbers(clerk: Client, place: Desk, bank: Ledger) -> None:
    attempt = online(place, bank)
    bill = Bill.objects.get(pk=attempt.bill_id)
    services.note_receipt(bill=bill.public_id, receipt="SJ-0091", actor=SYSTEM)
    [refund] = services.refund_bill(
        bill=bill.public_id,
        amount_fen=200,
        reason=RefundReason.HOSPITAL,
        hospital_ref="TF-0042",
        actor=SYSTEM,
    )
    there = [(f"/window/orders/{bill.public_id}/", 302)]
    numbers = [bill.number, attempt.public_id, attempt.channel_ref, "MZ-7781", "SJ-0091", refund, "TF-0042"]
    for number in numbers:
        assert find(clerk, number) == there, number
    assert AuditEntry.objects.filter(action=Action.BILL_SEARCHED).count() == len(numbers)
    for wrong in ("MZ-77", "MZ-7782", "0" * 26):
        assert find(clerk, wrong) == []


def test_the_till_s_receipt_and_the_patient_s_card_find_orders_too(clerk: Client, place: Desk) -> None:
    patient = holder()
    bind_card(card_pk=patient.card.pk, actor=place.actor)
    bill = owed(place.institution, person_pk=patient.card.person_id)
    services.record_till_payment(bill=bill.bill_id, captured_fen=1_200, receipt="TILL-7", actor=SYSTEM)
    there = [(f"/window/orders/{bill.bill_id}/", 302)]
    assert find(clerk, "TILL-7") == there
    assert find(clerk, code_of(patient)) == there
    second = paid(place, person_pk=patient.card.person_id)
    both = text(clerk.post("/window/orders/", {"code": code_of(patient)}))
    assert bill.bill_id in both
    assert second.bill_id in both
    assert clerk.post("/window/orders/", {"code": code_of(holder())}).status_code == 422


def test_another_hospitals_order_is_not_found_and_not_opened(client: Client, place: Desk) -> None:
    bill = paid(place)
    stranger = people.at_work(client, desk(2).account)
    for number in (bill.number, PaymentAttempt.objects.get().public_id):
        assert "没有找到订单" in text(stranger.post("/window/orders/", {"code": number}))
    assert stranger.get(f"/window/orders/{bill.bill_id}/").status_code == 404
    nurse = people.at_work(Client(), desk(3, Role.NURSE).account)
    assert nurse.get("/window/orders/").status_code == 403
    assert nurse.get(f"/window/orders/{bill.bill_id}/").status_code == 403


def test_the_centre_finds_orders_of_every_hospital(place: Desk) -> None:
    bill = paid(place)
    centre = people.at_work(Client(), people.staff(Role.CENTRE_ADMIN))
    assert find(centre, bill.number) == [(f"/window/orders/{bill.bill_id}/", 302)]


def test_the_timeline_tells_everything_by_time_and_who_did_it(
    clerk: Client, place: Desk, bank: Ledger
) -> None:
    attempt = online(place, bank)
    bill = Bill.objects.get(pk=attempt.bill_id)
    services.refund_bill(bill=bill.public_id, amount_fen=200, reason=RefundReason.STAFF, actor=place.actor)
    page = clerk.get(f"/window/orders/{bill.public_id}/")
    steps = page.context["steps"]
    told = [step.what for step in steps]
    for earlier, later in (
        ("账单开出", "开始结算"),
        ("开始结算", "渠道告知支付结果"),
        ("渠道告知支付结果", "收到款项"),
        ("收到款项", "账单已支付"),
        ("账单已支付", "发起退款"),
    ):
        assert told.index(earlier) < told.index(later), (earlier, later)
    assert {"记账：收款", "记账：入账", "记账：应退"} <= set(told)
    assert len(told) == len({(step.what, step.at, step.detail) for step in steps})
    assert [step.who for step in steps if step.what == "发起退款"] == [f"工作人员 {place.account.username}"]
    shown = text(page)
    assert attempt.channel_ref in shown
    assert "测试甲" not in shown
    assert "*" in shown
    assert ChannelNotice.objects.count() == 1
    assert "查看了账单" in text(clerk.get(f"/window/orders/{bill.public_id}/"))


def test_a_payment_that_failed_is_in_the_timeline_with_its_reason(
    clerk: Client, place: Desk, bank: Ledger
) -> None:
    channel(place.institution)
    attempt = begun(owed(place.institution).bill_id)
    services.fail_attempt(attempt=attempt.public_id, failure="payer", actor=SYSTEM)
    shown = text(clerk.get(f"/window/orders/{Bill.objects.get().public_id}/"))
    assert "支付没有成功" in shown
    assert "付款人放弃" in shown


def test_searching_and_reading_ask_the_database_a_bounded_number_of_times(
    clerk: Client, place: Desk, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    bill = paid(place, total_fen=5_000)
    for _number in range(8):
        services.refund_bill(bill=bill.bill_id, amount_fen=100, reason=RefundReason.STAFF, actor=place.actor)
    assert Refund.objects.count() == 8
    with django_assert_max_num_queries(26):
        clerk.post("/window/orders/", {"code": row(bill).public_id})
    with django_assert_max_num_queries(30):
        clerk.get(f"/window/orders/{bill.bill_id}/")
