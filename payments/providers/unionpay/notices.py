"""What UnionPay posts to ``backUrl``: a form, signed like every message of UnionPay's.

It is posted for what succeeded, and again after some minutes until the status is 200; it has no
number of its own, so the transaction's (``queryId``) stands for it.
"""

from urllib.parse import parse_qsl

from payments.providers.base import Merchant, Notice, NoticeKind, Refunded, RefundSaid
from payments.providers.errors import ChannelError, NoticeRefused
from payments.providers.unionpay import gateway
from payments.providers.unionpay.signing import CODE, identity_of
from payments.providers.unionpay.told import moment, payment_of, refunded_of

MOST_FIELDS = 100
_PAYMENT, _REFUND = "01", "04"


def read(merchant: Merchant, body: bytes) -> Notice:
    """Check and open a notice.

    Raises:
        NoticeRefused: It is not from UnionPay, or not for this merchant.
    """
    fields = _fields(body)
    if fields.get("signMethod") != "01" or not identity_of(merchant).believes(fields):
        raise NoticeRefused(CODE, "signature_wrong")
    if fields.get("merId") != merchant.number:
        raise NoticeRefused(CODE, "other_merchant")
    number, kind, code = (fields.get(name, "") for name in ("orderId", "txnType", "respCode"))
    asked_at = moment(fields.get("txnTime", ""))
    if not number or asked_at is None or kind not in {_PAYMENT, _REFUND}:
        raise NoticeRefused(CODE, "kind_unknown")
    notice_id = f"{kind}:{fields.get('queryId', '')}"
    try:
        if kind == _PAYMENT and code in gateway.DONE:
            return Notice(notice_id, NoticeKind.PAYMENT, payment_of(fields, number, asked_at))
        if kind == _REFUND and code in gateway.DONE:
            return Notice(notice_id, NoticeKind.REFUND, refunded_of(fields, number, asked_at))
    except ChannelError as exc:
        raise NoticeRefused(CODE, exc.code) from exc
    if kind == _REFUND:
        failed = Refunded(number, RefundSaid.ABNORMAL, reason=code)
        return Notice(notice_id, NoticeKind.REFUND, failed)
    # UnionPay says that it tells of no failed payment; the result is asked for.
    raise NoticeRefused(CODE, f"resp_{code}")


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as exc:
        raise NoticeRefused(CODE, "form_unreadable") from exc
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise NoticeRefused(CODE, "field_twice")
    return fields
