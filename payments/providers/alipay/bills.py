"""Alipay's statement of a day: a short-lived link to a zip with CSV files in GBK, in yuan.

Of the files that of the single lines is read; it ends with lines of its own totals, which the rows
are checked against. Alipay writes the statement the next morning; it has one answer, that there is no
bill, for a day that is not written yet and for one on which nothing happened, so the time of day
tells them apart.
"""

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from urllib.parse import urlsplit

from foundation.core import clock, http
from payments.providers.alipay import amounts, gateway
from payments.providers.alipay.signing import CODE
from payments.providers.base import Merchant, NoticeKind, Statement, StatementRow
from payments.providers.errors import (
    ChannelRefused,
    ChannelTemporary,
    StatementBroken,
    StatementEmpty,
    StatementNotReady,
)

# Said to be there from nine in the morning of the next day; an hour is spared.
READY_AT = time(10)
ALIPAY_HOSTS = (".alipay.com", ".alipaydev.com", ".alipayobjects.com")
MOST_BYTES = 200_000_000
MOST_ZIP_BYTES = 50_000_000
TIMEOUT_SECONDS = 60.0
_NO_BILL = "isp.bill_not_exist"
_KINDS = {"交易": NoticeKind.PAYMENT, "退款": NoticeKind.REFUND}
_PAID_TOTAL = re.compile(r"#交易合计：(\d+)笔，商家实收共(-?[\d.]+)元")
_REFUND_TOTAL = re.compile(r"#退款合计：(\d+)笔，商家实收退款共(-?[\d.]+)元")


def statement(merchant: Merchant, day: date) -> Statement:
    """Ask for the statement of a day, fetch it and read it.

    Raises:
        ChannelError: Among others StatementNotReady, StatementEmpty, StatementBroken.
    """
    try:
        answer = gateway.call(
            merchant,
            "alipay.data.dataservice.bill.downloadurl.query",
            {"bill_type": "trade", "bill_date": day.isoformat()},
            changes=False,
        )
    except ChannelRefused as refused:
        if refused.code != _NO_BILL:
            raise
        if is_written(day):
            raise StatementEmpty(CODE, refused.code) from refused
        raise StatementNotReady(CODE, refused.code) from refused
    return read(day, _fetched(merchant, str(answer.get("bill_download_url", ""))))


def is_written(day: date) -> bool:
    """Whether Alipay has had the time to write a day's statement."""
    ready = datetime.combine(day + timedelta(days=1), READY_AT, clock.BEIJING)
    return clock.now() >= ready


def _fetched(merchant: Merchant, url: str) -> bytes:
    """The zip behind the link, which must lead to Alipay or to where the merchant's calls go."""
    parts, own = urlsplit(url), urlsplit(merchant.base_url)
    is_own = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
    is_alipays = parts.scheme == "https" and (parts.hostname or "").endswith(ALIPAY_HOSTS)
    if not is_own and not is_alipays:
        raise StatementBroken(CODE, "link_elsewhere")
    try:
        answer = _outbound(f"{parts.scheme}://{parts.netloc}").exchange(
            "GET", f"{parts.path}?{parts.query}", most_bytes=MOST_ZIP_BYTES
        )
    except http.OutsideError as exc:
        raise ChannelTemporary(CODE, "statement_not_fetched") from exc
    if answer.status != 200:
        raise ChannelTemporary(CODE, "statement_not_fetched")
    return answer.body


def read(day: date, content: bytes) -> Statement:
    """Read the zip and check its rows against its totals.

    Raises:
        StatementBroken: It is no such file, or its sums are wrong.
    """
    plain = _details(content)
    lines = plain.decode("gb18030", "replace").splitlines()
    try:
        return _checked(day, lines, hashlib.sha256(plain).hexdigest())
    except (ValueError, KeyError) as exc:
        raise StatementBroken(CODE, "line_unreadable") from exc


def _details(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_BYTES:
                raise StatementBroken(CODE, "too_large")
            files = [packed.read(each) for each in packed.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as exc:
        raise StatementBroken(CODE, "no_zip") from exc
    # The names in the zip are GBK without saying so; the heads of the tables tell the files apart.
    head = "支付宝交易号,".encode("gbk")
    found = [each for each in files if any(line.startswith(head) for line in each.splitlines())]
    if len(found) != 1:
        raise StatementBroken(CODE, "no_details")
    return found[0]


def _checked(day: date, lines: Sequence[str], digest: str) -> Statement:
    rows: list[StatementRow] = []
    received = {NoticeKind.PAYMENT: 0, NoticeKind.REFUND: 0}
    for cells in _cells(lines):
        row = _row(cells)
        rows.append(row)
        received[row.kind] += amounts.fen(cells["商家实收（元）"])
    counts = {kind: sum(row.kind is kind for row in rows) for kind in received}
    for kind, pattern in ((NoticeKind.PAYMENT, _PAID_TOTAL), (NoticeKind.REFUND, _REFUND_TOTAL)):
        total = next((found for line in lines if (found := pattern.match(line))), None)
        if total is None or (int(total[1]), amounts.fen(total[2])) != (counts[kind], received[kind]):
            raise StatementBroken(CODE, "totals_differ")
    return Statement(
        day=day,
        rows=rows,
        count=len(rows),
        gross_fen=sum(row.amount_fen for row in rows if row.kind is NoticeKind.PAYMENT),
        refund_fen=sum(row.amount_fen for row in rows if row.kind is NoticeKind.REFUND),
        fee_fen=sum(row.fee_fen for row in rows),
        digest=digest,
    )


def _cells(lines: Sequence[str]) -> Iterator[dict[str, str]]:
    table = (line for line in lines if line.strip() and not line.startswith("#"))
    for cells in csv.DictReader(table, strict=True):
        if None in cells or None in cells.values():
            raise ValueError("a line that is too short or too long")
        yield {name.strip(): value.strip() for name, value in cells.items()}


def _row(cells: dict[str, str]) -> StatementRow:
    kind = _KINDS[cells["业务类型"]]
    is_refund = kind is NoticeKind.REFUND
    amount = amounts.fen(cells["订单金额（元）"])
    if (amount < 0) != is_refund:
        raise ValueError("an amount with the wrong sign")
    return StatementRow(
        kind=kind,
        number=cells["商户订单号"],
        channel_ref=cells["支付宝交易号"],
        amount_fen=abs(amount),
        fee_fen=-amounts.fen(cells["服务费（元）"]),
        at=amounts.moment(cells["完成时间"]),
        refund_number=cells["退款批次号/请求号"] if is_refund else "",
        state=cells["业务类型"],
    )


@cache
def _outbound(base_url: str) -> http.Outbound:
    return http.Outbound(base_url, name=CODE, timeout=TIMEOUT_SECONDS)
