"""Mixed orders at WeChat over the wire: insurance and a part of one's own, confirmed once."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from foundation.core import clock
from payments.providers.base import Asked, Said, Way
from payments.providers.errors import (
    ChannelRefused,
    ChannelUnsure,
    NoticeRefused,
    OrderChanged,
    OrderUnknown,
)
from payments.providers.weixinpay import mixed
from payments.providers.weixinpay.amounts import Added, Amounts, Reduced
from payments.providers.weixinpay.mixed import (
    InsuranceRefund,
    Insured,
    Mixed,
    MixedOrder,
    MixedRefused,
    Part,
    Person,
    Place,
    Why,
)
from tests.contracts.weixinpay.side import OPENID, PROVIDER, Shop, merchant, wait_until
from tests.sdk.flaky import Answer

CREATED_AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
PAYER = Person("测试人", "11010019900101997X")
BOTH = Amounts(
    total_fen=202_000,
    fund_fen=100_000,
    account_fen=45_000,
    other_fen=5_000,
    left_fen=50_000,
    own_fen=42_000,
    added={Added.FREIGHT: 2_000},
    reduced={Reduced.HOSPITAL: 10_000},
)
INSURED = Amounts(total_fen=30_000, fund_fen=25_000, account_fen=5_000)


def order(shop: Shop, amounts: Amounts = BOTH, **changes: Any) -> MixedOrder:
    """A mixed order, whose own part was asked for."""
    own = shop.wanted(amount_fen=amounts.own_fen or 1)
    prepay_id = ""
    if amounts.own_fen:
        launch = PROVIDER.order(shop.merchant, own)
        prepay_id = launch.fields["package"].removeprefix("prepay_id=")
    given: dict[str, Any] = {
        "number": own.number,
        "serial_no": "MZ202611210001",
        "order_type": "DIAG_PAY",
        "way": Way.IN_WEIXIN,
        "openid": OPENID,
        "payer": PAYER,
        "place": Place("H11010000001", "示范医院", "110100"),
        "notify_url": f"{shop.portal.url}/mixed",
        "insured": Insured("ORD110100202611210001", "AUTH1101002026", clock.now(), "116.397,39.907"),
        "prepay_id": prepay_id,
        **changes,
    }
    return MixedOrder(amounts=amounts, **given)


def confirm(shop: Shop, found: Mixed, fails: str = "") -> None:
    shop.sandbox.order("weixinpay/confirm", mix_trade_no=found.ref, fails=fails)


def notice(shop: Shop) -> tuple[str, Mixed]:
    """The notice of the mixed order, among those of its own part."""
    wait_until(lambda: any(each.path == "/mixed" for each in shop.portal.asked))
    told = next(each for each in shop.portal.asked if each.path == "/mixed")
    return mixed.read_notice(shop.merchant, told.headers, told.body)


@pytest.mark.parametrize("algorithms", ["RSA", "SM"])
@pytest.mark.parametrize("has_public_key", [True, False])
@pytest.mark.row("FC-05")
def test_both_parts_are_paid_together(shop: Shop, algorithms: str, has_public_key: bool) -> None:
    shop.merchant = merchant(shop.sandbox, algorithms=algorithms, has_public_key=has_public_key)
    shop.behave(callbacks="mixed" if has_public_key else "certificate")
    wanted = order(shop)
    found = mixed.create(shop.merchant, wanted)
    assert (found.whole, found.own, found.insured) == (Part.WAITING,) * 3
    confirm(shop, found)
    paid = mixed.query(shop.merchant, found.ref)
    assert (paid.whole, paid.own, paid.insured) == (Part.PAID,) * 3
    assert (paid.total_fen, paid.insured_fen, paid.own_fen) == (202_000, 150_000, 42_000)
    assert mixed.query_number(shop.merchant, wanted.number) == paid
    assert notice(shop)[1] == paid
    assert PROVIDER.query(shop.merchant, Asked(wanted.number, clock.now(), wanted.way)).state is Said.PAID


@pytest.mark.parametrize("way", [Way.IN_WEIXIN, Way.MINI_PROGRAM])
def test_the_launch_names_the_mixed_order(shop: Shop, way: Way) -> None:
    wanted = order(shop)
    if way is Way.MINI_PROGRAM:
        own = shop.wanted(amount_fen=42_000, way=way)
        prepay = PROVIDER.order(shop.merchant, own).fields["package"].removeprefix("prepay_id=")
        wanted = replace(wanted, number=own.number, way=way, prepay_id=prepay)
    found = mixed.create(shop.merchant, wanted)
    fields: Mapping[str, str] = mixed.launch(shop.merchant, wanted, found.ref).fields
    page = shop.sandbox.http.get("/weixinpay/cashier", params=dict(fields))
    assert "自费 <strong>¥420.00</strong>" in page.text
    done = shop.sandbox.http.post("/weixinpay/cashier", data={"mixed": found.ref, "press": "pay"})
    assert "支付成功" in done.text
    assert mixed.query(shop.merchant, found.ref).whole is Part.PAID


def test_insurance_alone_is_launched_without_a_payment(shop: Shop) -> None:
    wanted = order(shop, INSURED)
    found = mixed.create(shop.merchant, wanted)
    assert found.own is Part.NONE
    launch = mixed.launch(shop.merchant, wanted, found.ref)
    assert launch.fields.keys() == {"appid", "mixTradeNo"}
    confirm(shop, found)
    assert notice(shop)[1].whole is Part.PAID


def test_an_order_without_insurance_can_be_mixed_as_well(shop: Shop) -> None:
    amounts = Amounts(total_fen=900, own_fen=900, added={Added.MEDICAL: 900})
    found = mixed.create(shop.merchant, order(shop, amounts, insured=None))
    assert found.insured is Part.NONE
    confirm(shop, found)
    assert mixed.query(shop.merchant, found.ref).whole is Part.PAID


@pytest.mark.parametrize(
    ("fails", "own", "insured"),
    [
        ("insurance", Part.PAID, Part.FAILED),
        ("own", Part.FAILED, Part.PAID),
        ("both", Part.FAILED, Part.FAILED),
    ],
)
@pytest.mark.row("FC-05")
def test_either_part_can_fail_by_itself(shop: Shop, fails: str, own: Part, insured: Part) -> None:
    found = mixed.create(shop.merchant, order(shop))
    confirm(shop, found, fails)
    said = mixed.query(shop.merchant, found.ref)
    assert (said.whole, said.own, said.insured) == (Part.FAILED, own, insured)
    assert bool(said.reason) is (insured is Part.FAILED)
    assert not any(each.path == "/mixed" for each in shop.portal.asked)


@pytest.mark.parametrize(
    ("changes", "equation"),
    [
        ({"total_fen": 202_001}, "equation_1"),
        ({"left_fen": 50_001}, "equation_2"),
        ({"own_fen": 42_001}, "equation_1"),
        ({"added": {}}, "equation_2"),
        ({"total_fen": 0}, "below_zero"),
        ({"own_fen": -1}, "below_zero"),
    ],
)
@pytest.mark.row("FC-05")
def test_amounts_that_disagree_are_never_sent(shop: Shop, changes: dict[str, Any], equation: str) -> None:
    wanted = replace(order(shop), amounts=replace(BOTH, **changes))
    with pytest.raises(MixedRefused) as refused:
        mixed.create(shop.merchant, wanted)
    assert (refused.value.why, refused.value.code) == (Why.AMOUNTS, equation)
    calls = [each["path"] for each in shop.sandbox.show("requests")["requests"]]
    assert not [path for path in calls if path.startswith("/v3/med-ins")]


@pytest.mark.parametrize("changes", [{"prepay_id": ""}, {"insured": None}])
def test_parts_that_do_not_go_together_are_never_sent(shop: Shop, changes: dict[str, Any]) -> None:
    with pytest.raises(MixedRefused):
        mixed.create(shop.merchant, replace(order(shop), **changes))
    with pytest.raises(MixedRefused):
        mixed.create(shop.merchant, replace(order(shop, INSURED), prepay_id="wx1"))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"payer": Person("测不符", "11010019900101997X")}, Why.IDENTITY),
        ({"payer": Person("测无凭证", "11010019900101997X")}, Why.CERTIFICATE),
        ({"relative": Person("测无关系", "110100199001019988")}, Why.RELATION),
        ({"insured": Insured("ORD1", "AUTH1-EXPIRED", CREATED_AT, "1,1")}, Why.AUTHORISATION),
    ],
)
def test_refusals_say_what_somebody_can_do(shop: Shop, changes: dict[str, Any], why: Why) -> None:
    with pytest.raises(MixedRefused) as refused:
        mixed.create(shop.merchant, order(shop, **changes))
    assert refused.value.why is why


def test_a_relative_pays_for_the_insured(shop: Shop) -> None:
    found = mixed.create(shop.merchant, order(shop, relative=Person("测亲属", "110100199001019988")))
    assert found.whole is Part.WAITING


def test_asking_again_finds_the_same_order(shop: Shop) -> None:
    wanted = order(shop)
    found = mixed.create(shop.merchant, wanted)
    assert mixed.create(shop.merchant, wanted) == found
    with pytest.raises(OrderChanged):
        mixed.create(shop.merchant, replace(wanted, amounts=INSURED, prepay_id=""))


def test_a_lost_answer_is_asked_for_by_the_number(shop: Shop) -> None:
    wanted = order(shop)
    shop.sandbox.fault("weixinpay", "lost", path="/v3/med-ins")
    with pytest.raises(ChannelUnsure):
        mixed.create(shop.merchant, wanted)
    shop.sandbox.repair()
    assert mixed.query_number(shop.merchant, wanted.number).number == wanted.number


def test_an_unknown_mixed_order_is_told_apart(shop: Shop) -> None:
    with pytest.raises(OrderUnknown):
        mixed.query_number(shop.merchant, "NOTHING1")
    with pytest.raises(OrderUnknown):
        mixed.query(shop.merchant, "2026112100000")


@pytest.mark.row("FC-06")
def test_weixin_hears_from_us_what_the_insurance_gave_back(shop: Shop) -> None:
    shop.behave(pace=0)
    wanted = order(shop)
    found = mixed.create(shop.merchant, wanted)
    refund = InsuranceRefund("R1", 100_000, 45_000, 5_000, clock.now())
    with pytest.raises(ChannelRefused):
        mixed.tell_refund(shop.merchant, found.ref, refund)
    confirm(shop, found)
    for _ in range(2):
        mixed.tell_refund(shop.merchant, found.ref, refund)
    said = mixed.query(shop.merchant, found.ref)
    assert (said.whole, said.own, said.insured) == (Part.PAID, Part.PAID, Part.REFUNDED)
    own = shop.wanted(number=wanted.number, amount_fen=42_000)
    payment = PROVIDER.query(shop.merchant, own)
    PROVIDER.refund(shop.merchant, shop.return_of(own, payment, number="R1"))
    wait_until(lambda: mixed.query(shop.merchant, found.ref).whole is Part.REFUNDED)


def test_the_notice_of_a_payment_is_none_of_a_mixed_order(shop: Shop) -> None:
    shop.paid()
    told = shop.heard()[0]
    with pytest.raises(NoticeRefused):
        mixed.read_notice(shop.merchant, told.headers, told.body)
    found = mixed.create(shop.merchant, order(shop))
    confirm(shop, found)
    notice(shop)
    told = next(each for each in shop.portal.asked if each.path == "/mixed")
    # The own part is told by itself: of the whole one learns that there is something to ask.
    said = PROVIDER.read_notice(shop.merchant, told.headers, told.body).said
    assert (said.number, said.state) == (found.number, Said.WAITING)


def test_a_mixed_order_is_told_for_a_short_time_only(shop: Shop) -> None:
    shop.behave(pace=0)
    shop.portal.script[:] = [Answer(500, b"")]
    found = mixed.create(shop.merchant, order(shop, INSURED))
    confirm(shop, found)
    wait_until(lambda: len(shop.portal.asked) == 5)
    assert mixed.query(shop.merchant, found.ref).whole is Part.PAID


def test_persons_are_shown_nowhere(shop: Shop) -> None:
    shown = repr(order(shop))
    assert "测试人" not in shown
    assert "116.397" not in shown
