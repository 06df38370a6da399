"""WeChat Pay as one of the ways of paying."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.translation import gettext

from foundation.core import clock
from payments.providers.base import (
    Answer,
    Asked,
    Launch,
    Merchant,
    Notice,
    Order,
    Payment,
    Receiver,
    Refunded,
    RefundOrder,
    Statement,
    Way,
)
from payments.providers.errors import (
    ChannelError,
    ChannelMisconfigured,
    ChannelRefused,
    ChannelTemporary,
    ChannelUnsure,
)
from payments.providers.weixinpay import keys, notices, said, statements
from payments.providers.weixinpay.client import Client
from payments.providers.weixinpay.files import BEIJING
from payments.providers.weixinpay.keys import CODE
from payments.providers.weixinpay.launching import launch_fields
from payments.providers.weixinpay.merging import MixedOrders
from payments.providers.weixinpay.statements import FundFlow

PREPAID_FOR = timedelta(hours=2)
H5_FOR = timedelta(minutes=5)
LONGEST_TITLE = 127
LONGEST_REASON = 80
_ORDERS = "/v3/pay/transactions"
_REFUNDS = "/v3/refund/domestic/refunds"


class WeixinPay(MixedOrders):
    """Orders inside WeChat and the mini-program, in other browsers, and by a code that the payer scans."""

    code = CODE
    account = CODE
    by_hand = False
    keys = keys.KEYS
    ways = frozenset({Way.IN_WEIXIN, Way.MINI_PROGRAM, Way.BROWSER, Way.SCANS})

    def label(self) -> str:
        """What people read."""
        return gettext("微信支付")

    def order(self, merchant: Merchant, order: Order) -> Launch:
        """Ask for an order, and say how the payer's device goes on."""
        match order.way:
            case Way.IN_WEIXIN | Way.MINI_PROGRAM:
                return self._call(merchant, order)
            case Way.BROWSER:
                return self._redirect(merchant, order)
            case Way.SCANS:
                answer = Client(merchant).post(f"{_ORDERS}/native", _body(merchant, order))
                return Launch("code", {"text": _of(answer, "code_url")}, _until(order, PREPAID_FOR))
        raise ChannelRefused(CODE, "way_unknown")

    def query(self, merchant: Merchant, asked: Asked) -> Payment:
        """Where a payment stands."""
        answer = Client(merchant).get(
            f"{_ORDERS}/out-trade-no/{quote(asked.number, safe='')}?{urlencode({'mchid': merchant.number})}"
        )
        with said.understood(ChannelTemporary):
            found = said.payment(merchant, answer)
            if found.number != asked.number:
                raise said.NotSaid("out_trade_no")
            return found

    def close(self, merchant: Merchant, asked: Asked) -> None:
        """End an order that was not paid."""
        path = f"{_ORDERS}/out-trade-no/{quote(asked.number, safe='')}/close"
        Client(merchant).post(path, {"mchid": merchant.number})

    def refund(self, merchant: Merchant, refund: RefundOrder) -> Refunded:
        """Ask for money to go back; WeChat Pay has only accepted it then."""
        body: dict[str, Any] = {
            "transaction_id": refund.channel_ref,
            "out_trade_no": "" if refund.channel_ref else refund.payment_number,
            "out_refund_no": refund.number,
            "reason": refund.reason[:LONGEST_REASON],
            "notify_url": refund.notify_url,
            "amount": {"refund": refund.amount_fen, "total": refund.total_fen, "currency": "CNY"},
        }
        answer = Client(merchant).post(_REFUNDS, {name: value for name, value in body.items() if value})
        return _refunded(refund, answer, ChannelUnsure)

    def query_refund(self, merchant: Merchant, refund: RefundOrder) -> Refunded:
        """Where a refund stands."""
        answer = Client(merchant).get(f"{_REFUNDS}/{quote(refund.number, safe='')}")
        return _refunded(refund, answer, ChannelTemporary)

    def redirect_refund(
        self, merchant: Merchant, refund: RefundOrder, refund_ref: str, receiver: Receiver
    ) -> Refunded:
        """Send an abnormal refund to another account; number and holder of a card go encrypted."""
        client = Client(merchant)
        identity = client.receiver()
        body = {
            "out_refund_no": refund.number,
            "type": "USER_BANK_CARD" if receiver.is_payer else "MERCHANT_BANK_CARD",
            "bank_type": receiver.bank,
            "bank_account": receiver.account and client.suite.seal(identity.key, receiver.account),
            "real_name": receiver.holder and client.suite.seal(identity.key, receiver.holder),
        }
        answer = client.post(
            f"{_REFUNDS}/{quote(refund_ref, safe='')}/apply-abnormal-refund",
            {name: value for name, value in body.items() if value},
            sealed_for=identity,
        )
        return _refunded(refund, answer, ChannelUnsure)

    def read_notice(self, merchant: Merchant, headers: Mapping[str, str], body: bytes) -> Notice:
        """Check and open a notice; certificates are asked for if it is signed with one that is new."""
        return notices.read(merchant, headers, body)

    def answer(self, *, accepted: bool) -> Answer:
        """What WeChat Pay expects to hear within five seconds."""
        return notices.TAKEN if accepted else notices.REFUSED

    def statement(self, merchant: Merchant, day: date) -> Statement:
        """What was traded on a day; there from ten o'clock of the next morning."""
        return statements.statement(merchant, day)

    def fund_flow(self, merchant: Merchant, day: date) -> FundFlow:
        """How the merchant's account moved on a day, fees by themselves."""
        return statements.fund_flow(merchant, day)

    def _call(self, merchant: Merchant, order: Order) -> Launch:
        client = Client(merchant)
        body = _body(merchant, order) | {"payer": {"openid": _payer(order, "openid")}}
        prepay_id = _of(client.post(f"{_ORDERS}/jsapi", body), "prepay_id")
        return Launch("call", launch_fields(client, body["appid"], prepay_id), _until(order, PREPAID_FOR))

    def _redirect(self, merchant: Merchant, order: Order) -> Launch:
        scene = {"payer_client_ip": _payer(order, "client_ip"), "h5_info": {"type": "Wap"}}
        answer = Client(merchant).post(f"{_ORDERS}/h5", _body(merchant, order) | {"scene_info": scene})
        url = _of(answer, "h5_url")
        if order.return_url:
            url += f"{'&' if '?' in url else '?'}{urlencode({'redirect_url': order.return_url})}"
        return Launch("redirect", {"url": url}, _until(order, H5_FOR))


