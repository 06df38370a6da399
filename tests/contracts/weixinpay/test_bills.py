"""Bills of WeChat Pay over the wire: ready, not ready, empty, changed, and checked against themselves."""

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from foundation.core import clock
from payments.providers.base import NoticeKind
from payments.providers.errors import (
    ChannelRefused,
    StatementBroken,
    StatementEmpty,
    StatementNotReady,
)
from tests.contracts.weixinpay.side import MCHID, PROVIDER, Shop

BEIJING = ZoneInfo("Asia/Shanghai")


def today() -> date:
    return clock.now().astimezone(BEIJING).date()


@pytest.fixture
def day(shop: Shop) -> Iterator[date]:
    """Today, of which the bill is ready at once; no day ends while a test runs."""
    shop.behave(bills="ready", pace=0)
    started = today()
    yield started
    assert today() == started


@pytest.mark.parametrize("algorithms", ["RSA", "SM"])
@pytest.mark.row("FC-10")
def test_a_bill_has_what_was_paid_and_given_back(shop: Shop, day: date, algorithms: str) -> None:
    order, payment = shop.paid(amount_fen=10_000, title="门诊缴费, 复诊")
    refund = shop.return_of(order, payment, 2_500)
    PROVIDER.refund(shop.merchant, refund)
    shop.asked()
    statement = PROVIDER.statement(shop.merchant, day)
    assert (statement.count, statement.gross_fen, statement.refund_fen) == (2, 10_000, 2_500)
    assert statement.fee_fen == 60 - 15
    paid, returned = statement.rows
    assert (paid.kind, paid.number, paid.channel_ref) == (
        NoticeKind.PAYMENT,
        order.number,
        payment.channel_ref,
    )
    assert (paid.amount_fen, paid.fee_fen, paid.at) == (10_000, 60, payment.paid_at)
    assert (returned.kind, returned.number) == (NoticeKind.REFUND, order.number)
    assert (returned.refund_number, returned.amount_fen, returned.fee_fen) == (refund.number, 2_500, -15)
    assert returned.refund_ref.startswith("50")


def test_the_flow_of_funds_has_fees_by_themselves(shop: Shop, day: date) -> None:
    order, payment = shop.paid(amount_fen=10_000)
    PROVIDER.refund(shop.merchant, shop.return_of(order, payment, 2_500))
    flow = PROVIDER.fund_flow(shop.merchant, day)
    assert [each.amount_fen for each in flow.flows] == [10_000, -60, -2_500, 15]
    assert (flow.income_fen, flow.spent_fen) == (10_015, 2_560)
    assert flow.flows[0].ref == flow.flows[1].ref == payment.channel_ref
    assert flow.flows[1].kind == "扣除交易手续费"
    assert flow.flows[0].voucher == order.number


def test_a_day_without_anything_has_no_bill(shop: Shop, day: date) -> None:
    with pytest.raises(StatementEmpty):
        PROVIDER.statement(shop.merchant, day)
    with pytest.raises(StatementEmpty):
        PROVIDER.fund_flow(shop.merchant, day)


def test_a_bill_that_is_being_written_is_not_ready(shop: Shop, day: date) -> None:
    shop.behave(bills="creating")
    shop.paid()
    with pytest.raises(StatementNotReady):
        PROVIDER.statement(shop.merchant, day - timedelta(days=1))


@pytest.mark.parametrize("days", [0, 100])
def test_there_is_no_bill_of_today_nor_of_long_ago(shop: Shop, day: date, days: int) -> None:
    shop.behave(bills="clock")
    shop.paid()
    with pytest.raises(ChannelRefused):
        PROVIDER.statement(shop.merchant, day - timedelta(days=days))


def test_a_file_that_does_not_match_its_digest_is_not_read(shop: Shop, day: date) -> None:
    shop.paid()
    shop.sandbox.fault("weixinpay", "tamper")
    with pytest.raises(StatementBroken) as broken:
        PROVIDER.statement(shop.merchant, day)
    assert broken.value.code == "digest"


def test_a_bill_may_differ_from_what_happened(shop: Shop, day: date) -> None:
    lost, _ = shop.paid()
    other, _ = shop.paid()
    shop.sandbox.order(
        "weixinpay/bills",
        mchid=MCHID,
        day=day.isoformat(),
        leave_out=[lost.number],
        amounts={other.number: 9},
        strangers=1,
    )
    rows = PROVIDER.statement(shop.merchant, day).rows
    assert {row.number: row.amount_fen for row in rows if row.number == other.number} == {other.number: 9}
    assert lost.number not in {row.number for row in rows}
    assert len(rows) == 2


def test_a_download_needs_a_signature_and_a_link(shop: Shop, day: date) -> None:
    shop.paid()
    library = shop.judge()
    code, message = library.trade_bill(day.isoformat())
    assert code == 200
    assert shop.sandbox.http.get("/v3/billdownload/file?token=1").status_code == 401
    assert library._core.request("/v3/billdownload/file?token=made-up", skip_verify=True)[0] == 400
    assert "hash_value" in message
