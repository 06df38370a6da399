"""A merchant of UnionPay, orders, and residents who pay."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from foundation.core import clock
from foundation.core.ids import new_public_id
from payments.providers.base import (
    Launch,
    Merchant,
    Order,
    Payment,
    RefundOrder,
    Way,
)
from payments.providers.unionpay import UnionPay
from tests.sandbox_server import Sandbox

NUMBER = "777290058100001"
CODE_PAYS, CODE_STAYS, CODE_AGREES, CODE_POOR, CODE_UNSURE = (
    f"62000000000000000{last:02d}" for last in (1, 2, 3, 4, 5)
)
KEY = rsa_keys.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def order(way: Way = Way.SCANS, fen: int = 1_234, **changes: Any) -> Order:
    now = clock.now()
    made = Order(
        number=new_public_id(),
        asked_at=now,
        way=way,
        amount_fen=fen,
        title="示范医院 医疗费用",
        expires_at=now + timedelta(minutes=15),
        notify_url="http://127.0.0.1:1/notices",
    )
    return replace(made, **changes)


def place(merchant: Merchant, made: Order) -> Launch:
    return UnionPay().order(merchant, made)


def refund_of(made: Order, said: Payment, fen: int, **changes: Any) -> RefundOrder:
    plain = RefundOrder(
        number=new_public_id(),
        payment_number=made.number,
        channel_ref=said.channel_ref,
        amount_fen=fen,
        total_fen=made.amount_fen,
        reason="取消",
        asked_at=clock.now(),
        notify_url=made.notify_url,
    )
    return replace(plain, **changes)


def paid(sandbox: Sandbox, merchant: Merchant, **changes: Any) -> tuple[Order, Payment]:
    made = order(**changes)
    page = place(merchant, made).fields["text"]
    assert "确认付款" in sandbox.http.get(page).text
    assert "已支付" in sandbox.http.post(page, data={}).text
    return made, UnionPay().query(merchant, made)


def tampered(body: bytes, **changes: str) -> bytes:
    return urlencode(dict(parse_qsl(body.decode())) | changes).encode()
