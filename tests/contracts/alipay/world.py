"""A merchant of Alipay, orders, and residents who pay."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from foundation.core import clock
from foundation.core.ids import new_public_id
from payments.providers.alipay import Alipay
from payments.providers.base import (
    Launch,
    Merchant,
    Order,
    RefundOrder,
    Way,
)
from tests.sandbox_server import Sandbox

APP_ID, SELLER = "2021000000000001", "2088100000000001"
CODE_PAYS, CODE_WAITS, CODE_AGREES, CODE_POOR, CODE_UNSURE = (
    f"2800000000000000{last:02d}" for last in (1, 2, 3, 4, 5)
)
KEY = rsa_keys.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def registered(sandbox: Sandbox, mode: str) -> Merchant:
    told = sandbox.order("alipay/apps", app_id=APP_ID, seller_id=SELLER, public_key=PUBLIC, mode=mode)
    certificates = told["certificates"]
    values = {"app_id": APP_ID}
    if mode == "certificate":
        values |= {
            "app_cert": certificates["app"],
            "alipay_cert": certificates["alipay"],
            "alipay_root_cert": certificates["root"],
        }
    else:
        values["alipay_public_key"] = told["alipay_public_key"]
    return Merchant("m1", "alipay", SELLER, sandbox.url, values, {"app_private_key": PRIVATE})


def order(way: Way = Way.SCANS, fen: int = 1_234, **changes: Any) -> Order:
    now = clock.now()
    made = Order(
        number=new_public_id(),
        asked_at=now,
        way=way,
        amount_fen=fen,
        title="示范医院 医疗费用",
        expires_at=now + timedelta(minutes=15),
        notify_url="",
    )
    return replace(made, **changes)


def place(merchant: Merchant, made: Order) -> Launch:
    return Alipay().order(merchant, made)


def refund_of(made: Order, fen: int, **changes: Any) -> RefundOrder:
    plain = RefundOrder(
        number=new_public_id(),
        payment_number=made.number,
        channel_ref="",
        amount_fen=fen,
        total_fen=made.amount_fen,
        reason="取消",
        asked_at=clock.now(),
    )
    return replace(plain, **changes)


def pay(sandbox: Sandbox, launch: Launch) -> None:
    """Scan the code and agree, as a resident does."""
    page = sandbox.http.get(launch.fields["text"], follow_redirects=True)
    assert page.status_code == 200
    said = sandbox.http.post(str(page.url), data={"buyer": "2088000000000002"})
    assert "已支付" in said.text


def paid(sandbox: Sandbox, merchant: Merchant, **changes: Any) -> Order:
    made = order(**changes)
    pay(sandbox, place(merchant, made))
    return made


def tampered(body: bytes, **changes: str) -> bytes:
    return urlencode(dict(parse_qsl(body.decode())) | changes).encode()
