"""What Alipay posts to ``notify_url``: a form, signed over its decoded fields.

It comes again with the same ``notify_id`` until it is answered ``success``. A notice of a refund is
one of the trade with ``gmt_refund`` and the refund's number in ``out_biz_no``. Its ``refund_fee`` is
all that was refunded so far and not this refund's amount, so such a notice says only that asking for
the refund is worth while.
"""

from urllib.parse import parse_qsl

from payments.providers.alipay.signing import CODE, identity_of, notice_text
from payments.providers.alipay.trades import payment_of
from payments.providers.base import Merchant, Notice, NoticeKind, Refunded, RefundSaid
from payments.providers.errors import ChannelError, NoticeRefused

MOST_FIELDS = 100


def read(merchant: Merchant, body: bytes) -> Notice:
    """Check and open a notice.

    Raises:
        NoticeRefused: It is not from Alipay, or not for this merchant and application.
    """
    fields = _fields(body)
    identity = identity_of(merchant)
    if fields.get("sign_type") != "RSA2" or not identity.believes_notice(
        notice_text(fields), fields.get("sign", "")
    ):
        raise NoticeRefused(CODE, "signature_wrong")
    if fields.get("app_id") != identity.app_id or fields.get("seller_id") != merchant.number:
        raise NoticeRefused(CODE, "other_merchant")
    number, notice_id = fields.get("out_trade_no", ""), fields.get("notify_id", "")
    if fields.get("notify_type") != "trade_status_sync" or not number or not notice_id:
        raise NoticeRefused(CODE, "kind_unknown")
    if fields.get("gmt_refund"):
        refunded = Refunded(
            fields.get("out_biz_no", ""),
            RefundSaid.PROCESSING,
            channel_ref=fields.get("trade_no", ""),
        )
        return Notice(notice_id, NoticeKind.REFUND, refunded)
    try:
        payment = payment_of(fields, number, paid_at="gmt_payment")
    except ChannelError as exc:
        raise NoticeRefused(CODE, exc.code) from exc
    return Notice(notice_id, NoticeKind.PAYMENT, payment)


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
