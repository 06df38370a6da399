"""UnionPay's QR codes (云闪付) as a way of paying, as a merchant of UnionPay's own gateway, 5.1.0.

How sure, from UnionPay's public pages and kit and from public clients (nothing was tried at UnionPay):

| fact | how sure |
| --- | --- |
| addresses, form fields, signing, the ``txnType`` and ``txnSubType`` used here | confirmed |
| an order is found by ``orderId`` and ``txnTime`` together; a number has 8 to 40 signs | confirmed |
| 34 for an order means "unclear, ask later"; after ``payTimeout`` all but 00 and A6 is failed | confirmed |
| a reversal gives back what was paid after all; only on the same day of UnionPay, from 23:00 on | confirmed |
| a refund that is taken (00) is not done yet | confirmed |
| a code that nobody scanned answers 34, and cannot be ended before its time | inferred |
| the same order again is refused with 12 and its code is not told again | inferred |

Not built: consumption undo (31, a refund of the same day and the whole amount, at once), codes that
are paid more than once, pages of the bank (gateway payment), encrypted card fields.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from payments.providers.base import (
    Answer,
    Asked,
    Key,
    Launch,
    Merchant,
    Notice,
    Order,
    Payment,
    Refunded,
    RefundOrder,
    RefundSaid,
    Said,
    Statement,
    Way,
)
from payments.providers.errors import ChannelRefused, ChannelUnsure, OrderPaid, OrderUnknown
from payments.providers.unionpay import files, gateway, notices
from payments.providers.unionpay.signing import CODE
from payments.providers.unionpay.told import CURRENCY, payment_of, refunded_of, written

# 08 is what codes come by, whoever scans.
MOBILE = "08"


class UnionPay:
    """UnionPay's QR codes: the payer scans ours, or we scan the payer's."""

    code = CODE
    account = CODE
    by_hand = False
    ways: frozenset[Way] = frozenset({Way.SCANS, Way.SCANNED})
    keys: Sequence[Key] = (
        Key("sign_cert", _("商户签名证书")),
        Key("sign_key", _("商户签名私钥"), is_secret=True),
        Key("middle_cert", _("银联中级证书")),
        Key("root_cert", _("银联根证书")),
        Key("file_base", _("对账文件下载地址"), is_required=False),
        Key("term_id", _("终端号（被扫）"), is_required=False),
        Key("is_test", _("联调环境（填 1）"), is_required=False),
    )

    def label(self) -> str:
        """What people read."""
        return gettext("云闪付")

    def order(self, merchant: Merchant, order: Order) -> Launch:
        """Ask for a code to show, or take money by the payer's code; the result comes later.

        Raises:
            OrderRepeated: The code of this order was asked for before; it is not told again.
        """
        fields = _found_by(order) | {
            "txnType": "01",
            "channelType": MOBILE,
            "txnAmt": _fen(order.amount_fen),
            "currencyCode": CURRENCY,
            "backUrl": order.notify_url,
            "payTimeout": written(order.expires_at),
        }
        if order.way is Way.SCANS:
            answer = gateway.call(merchant, gateway.TRANSACTIONS, fields | {"txnSubType": "07"}, changes=True)
            _require_same(answer, order)
            if not answer.get("qrCode"):
                raise ChannelUnsure(CODE, "protocol_error")
            return Launch("code", {"text": answer["qrCode"]}, order.expires_at)
        if order.way is not Way.SCANNED:
            raise ChannelRefused(CODE, "way_unknown")
        scanned = {
            "txnSubType": "06",
            "qrNo": order.payer.get("auth_code", ""),
            "termId": merchant.values.get("term_id", ""),
        }
        try:
            answer = gateway.call(merchant, gateway.TRANSACTIONS, fields | scanned, changes=True)
        except gateway.OrderRepeated:
            return Launch("none", {}, order.expires_at)
        _require_same(answer, order)
        return Launch("none", {}, order.expires_at)

    def query(self, merchant: Merchant, asked: Asked) -> Payment:
        """Ask where a payment stands.

        Raises:
            OrderUnknown: Nobody has paid by the code that is shown. A card that was refused does not end
                it: until its time another may pay.
        """
        is_shown = asked.way is Way.SCANS
        try:
            told = self._queried(merchant, asked.number, asked.asked_at)
        except OrderUnknown:
            if is_shown:
                raise
            # Of what was taken by the payer's code this says nothing yet.
            return Payment(asked.number, Said.WAITING, reason=gateway.UNKNOWN)
        code = told.get("origRespCode", "")
        if code in gateway.DONE:
            return payment_of(told, asked.number, asked.asked_at)
        if code in gateway.OPEN:
            return Payment(asked.number, Said.WAITING, reason=code)
        if is_shown:
            raise OrderUnknown(CODE, code)
        return Payment(asked.number, Said.FAILED, reason=code)

    def close(self, merchant: Merchant, asked: Asked) -> None:
        """End an order that was not paid; ending it again is safe.

        UnionPay ends a shown code by itself at ``payTimeout``. What was taken by the payer's code and is
        still open is reversed; was it paid after all, the money goes back.
        """
        try:
            found = self.query(merchant, asked)
        except OrderUnknown:
            return
        if found.state is Said.PAID:
            raise OrderPaid(CODE, "00")
        if asked.way is not Way.SCANNED or found.state is Said.FAILED:
            return
        fields = _found_by(asked) | {"txnType": "99", "txnSubType": "01", "channelType": MOBILE}
        try:
            gateway.call(merchant, gateway.TRANSACTIONS, fields, changes=True)
        except OrderUnknown:
            return

    def refund(self, merchant: Merchant, refund: RefundOrder) -> Refunded:
        """Ask UnionPay to give money back; its number and time make it one refund however often asked."""
        fields = {
            "txnType": "04",
            "txnSubType": "00",
            "channelType": MOBILE,
            "orderId": refund.number,
            "txnTime": written(refund.asked_at),
            "txnAmt": _fen(refund.amount_fen),
            "currencyCode": CURRENCY,
            "origQryId": refund.channel_ref,
            "backUrl": refund.notify_url,
        }
        try:
            told = gateway.call(merchant, gateway.TRANSACTIONS, fields, changes=True)
        except gateway.OrderRepeated:
            return self.query_refund(merchant, refund)
        return Refunded(refund.number, RefundSaid.PROCESSING, channel_ref=told.get("queryId", ""))

    def query_refund(self, merchant: Merchant, refund: RefundOrder) -> Refunded:
        """Ask where a refund stands."""
        told = self._queried(merchant, refund.number, refund.asked_at)
        code = told.get("origRespCode", "")
        if code in gateway.OPEN:
            return Refunded(refund.number, RefundSaid.PROCESSING, channel_ref=told.get("queryId", ""))
        if code not in gateway.DONE:
            return Refunded(refund.number, RefundSaid.ABNORMAL, reason=code)
        return refunded_of(told, refund.number, refund.asked_at)

    @staticmethod
    def _queried(merchant: Merchant, number: str, at: datetime) -> dict[str, str]:
        fields = {"txnType": "00", "txnSubType": "00", "orderId": number, "txnTime": written(at)}
        told = gateway.call(merchant, gateway.QUERIES, fields, changes=False)
        if (told.get("orderId"), told.get("txnTime")) != (number, fields["txnTime"]):
            raise ChannelUnsure(CODE, "other_order")
        return told

    def read_notice(self, merchant: Merchant, headers: Mapping[str, str], body: bytes) -> Notice:
        """Check and open what came to ``backUrl``."""
        return notices.read(merchant, body)

    def answer(self, *, accepted: bool) -> Answer:
        """UnionPay looks at the status alone, within ten seconds."""
        return Answer(200 if accepted else 500, "text/plain", b"ok" if accepted else b"fail")

    def statement(self, merchant: Merchant, day: date) -> Statement:
        """UnionPay's account of one of its days."""
        return files.statement(merchant, day)


def _found_by(asked: Asked) -> dict[str, str]:
    return {"orderId": asked.number, "txnTime": written(asked.asked_at)}


def _fen(amount: int) -> str:
    if amount <= 0:
        raise ValueError("an amount is above zero")
    return str(amount)


def _require_same(told: Mapping[str, str], order: Order) -> None:
    """An answer about another order is none to this."""
    if told.get("orderId") != order.number or told.get("txnAmt", _fen(order.amount_fen)) != _fen(
        order.amount_fen
    ):
        raise ChannelUnsure(CODE, "other_order")