def _body(merchant: Merchant, order: Order) -> dict[str, Any]:
    wanted = keys.MINI_APPID if order.way is Way.MINI_PROGRAM else keys.APPID
    appid = keys.value(merchant, wanted)
    if not appid:
        raise ChannelMisconfigured(CODE, f"{wanted}_missing")
    return {
        "appid": appid,
        "mchid": merchant.number,
        "description": order.title[:LONGEST_TITLE],
        "out_trade_no": order.number,
        "time_expire": order.expires_at.astimezone(BEIJING).isoformat(timespec="seconds"),
        "notify_url": order.notify_url,
        "amount": {"total": order.amount_fen, "currency": "CNY"},
    }


def _payer(order: Order, name: str) -> str:
    found = order.payer.get(name, "")
    if not found:
        raise ChannelRefused(CODE, f"{name}_missing")
    return found


def _until(order: Order, longest: timedelta) -> datetime:
    return min(order.expires_at, clock.now() + longest)


def _of(answer: Mapping[str, Any], name: str) -> str:
    with said.understood(ChannelUnsure):
        return said.text(answer, name)


def _refunded(asked: RefundOrder, answer: Mapping[str, Any], otherwise: type[ChannelError]) -> Refunded:
    """An answer about the refund that was asked for, and no other."""
    with said.understood(otherwise):
        found = said.refund(answer)
        if (found.number, found.amount_fen) != (asked.number, asked.amount_fen):
            raise said.NotSaid("out_refund_no")
        return found
