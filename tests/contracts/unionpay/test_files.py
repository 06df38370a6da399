"""UnionPay's files of a day."""

import base64
from datetime import date, timedelta

import pytest

from foundation.core import clock
from payments.providers.base import (
    Merchant,
    NoticeKind,
)
from payments.providers.errors import (
    StatementBroken,
    StatementEmpty,
    StatementNotReady,
)
from payments.providers.unionpay import UnionPay, files, gateway, told
from tests.contracts.unionpay.world import (
    NUMBER,
    paid,
    refund_of,
)
from tests.sandbox_server import Sandbox


def today() -> date:
    now = clock.beijing(clock.now())
    return (now + timedelta(days=1) if now.hour >= 23 else now).date()


@pytest.mark.row("FC-10")
def test_a_day_is_stated_in_fen(sandbox: Sandbox, merchant: Merchant) -> None:
    first, said = paid(sandbox, merchant, fen=10_000)
    second, _other = paid(sandbox, merchant, fen=55)
    refund = refund_of(first, said, 2_500)
    UnionPay().refund(merchant, refund)
    sandbox.order("unionpay/days", day=f"{today():%m%d}", state="ready")
    stated = UnionPay().statement(merchant, today())
    assert [(row.kind, row.number, row.amount_fen, row.fee_fen) for row in stated.rows] == [
        (NoticeKind.PAYMENT, first.number, 10_000, 60),
        (NoticeKind.PAYMENT, second.number, 55, 0),
        (NoticeKind.REFUND, first.number, 2_500, -15),
    ]
    assert stated.rows[2].refund_number == refund.number
    assert {stated.rows[0].channel_ref, stated.rows[2].channel_ref} == {said.channel_ref}
    assert (stated.count, stated.gross_fen, stated.refund_fen, stated.fee_fen) == (3, 10_055, 2_500, 45)
    assert abs(stated.rows[0].at - clock.now()) < timedelta(minutes=1)


def test_a_day_that_is_not_written_and_one_that_is_empty_are_told_apart(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    paid(sandbox, merchant)
    with pytest.raises(StatementNotReady):
        UnionPay().statement(merchant, today())
    with pytest.raises(StatementEmpty):
        UnionPay().statement(merchant, today() - timedelta(days=30))


@pytest.mark.parametrize("content", ["", "!", base64.b64encode(b"no zip").decode()])
def test_a_file_that_is_none_is_refused(content: str) -> None:
    with pytest.raises(StatementBroken):
        files.read(date(2026, 3, 1), content, NUMBER)


def test_a_file_of_another_merchant_is_refused(sandbox: Sandbox, merchant: Merchant) -> None:
    paid(sandbox, merchant)
    sandbox.order("unionpay/days", day=f"{today():%m%d}", state="ready")
    asked = {"txnType": "76", "txnSubType": "01", "fileType": "00", "txnTime": told.written(clock.now())}
    answer = gateway.file(merchant, merchant.values["file_base"], asked | {"settleDate": f"{today():%m%d}"})
    assert files.read(today(), answer["fileContent"], NUMBER).count == 1
    with pytest.raises(StatementBroken):
        files.read(today(), answer["fileContent"], "777290058100009")
