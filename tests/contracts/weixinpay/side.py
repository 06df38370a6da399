"""The merchant's side in the contract tests."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from wechatpayv3 import WeChatPay, WeChatPayType

from foundation.core import clock
from foundation.core.ids import new_public_id
from payments.providers.base import Launch, Merchant, Order, Payment, RefundOrder, Way
from payments.providers.weixinpay import WeixinPay
from tests.sandbox_server import Sandbox
from tests.sdk.flaky import Asked, Flaky

MCHID = "1900000109"
OPENID = "oSandboxPayer0000000000000001"
PROVIDER = WeixinPay()


def merchant(sandbox: Sandbox, *, algorithms: str = "RSA", has_public_key: bool = True) -> Merchant:
    """The merchant's set-up as its own pages would give it."""
    made = sandbox.show(f"weixinpay/merchants/{MCHID}", algorithms=algorithms)
    values = made["values"]
    if not has_public_key:
        values = {name: value for name, value in values.items() if not name.startswith("public_key")}
    return Merchant(
        public_id="merchant-1",
        provider=PROVIDER.code,
        number=made["number"],
        base_url=made["base_url"],
        values=values,
        secrets=made["secrets"],
    )


def changed(before: Merchant, **texts: str) -> Merchant:
    """A set-up with other values or secrets."""
    values = {name: text for name, text in texts.items() if name not in before.secrets}
    secrets = {name: text for name, text in texts.items() if name in before.secrets}
    return replace(before, values={**before.values, **values}, secrets={**before.secrets, **secrets})


@dataclass
class Shop:
    """One merchant, and what it asks for."""

    sandbox: Sandbox
    portal: Flaky
    merchant: Merchant = field(init=False)

    def __post_init__(self) -> None:
        self.merchant = merchant(self.sandbox)

    def wanted(self, *, way: Way = Way.IN_WEIXIN, amount_fen: int = 1_234, **changes: Any) -> Order:
        """An order of its own."""
        now = clock.now()
        given: dict[str, Any] = {
            "number": new_public_id(),
            "asked_at": now,
            "expires_at": now + timedelta(minutes=30),
            "title": "门诊缴费",
            "notify_url": f"{self.portal.url}/notify",
            "payer": {"openid": OPENID, "client_ip": "203.0.113.9"},
            **changes,
        }
        return Order(amount_fen=amount_fen, way=way, **given)

    def asked(self, **changes: Any) -> tuple[Order, Launch]:
        """An order, asked for."""
        order = self.wanted(**changes)
        return order, PROVIDER.order(self.merchant, order)

    def query(self, order: Order) -> Payment:
        """Where the order stands."""
        return PROVIDER.query(self.merchant, order)

    def pay(self, order: Order, **how: Any) -> dict[str, Any]:
        """Let the payer pay."""
        return self.sandbox.order("weixinpay/pay", mchid=MCHID, number=order.number, **how)

    def paid(self, **changes: Any) -> tuple[Order, Payment]:
        """An order that is paid, and what is said of it."""
        order, _ = self.asked(**changes)
        self.pay(order)
        return order, self.query(order)

    def return_of(
        self, order: Order, payment: Payment, amount_fen: int | None = None, **changes: Any
    ) -> RefundOrder:
        """A refund of a paid order."""
        given: dict[str, Any] = {
            "number": new_public_id(),
            "reason": "停诊退费",
            "asked_at": clock.now(),
            "notify_url": f"{self.portal.url}/notify",
            **changes,
        }
        return RefundOrder(
            payment_number=order.number,
            channel_ref=payment.channel_ref,
            amount_fen=amount_fen or payment.amount_fen,
            total_fen=payment.amount_fen,
            **given,
        )

    def behave(self, **how: Any) -> None:
        """Change how WeChat Pay is with the merchant."""
        self.sandbox.order("weixinpay/merchants", mchid=MCHID, **how)

    def age(self, order: Order, seconds: int) -> None:
        """Make an order older."""
        self.sandbox.order("weixinpay/age", mchid=MCHID, number=order.number, seconds=seconds)

    def tries(self, number: str) -> list[dict[str, Any]]:
        """Every try to tell of an order or a refund, the oldest first."""
        return list(reversed(self.sandbox.show("weixinpay/notices", number=number)["notices"]))

    def heard(self, count: int = 1) -> list[Asked]:
        """The notices that arrived, as soon as there are so many."""
        wait_until(lambda: len(self.portal.asked) >= count)
        return self.portal.asked

    def judge(self, *, kind: WeChatPayType = WeChatPayType.JSAPI) -> WeChatPay:
        """The same merchant as the library plays it, with the public key."""
        values, secrets = self.merchant.values, self.merchant.secrets
        library = WeChatPay(
            wechatpay_type=kind,
            mchid=MCHID,
            private_key=secrets["private_key"],
            cert_serial_no=values["serial_no"],
            appid=values["appid"],
            apiv3_key=secrets["api_v3_key"],
            notify_url=f"{self.portal.url}/notify",
            public_key=values["public_key"],
            public_key_id=values["public_key_id"],
        )
        # The library has no other way to be told where WeChat Pay is.
        library._core._gate_way = self.merchant.base_url
        return library

    def judge_by_certificates(self) -> WeChatPay:
        """The same merchant as the library plays it, with platform certificates that it asked for."""
        library = self.judge()
        library._core._public_key = library._core._public_key_id = None
        library._core._update_certificates()
        assert library._core._certificates
        return library


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for what happens by itself; fail if it does not."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)
