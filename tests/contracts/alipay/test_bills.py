"""Alipay's statements: fetched from the played gateway, and read when they are broken."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from foundation.core import clock
from payments.providers.alipay import Alipay, bills
from payments.providers.base import Merchant, NoticeKind
from payments.providers.errors import (
    ChannelTemporary,
    StatementBroken,
    StatementEmpty,
    StatementNotReady,
)
from tests.contracts.alipay.world import paid, refund_of, registered
from tests.sandbox_server import Sandbox


def today() -> date:
    return clock.beijing(clock.now()).date()


@pytest.fixture
def merchant(sandbox: Sandbox) -> Merchant:
    return registered(sandbox, "key")


@pytest.mark.row("FC-10")
def test_a_day_is_stated_in_fen_and_sums_up(sandbox: Sandbox, merchant: Merchant) -> None:
    first, second = paid(sandbox, merchant, fen=10_000), paid(sandbox, merchant, fen=55)
    refund = refund_of(first, 2_500)
    Alipay().refund(merchant, refund)
    sandbox.order("alipay/days", day=today().isoformat(), state="ready")
    told = Alipay().statement(merchant, today())
    assert [(row.kind, row.number, row.amount_fen, row.fee_fen) for row in told.rows] == [
        (NoticeKind.PAYMENT, first.number, 10_000, 60),
        (NoticeKind.PAYMENT, second.number, 55, 0),
        (NoticeKind.REFUND, first.number, 2_500, -15),
    ]
    assert told.rows[2].refund_number == refund.number
    assert told.rows[0].channel_ref == Alipay().query(merchant, first).channel_ref
    assert (told.count, told.gross_fen, told.refund_fen, told.fee_fen) == (3, 10_055, 2_500, 45)
    assert abs(told.rows[0].at - clock.now()) < timedelta(minutes=1)
    assert len(told.digest) == 64


def test_a_day_that_is_not_written_and_one_that_is_empty_are_told_apart(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    paid(sandbox, merchant)
    with pytest.raises(StatementNotReady):
        Alipay().statement(merchant, today())
    with pytest.raises(StatementEmpty):
        Alipay().statement(merchant, today() - timedelta(days=30))


def test_the_morning_decides(sandbox: Sandbox, merchant: Merchant) -> None:
    sandbox.order("alipay/days", day="2026-03-01", state="empty")
    for hour, error in ((1, StatementNotReady), (3, StatementEmpty)):
        with time_machine.travel(datetime(2026, 3, 2, hour, tzinfo=UTC), tick=True), pytest.raises(error):
            Alipay().statement(merchant, date(2026, 3, 1))


def test_a_link_that_leads_elsewhere_is_not_followed(merchant: Merchant) -> None:
    for link in ("http://169.254.1.1/x?a=1", "https://evil.example/x", "https://alipay.com.example/x", ""):
        with pytest.raises(StatementBroken):
            bills._fetched(merchant, link)


def test_a_link_that_is_too_old_is_asked_for_again_later(merchant: Merchant) -> None:
    with pytest.raises(ChannelTemporary):
        bills._fetched(merchant, f"{merchant.base_url}/downloadBillFile.resource?fileId=old")


HEADS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,"
    "券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
LINE = (
    "2026030122001000000000000001\t,N1\t,交易,诊疗费,2026-03-01 10:00:00,2026-03-01 10:00:30,,,,,a***@b.cn,"
    "8.00,8.00,0.00,0.00,0.00,0.00,0.00,,0.00,0.00,,-0.05,0.00,"
)
PAID = "#交易合计：1笔，商家实收共8.00元，商家优惠共0.00元"
BACK = "#退款合计：0笔，商家实收退款共0.00元，商家优惠退款共0.00元"


def zipped(*lines: str, name: str = "a.csv") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr(name, "\r\n".join(lines).encode("gbk"))
    return content.getvalue()


def test_a_file_is_read_with_its_comments_and_tabs() -> None:
    told = bills.read(date(2026, 3, 1), zipped("#支付宝业务明细查询", HEADS, LINE, PAID, BACK))
    assert [(row.number, row.amount_fen, row.fee_fen) for row in told.rows] == [("N1", 800, 5)]
    assert told.rows[0].at == datetime(2026, 3, 1, 2, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        zipped("nothing"),
        zipped(HEADS, LINE, PAID),
        zipped(HEADS, LINE, PAID.replace("1笔", "2笔"), BACK),
        zipped(HEADS, LINE, PAID.replace("8.00", "8.01"), BACK),
        zipped(HEADS, PAID, BACK),
        zipped(HEADS, LINE.replace("8.00", "-8.00"), PAID.replace("8.00", "-8.00"), BACK),
        zipped(HEADS, LINE.replace("交易", "转账"), PAID, BACK),
        zipped(HEADS, LINE.replace("10:00:30", "25:00:30"), PAID, BACK),
        zipped(HEADS, LINE + ",more", PAID, BACK),
        zipped(HEADS, LINE[:60], PAID, BACK),
        zipped(HEADS, LINE.replace("8.00", "8.001"), PAID, BACK),
    ],
)
def test_a_file_that_does_not_fit_is_refused(content: bytes) -> None:
    with pytest.raises(StatementBroken):
        bills.read(date(2026, 3, 1), content)


def test_a_discount_of_alipays_own_changes_what_the_merchant_gets_and_not_what_was_paid(
    merchant: Merchant,
) -> None:
    line = LINE.replace("8.00,8.00", "8.00,7.00")
    told = bills.read(
        date(2026, 3, 1), zipped(HEADS, line, PAID.replace("8.00", "7.00"), BACK, name="明细.csv")
    )
    assert told.gross_fen == 800
