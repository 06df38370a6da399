"""The demo's channels: set up at the sandbox by itself, and good for paying there."""

import httpx
import pytest
from pytest_django import Settings

from payments import joining, services
from payments.models import Bill, Channel, ChannelState, PaymentAttempt
from payments.rules import App, BillState
from payments.selectors.books import check_books
from payments.services import asking
from payments.services.online import Start
from portal import demo
from tests.payments.owing import SYSTEM, owed
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-12")]


@pytest.fixture
def town(sandbox: Sandbox, settings: Settings) -> Sandbox:
    settings.DEMO = True
    demo.load()
    assert joining.join_sandbox() == 5
    return sandbox


def test_channels_are_set_up_once_and_again_where_the_sandbox_forgot_them(town: Sandbox) -> None:
    assert joining.join_sandbox() == 0
    assert {channel.state for channel in Channel.objects.all()} == {ChannelState.ON}
    kept = {channel.pk: channel.secrets for channel in Channel.objects.all()}
    town.order("reset")
    assert joining.join_sandbox() == 3
    assert {channel.pk: channel.secrets for channel in Channel.objects.all()} == kept


def test_a_channel_that_staff_switched_off_stays_off(town: Sandbox) -> None:
    off = Channel.objects.filter(provider="alipay").earliest("pk")
    services.switch_channel(channel=off.public_id, is_on=False, reason="测试", actor=SYSTEM)
    town.order("reset")
    joining.join_sandbox()
    off.refresh_from_db()
    assert off.state == ChannelState.OFF


@pytest.mark.parametrize(
    ("hospital", "provider"),
    [(place, shop.provider) for place, shops in joining.SHOPS.items() for shop in shops],
)
def test_a_bill_is_paid_at_the_cashier_behind_the_code(town: Sandbox, hospital: str, provider: str) -> None:
    channel = Channel.objects.get(institution__hospital_id=hospital, provider=provider)
    bill = owed(channel.institution.public_id)
    start = Start(provider, "scans", App.H5, "0payer0000000000000000000p")
    settlement = services.begin_payment(bill=bill.bill_id, start=start, actor=SYSTEM)
    attempt = PaymentAttempt.objects.get(leg__settlement__public_id=settlement)
    asking.launch_attempt(attempt=attempt.public_id)
    attempt.refresh_from_db()
    assert attempt.launch is not None
    _pay(town, attempt.launch["fields"]["text"])
    asking.ask_attempt(attempt=attempt.public_id)
    assert Bill.objects.get(public_id=bill.bill_id).state == BillState.PAID
    assert check_books() == []


def _pay(sandbox: Sandbox, text: str) -> None:
    """Scan a code on the sandbox's pages and press what the cashier offers."""
    page = sandbox.http.get("/scan", params={"text": text}, follow_redirects=True)
    assert page.status_code == 200, page.text
    if text.startswith("weixin://"):
        token = httpx.URL(text).params["pr"]
        done = sandbox.http.post("/weixinpay/cashier", data={"press": "pay", "token": token})
    else:
        done = sandbox.http.post(str(page.url), data={"buyer": "2088000000000002"})
    assert done.status_code == 200, done.text


def test_a_code_of_nobody_is_not_opened(sandbox: Sandbox) -> None:
    page = sandbox.http.get("/scan", params={"text": "https://elsewhere.example/pay"})
    assert "没有应用认识这个二维码" in page.text


@pytest.mark.parametrize("setting", ["DEMO", "SANDBOX_URL"])
def test_outside_a_demo_nothing_is_set_up(sandbox: Sandbox, settings: Settings, setting: str) -> None:
    settings.DEMO = True
    demo.load()
    setattr(settings, setting, "")
    assert joining.join_sandbox() == 0
    assert not Channel.objects.exists()
