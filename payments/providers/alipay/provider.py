"""Alipay as a way of paying.

What is particular to it:

* A trade begins to exist when the payer scans the code or opens the cashier, not when we ask: until
  then it is unknown to queries and cannot be closed, and its code ends by its own time.
* A refund is done when it is answered, and is found again only below its trade.
* ``TRADE_FINISHED`` is a paid trade whose time for refunds is over, not another payment.
* ``TRADE_CLOSED`` is an unpaid trade, or one that was refunded in full; the time of paying tells which.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from foundation.core import clock
from payments.providers.alipay import amounts, bills, gateway, notices
from payments.providers.alipay.signing import CODE
from payments.providers.alipay.trades import moment, payment_of, require_same, text_of
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
from payments.providers.errors import ChannelRefused, ChannelTemporary, ChannelUnsure, OrderPaid, OrderUnknown

TITLE_CHARACTERS = 128
_NOT_IN_TITLES = str.maketrans("/=&", "   ")


class Alipay:
    """Alipay's open platform: in its app and mini-programs, in a browser, by codes both ways."""

    code = CODE
    account = CODE
    by_hand = False
    ways: frozenset[Way] = frozenset({Way.IN_ALIPAY, Way.BROWSER, Way.SCANS, Way.SCANNED})
    keys: Sequence[Key] = (
        Key("app_id", "AppID"),
        Key("app_private_key", _("应用私钥"), is_secret=True),
        Key("alipay_public_key", _("支付宝公钥（公钥模式）"), is_required=False),
        Key("app_cert", _("应用公钥证书（证书模式）"), is_required=False),
        Key("alipay_cert", _("支付宝公钥证书（证书模式）"), is_required=False),
        Key("alipay_root_cert", _("支付宝根证书（证书模式）"), is_required=False),
        Key("mini_app_id", _("小程序 AppID"), is_required=False),
    )

    def label(self) -> str:
        """What people read."""
        return gettext("支付宝")

    def order(self, merchant: Merchant, order: Order) -> Launch:
        """Ask Alipay to take money; asking again with the same order is safe.

        A payer whose own code was scanned may still have to agree: the result tells.
        """
        content = {
            "out_trade_no": order.number,
            "total_amount": amounts.yuan(order.amount_fen),
            "subject": order.title.translate(_NOT_IN_TITLES).strip()[:TITLE_CHARACTERS],
            "time_expire": amounts.written(order.expires_at),
            "seller_id": merchant.number,
        }
        match order.way:
            case Way.IN_ALIPAY:
                return self._in_alipay(merchant, order, content)
            case Way.SCANS:
                return self._code(merchant, order, content)
            case Way.BROWSER:
                return self._browser(merchant, order, content)
            case Way.SCANNED:
                return self._scanned(merchant, order, content)
            case _:
                raise ChannelRefused(CODE, "way_unknown")

    def _in_alipay(self, merchant: Merchant, order: Order, content: dict[str, str]) -> Launch:
        names = {"buyer_id": "buyer_id", "openid": "buyer_open_id"}
        buyer = {theirs: order.payer[ours] for ours, theirs in names.items() if order.payer.get(ours)}
        app_id = merchant.values.get("mini_app_id") or merchant.values.get("app_id", "")
        asked = content | buyer | {"product_code": "JSAPI_PAY", "op_app_id": app_id}
        answer = self._create(merchant, "alipay.trade.create", asked, order.notify_url)
        return Launch("call", {"tradeNO": text_of(answer, "trade_no")}, order.expires_at)

    def _code(self, merchant: Merchant, order: Order, content: dict[str, str]) -> Launch:
        # The trade's own time counts from the scan; the code's counts from now, in whole minutes.
        minutes = ceil((order.expires_at - clock.now()).total_seconds() / 60)
        asked = content | {"qr_code_timeout_express": f"{max(1, minutes)}m"}
        answer = self._create(merchant, "alipay.trade.precreate", asked, order.notify_url)
        return Launch("code", {"text": text_of(answer, "qr_code")}, order.expires_at)

    def _browser(self, merchant: Merchant, order: Order, content: dict[str, str]) -> Launch:
        asked = content | {"product_code": "QUICK_WAP_WAY", "quit_url": order.return_url}
        url = gateway.address(
            merchant,
            "alipay.trade.wap.pay",
            {name: value for name, value in asked.items() if value},
            notify_url=order.notify_url,
            return_url=order.return_url,
        )
        return Launch("redirect", {"url": url}, order.expires_at)

    def _scanned(self, merchant: Merchant, order: Order, content: dict[str, str]) -> Launch:
        asked = content | {
            "scene": "bar_code",
            "auth_code": order.payer.get("auth_code", ""),
            "product_code": "FACE_TO_FACE_PAYMENT",
        }
        answer = gateway.call(merchant, "alipay.trade.pay", asked, changes=True, notify_url=order.notify_url)
        require_same(answer, "out_trade_no", order.number)
        return Launch("none", {}, order.expires_at)

    @staticmethod
    def _create(merchant: Merchant, method: str, content: dict[str, str], notify_url: str) -> dict[str, Any]:
        answer = gateway.call(merchant, method, content, changes=True, notify_url=notify_url)
        require_same(answer, "out_trade_no", content["out_trade_no"])
        return answer

    def query(self, merchant: Merchant, asked: Asked) -> Payment:
        """Ask where a payment stands.

        Raises:
            OrderUnknown: Among others as long as nobody has scanned the code or opened the link.
        """
        answer = gateway.call(merchant, "alipay.trade.query", {"out_trade_no": asked.number}, changes=False)
        require_same(answer, "out_trade_no", asked.number)
        return payment_of(answer, asked.number, paid_at="send_pay_date")

    def close(self, merchant: Merchant, asked: Asked) -> None:
        """End an order that was not paid; ending it again is safe.

        A payer who was scanned may be typing the password: such a trade is cancelled, as Alipay asks,
        but never one that is known to be paid, for that would give the money back past our books.
        """
        try:
            if asked.way is Way.SCANNED:
                self._cancel(merchant, asked)
            else:
                gateway.call(merchant, "alipay.trade.close", {"out_trade_no": asked.number}, changes=True)
        except OrderUnknown:
            return  # nothing to end yet: the code and the link end by their own time
        except (OrderPaid, ChannelTemporary, ChannelUnsure):
            raise
        except ChannelRefused as refused:
            if self._refuse_paid(merchant, asked).state is not Said.CLOSED:
                raise refused from None

    def _cancel(self, merchant: Merchant, asked: Asked) -> None:
        if self._refuse_paid(merchant, asked).state is Said.CLOSED:
            return
        answer = gateway.call(merchant, "alipay.trade.cancel", {"out_trade_no": asked.number}, changes=True)
        if answer.get("retry_flag") == "Y":
            raise ChannelTemporary(CODE, "cancel_again")

    def _refuse_paid(self, merchant: Merchant, asked: Asked) -> Payment:
        found = self.query(merchant, asked)
        if found.state is Said.PAID:
            raise OrderPaid(CODE, "ACQ.TRADE_HAS_SUCCESS")
        return found

    def refund(self, merchant: Merchant, refund: RefundOrder) -> Refunded:
        """Give money back: when Alipay says that funds changed, it is done."""
        content = {
            "out_trade_no": refund.payment_number,
            "trade_no": refund.channel_ref,
            "refund_amount": amounts.yuan(refund.amount_fen),
            "out_request_no": refund.number,
            "refund_reason": refund.reason[:256],
        }
        asked = {name: value for name, value in content.items() if value}
        answer = gateway.call(merchant, "alipay.trade.refund", asked, changes=True)
        require_same(answer, "out_trade_no", refund.payment_number)
        if answer.get("fund_change") != "Y":
            # It was done before by this number, or nothing went: the amount in the answer is the
            # trade's refunds together and tells neither.
            return self.query_refund(merchant, refund)
        return Refunded(
            refund.number,
            RefundSaid.DONE,
            refund.amount_fen,
            str(answer.get("trade_no", "")),
            moment(answer, "gmt_refund_pay"),
        )

    def query_refund(self, merchant: Merchant, refund: RefundOrder) -> Refunded:
        """Ask where a refund stands; one that did not happen is not known to Alipay.

        Raises:
            OrderUnknown: There is no such refund, so asking for it again is safe.
        """
        content = {
            "out_trade_no": refund.payment_number,
            "out_request_no": refund.number,
            "query_options": ["gmt_refund_pay"],
        }
        answer = gateway.call(merchant, "alipay.trade.fastpay.refund.query", content, changes=False)
        if answer.get("refund_status") != "REFUND_SUCCESS":
            raise OrderUnknown(CODE, "refund_absent")
        require_same(answer, "out_request_no", refund.number)
        try:
            amount = amounts.fen(answer.get("refund_amount"))
        except ValueError as exc:
            raise ChannelTemporary(CODE, "protocol_error") from exc
        ended_at = moment(answer, "gmt_refund_pay")
        return Refunded(refund.number, RefundSaid.DONE, amount, str(answer.get("trade_no", "")), ended_at)

    def read_notice(self, merchant: Merchant, headers: Mapping[str, str], body: bytes) -> Notice:
        """Check and open what came to ``notify_url``."""
        return notices.read(merchant, body)

    def answer(self, *, accepted: bool) -> Answer:
        """Alipay repeats a notice until it reads these seven letters."""
        return Answer(200 if accepted else 500, "text/plain", b"success" if accepted else b"fail")

    def statement(self, merchant: Merchant, day: date) -> Statement:
        """Alipay's account of a day."""
        return bills.statement(merchant, day)
