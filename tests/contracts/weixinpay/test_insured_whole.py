"""Insurance and an own share over the wire: WeChat's one confirmation, the insurer's own answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from pytest_django import Settings

from foundation.core import clock
from foundation.events import relay
from mpi import selectors as mpi
from payments import services
from payments.insurance.base import Allowed
from payments.models import Bill, InsuranceOrder, InsurerSetup, Refund
from payments.rules import (
    App,
    BillState,
    Category,
    InsuranceState,
    RefundReason,
    RefundState,
    SettlementState,
)
from payments.selectors.books import check_books
from payments.services import InsurerDetails, Start, asking
from payments.services.channels import Setup
from payments.types import Charge
from tests.contracts.weixinpay.side import MCHID, OPENID, Shop, wait_until
from tests.interop.receiver import receiver
from tests.payments.insurance import bills
from tests.payments.insuring import Mixed, claim, come_to_rest
from tests.payments.owing import SYSTEM, Desk, balances, desk, person
from tests.payments.paying import PAYER

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-05"), pytest.mark.row("HI-04")]

# 400.00, as in the contract of the centre: the fund 104.00, the account 256.00, 40.00 of one's own.
TOTAL = 40_000
PAID = {"insurance_mobile_fund": 10_400, "insurance_mobile_account": 25_600, "weixinpay": 4_000}
Begin = Callable[..., Mixed]


@dataclass
class World:
    """A hospital with both, at the sandbox."""

    desk: Desk
    shop: Shop
    setup: InsurerSetup

    def confirm(self, mixed: Mixed, fails: str = "") -> None:
        """The resident confirms in WeChat."""
        self.shop.sandbox.order("weixinpay/confirm", mix_trade_no=mixed.order.merged_ref, fails=fails)

    def centre(self, mixed: Mixed) -> dict[str, object]:
        """The order as the insurance has it."""
        [found] = self.shop.sandbox.show("insurance/orders", number=mixed.number)["orders"]
        return dict(found)


@pytest.fixture
def world(shop: Shop, settings: Settings) -> Iterator[World]:
    settings.BASE_URL = shop.portal.url
    shop.behave(pace=0)
    place, known = desk(), shop.sandbox.show("insurance")
    channel = services.add_channel(
        institution=place.institution,
        provider="weixinpay",
        setup=Setup(
            MCHID,
            shop.merchant.base_url,
            shop.merchant.values,
            ["in_weixin", "scans"],
            secrets=shop.merchant.secrets,
        ),
        reason="测试",
        actor=SYSTEM,
    )
    services.switch_channel(channel=channel, is_on=True, reason="测试", actor=SYSTEM)
    merchant = bills.mobile_merchant(shop.sandbox.url, known)
    setup = services.add_insurer_setup(
        institution=place.institution,
        insurer="insurance_mobile",
        details=InsurerDetails(
            merchant.number,
            merchant.base_url,
            {**merchant.values, "weixin_city": "110100", "weixin_location": "116.397,39.907"},
            merchant.secrets,
        ),
        reason="测试",
        actor=SYSTEM,
    )
    services.switch_insurer_setup(setup=setup, is_on=True, reason="测试", actor=SYSTEM)
    yield World(place, shop, InsurerSetup.objects.get(public_id=setup))
    assert check_books() == []


@pytest.fixture
def begin(world: World) -> Begin:
    def begun(name: str = "林知秋", *, way: str = "in_weixin", reduction_fen: int = 0) -> Mixed:
        who = person(name)
        known = mpi.particulars(who)
        told = claim(TOTAL, outside_fen=4_000, first_fen=3_000, within_fen=33_000)
        bill = services.open_bill(
            subject=("hospital.bill", f"W{clock.now().timestamp()}"),
            person_pk=who,
            institution=world.desk.institution,
            items=[Charge("示范检查", TOTAL, Category.EXAMINATION)],
            expires_at=None,
            reduction_fen=reduction_fen,
            claim=told,
            actor=SYSTEM,
        )
        number = world.shop.sandbox.order("insurance/permissions", id_number=known.id_number)["payAuthNo"]
        settlement = services.begin_insured(
            bill=bill.bill_id,
            start=Start("weixinpay", way, App.H5, PAYER, payer={"openid": OPENID}),
            allowed=Allowed(number=number),
            holder=mpi.public_id_of(who),
            actor=SYSTEM,
        )
        mixed = Mixed(bill.bill_id, settlement)
        mixed.work()
        return mixed

    return begun


def launched(mixed: Mixed) -> dict[str, str]:
    services.confirm_split(settlement=mixed.settlement, actor=SYSTEM)
    asking.launch_attempt(attempt=mixed.own.public_id)
    launch = mixed.own.launch
    assert launch is not None
    return dict(launch["fields"])


def test_both_parts_are_confirmed_once_in_weixin(world: World, begin: Begin) -> None:
    mixed = begin()
    assert (mixed.state, mixed.legs()) == (
        SettlementState.PLANNED,
        {"fund": 10_400, "account": 25_600, "own": 4_000},
    )
    assert launched(mixed)["mixTradeNo"] == mixed.order.merged_ref
    world.confirm(mixed)
    come_to_rest(2)
    assert (mixed.bill_state, mixed.order.state) == (BillState.PAID, InsuranceState.SETTLED)
    assert world.centre(mixed)["state"] == "6"
    assert balances() == {**PAID, "income": -TOTAL}


def test_what_the_hospital_takes_off_is_in_the_mixed_order(world: World, begin: Begin) -> None:
    mixed = begin(reduction_fen=1_000)
    launched(mixed)
    world.confirm(mixed)
    come_to_rest(2)
    assert mixed.bill_state == BillState.PAID
    assert balances() == {**PAID, "weixinpay": 3_000, "reduction": 1_000, "income": -TOTAL}


def test_the_insurance_fails_and_the_own_share_goes_back(world: World, begin: Begin) -> None:
    mixed = begin("医测付后失败")
    launched(mixed)
    world.confirm(mixed)
    come_to_rest()
    assert (mixed.bill_state, mixed.state) == (BillState.OPEN, SettlementState.UNDONE)
    assert Refund.objects.get().amount_fen == 4_000
    assert balances() == {}


def test_the_own_share_fails_and_the_insurance_goes_back(world: World, begin: Begin) -> None:
    mixed = begin("医测自费失败")
    launched(mixed)
    world.confirm(mixed)
    come_to_rest()
    assert (mixed.bill_state, mixed.state) == (BillState.OPEN, SettlementState.UNDONE)
    assert world.centre(mixed)["state"] == "8"
    assert set(Refund.objects.values_list("provider", "state")) == {
        ("insurance_mobile_fund", RefundState.PAID),
        ("insurance_mobile_account", RefundState.PAID),
    }
    assert balances() == {}


def test_nobody_confirms_and_the_centre_takes_it_back(world: World, begin: Begin) -> None:
    mixed = begin()
    launched(mixed)
    services.give_up(settlement=mixed.settlement, failure="payer", actor=SYSTEM)
    come_to_rest()
    assert mixed.state == SettlementState.UNDONE
    assert world.centre(mixed)["state"] == "12"


def test_settled_without_an_answer_is_found_by_asking(world: World, begin: Begin) -> None:
    mixed = begin()
    launched(mixed)
    world.shop.sandbox.fault("insurance", "silent")
    world.shop.sandbox.fault("weixinpay", "drop")
    world.confirm(mixed)
    assert mixed.bill_state == BillState.OPEN
    come_to_rest(2)
    assert mixed.bill_state == BillState.PAID


@pytest.mark.row("FC-06")
def test_a_whole_refund_goes_to_both_and_weixin_is_told(world: World, begin: Begin) -> None:
    mixed = begin()
    launched(mixed)
    world.confirm(mixed)
    come_to_rest(2)
    services.refund_bill(bill=mixed.bill, amount_fen=None, reason=RefundReason.STAFF, actor=world.desk.actor)
    come_to_rest()
    order = mixed.order
    assert (order.state, bool(order.told_back_at)) == (InsuranceState.RETURNED, True)
    assert balances() == {}
    own = Refund.objects.get(provider="weixinpay")
    told = world.shop.sandbox.show("requests")["requests"]
    [said] = [each for each in told if each["path"].startswith("/v3/med-ins/refunds/notify")]
    assert own.public_id in str(said)


def test_a_notice_of_the_insurer_is_a_reason_to_ask_and_a_repeat_changes_nothing(
    world: World, begin: Begin
) -> None:
    with receiver() as into:
        known = world.shop.sandbox.show("insurance")["demo"]
        app = {name: value for name, value in known.items() if name != "private_key"}
        world.shop.sandbox.order("insurance", **app | {"notify_url": f"{into.url}/insurance"})
        mixed = begin()
        launched(mixed)
        world.confirm(mixed)
        wait_until(lambda: bool(into.raw))
        body = into.raw[0][1]
    address = f"/pay/insurance/insurance_mobile/{world.setup.public_id}"
    for _ in range(2):
        answer = Client().post(address, body, content_type="application/json")
        assert (answer.status_code, answer.json()["success"]) == (200, True)
        relay.work_inbox()
    assert InsuranceOrder.objects.filter(next_ask_at__lte=clock.now()).exists()
    forged = Client().post(address, body.replace(b"2.0.1", b"2.0.2"), content_type="application/json")
    assert (forged.status_code, forged.json()["success"]) == (500, False)
    come_to_rest(2)
    assert Bill.objects.get().state == BillState.PAID
