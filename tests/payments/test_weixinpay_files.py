"""WeChat Pay's bill files: golden ones, their known traps, and those that must not be believed."""

import gzip
from datetime import date, datetime
from pathlib import Path

import pytest

from payments.providers.base import NoticeKind
from payments.providers.errors import StatementBroken
from payments.providers.weixinpay import files
from payments.providers.weixinpay.files import BEIJING
from payments.providers.weixinpay.statements import read_flows, read_trades

DAY = date(2026, 11, 20)
GOLDEN = Path(__file__).parent / "golden"
TRADES = (GOLDEN / "weixinpay-trade-all.csv").read_bytes()
FLOWS = (GOLDEN / "weixinpay-fund-flow.csv").read_bytes()


@pytest.mark.row("FC-10")
def test_a_golden_trade_bill_is_read_to_the_fen() -> None:
    statement = read_trades(DAY, TRADES)
    assert (statement.count, statement.gross_fen, statement.refund_fen, statement.fee_fen) == (
        3,
        130_001,
        20_000,
        660,
    )
    first, second, refund = statement.rows
    assert (first.number, first.amount_fen, first.fee_fen) == ("01KAGOLDEN0000000000000001", 100_000, 600)
    assert first.at == datetime(2026, 11, 20, 8, 0, 1, tzinfo=BEIJING)
    assert (second.amount_fen, second.fee_fen) == (30_001, 180)
    assert (refund.kind, refund.state) == (NoticeKind.REFUND, "PROCESSING")
    assert (refund.refund_number, refund.amount_fen, refund.fee_fen) == (
        "01KAGOLDENREFUND0000000001",
        20_000,
        -120,
    )
    assert statement.digest == "be8f485c71ac2d610bbe56e86453bcffc12162b4"


def test_a_golden_fund_flow_is_read_to_the_fen() -> None:
    flow = read_flows(DAY, FLOWS)
    assert (flow.income_fen, flow.spent_fen) == (100_000, 20_600)
    assert [each.amount_fen for each in flow.flows] == [100_000, -600, -20_000]
    assert flow.flows[-1].balance_fen == 79_400


def test_the_same_file_comes_out_of_its_packing() -> None:
    assert files.plain(gzip.compress(TRADES)) == TRADES
    assert files.plain(TRADES) == TRADES


@pytest.mark.parametrize("length", [2, 40, -9])
def test_a_torn_packing_is_no_file(length: int) -> None:
    packed = gzip.compress(TRADES)[:length]
    with pytest.raises(StatementBroken):
        files.plain(packed)


def test_a_bomb_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_PLAIN_BYTES", 1_000)
    with pytest.raises(StatementBroken):
        files.plain(gzip.compress(bytes(10_000)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("`1000.00,`0.00,`\r\n", "`1000.01,`0.00,`\r\n"),
        ("`3,`", "`4,`"),
        ("`6.60000", "`6.60001"),
        ("订单金额,申请退款金额", "订单金额,另一列"),
        ("2026-11-20 08:00:01", "2026-11-20"),
        ("`0.60%,`1000.00", "`0.60%,`1,000.00"),
        ("`0.60%,`1000.00", "`0.60%,`NaN"),
        ("`0.60%,`1000.00", "`0.60%,`1000.001"),
        ("`2026-11-20 08:00:01", "2026-11-20 08:00:01"),
    ],
)
def test_a_file_that_contradicts_itself_is_not_believed(old: str, new: str) -> None:
    text = TRADES.decode()
    assert old in text
    with pytest.raises(StatementBroken):
        read_trades(DAY, text.replace(old, new, 1).encode())


@pytest.mark.parametrize("data", [b"", b"No Bill Exist", b"\xff\xfe", "交易时间\r\n".encode()])
def test_what_is_no_bill_is_not_believed(data: bytes) -> None:
    with pytest.raises(StatementBroken):
        read_trades(DAY, data)
    with pytest.raises(StatementBroken):
        read_flows(DAY, data)


def test_a_flow_whose_totals_are_wrong_is_not_believed() -> None:
    with pytest.raises(StatementBroken):
        read_flows(DAY, FLOWS.replace(b"`1000.00,`2.0", b"`1000.01,`2.0"))
