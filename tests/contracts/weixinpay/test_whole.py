"""A bill paid and given back through WeChat Pay, as the product does it, with the notices at its own door."""

import pytest
from django.db.models import F
from django.test import Client
from pytest_django import Settings

from foundation.events import relay
from payments import services
from payments.models import PaymentAttempt, Refund
from payments.rules import App, BillState, RefundReason, RefundState
from payments.services import asking, returning
from payments.services.channels import Setup
from payments.services.online import Start
from tests.contracts.weixinpay.side import MCHID, Shop, wait_until
from tests.payments.owing import SYSTEM, Desk, balances, desk, owed, row
from tests.sdk.flaky import Asked

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-04")]


@pytest.fixture
def place(shop: Shop, settings: Settings) -> Desk:
    """A hospital whose notices go where the tests catch them first."""
    settings.BASE_URL = shop.portal.url
    shop.behave(pace=0)
    place, set_up = desk(), shop.merchant
    channel = services.add_channel(
        institution=place.institution,
        provider="weixinpay",
        setup=Setup(MCHID, set_up.base_url, set_up.values, ["scans"], secrets=set_up.secrets),
        reason="测试",
        actor=SYSTEM,
    )
    services.switch_channel(channel=channel, is_on=True, reason="测试", actor=SYSTEM)
    return place


def launched(bill: str) -> PaymentAttempt:
    start = Start("weixinpay", "scans", App.H5, "0payer0000000000000000000p")
    settlement = services.begin_payment(bill=bill, start=start, actor=SYSTEM)
    attempt = PaymentAttempt.objects.get(leg__settlement__public_id=settlement)
    asking.launch_attempt(attempt=attempt.public_id)
    attempt.refresh_from_db()
    assert attempt.launch is not None
    assert attempt.launch["fields"]["text"].startswith("weixin://")
    return attempt


def pass_on(asked: Asked) -> int:
    """Bring a notice that was caught to the product's own door; what is answered."""
    headers = {name: value for name, value in asked.headers.items() if name.startswith("wechatpay-")}
    answer = Client().post(asked.path, asked.body, content_type="application/json", headers=headers)
    relay.work_inbox()
    return answer.status_code


def pay(shop: Shop, attempt: PaymentAttempt, **how: int) -> None:
    shop.sandbox.order("weixinpay/pay", mchid=MCHID, number=attempt.public_id, **how)


def test_a_notice_pays_the_bill_once_and_a_probe_never(shop: Shop, place: Desk) -> None:
    bill = owed(place.institution)
    attempt = launched(bill.bill_id)
    shop.sandbox.fault("weixinpay", "probe")
    shop.sandbox.fault("weixinpay", "duplicate")
    pay(shop, attempt)
    probe, first, second = shop.heard(3)
    assert pass_on(probe) == 401
    assert row(bill).state == BillState.OPEN
    assert [pass_on(first), pass_on(second)] == [204, 204]
    assert row(bill).state == BillState.PAID
    assert balances() == {"weixinpay": 1_200, "income": -1_200}


def test_a_lost_notice_is_made_good_by_asking(shop: Shop, place: Desk) -> None:
    bill = owed(place.institution)
    attempt = launched(bill.bill_id)
    shop.sandbox.fault("weixinpay", "drop")
    pay(shop, attempt)
    asking.ask_attempt(attempt=attempt.public_id)
    assert row(bill).state == BillState.PAID


def test_a_wrong_amount_is_kept_and_owed_back(shop: Shop, place: Desk) -> None:
    bill = owed(place.institution)
    attempt = launched(bill.bill_id)
    pay(shop, attempt, amount=1)
    assert pass_on(shop.heard()[0]) == 204
    assert row(bill).state == BillState.OPEN
    assert Refund.objects.get().amount_fen == 1


@pytest.mark.row("FC-06")
def test_money_goes_back_and_is_told(shop: Shop, place: Desk) -> None:
    bill = owed(place.institution)
    attempt = launched(bill.bill_id)
    pay(shop, attempt)
    pass_on(shop.heard()[0])
    [number] = services.refund_bill(
        bill=bill.bill_id, amount_fen=200, reason=RefundReason.STAFF, actor=place.actor
    )
    Refund.objects.update(next_try_at=F("opened_at"))
    for refund in returning.due_refunds():
        returning.send_refund(refund=refund)
    wait_until(lambda: len(shop.portal.asked) == 2)
    assert pass_on(shop.portal.asked[1]) == 204
    assert Refund.objects.get(public_id=number).state == RefundState.PAID
    assert balances() == {"weixinpay": 1_000, "income": -1_000}
