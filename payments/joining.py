"""In a demo: channels of the demo's hospitals at the sandbox, set up by the commands that staff use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import orjson
from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings

from foundation.core.actor import Actor
from foundation.core.http import Outbound, OutsideError
from institutions import selectors as institutions
from payments import services
from payments.models import Channel
from payments.providers import online_provider, rsa
from payments.services.channels import Setup

ACTOR = Actor.system("demo")
REASON = "演示环境"


class Shop(Protocol):
    """A merchant of the demo at one of the played channels."""

    provider: ClassVar[str]

    @property
    def number(self) -> str:
        """The merchant's number."""
        ...

    def is_known(self, sandbox: Outbound) -> bool:
        """Whether the channel has the merchant's keys; after a reset it has not."""
        ...

    def ask(self, sandbox: Outbound, secrets: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Open the merchant there; its values and its secrets, as the channel's set-up has them."""
        ...


@dataclass(frozen=True, slots=True)
class AtWeixinPay:
    """WeChat Pay makes the keys itself, always the same."""

    provider: ClassVar[str] = "weixinpay"
    number: str
    algorithms: str

    def is_known(self, sandbox: Outbound) -> bool:
        """It knows every number."""
        return True

    def ask(self, sandbox: Outbound, secrets: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Take what the merchant's pages would show."""
        told = sandbox.get_json(
            f"/console/api/weixinpay/merchants/{self.number}", params={"algorithms": self.algorithms}
        )
        return told["values"], told["secrets"]


@dataclass(frozen=True, slots=True)
class AtAlipay:
    """Alipay is given our key; by keys alone, or by certificates."""

    provider: ClassVar[str] = "alipay"
    number: str
    app_id: str
    mode: str

    def is_known(self, sandbox: Outbound) -> bool:
        """Whether it lists the application."""
        return self.app_id in sandbox.get_json("/console/api/alipay/apps")["apps"]

    def ask(self, sandbox: Outbound, secrets: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Register the application with the key that it has, or a new one."""
        private = secrets.get("app_private_key") or _new_key()
        told = _post(
            sandbox,
            "/console/api/alipay/apps",
            app_id=self.app_id,
            seller_id=self.number,
            public_key=_public_pem(private),
            mode=self.mode,
        )
        values = {"app_id": self.app_id}
        if self.mode == "certificate":
            names = {"app": "app_cert", "alipay": "alipay_cert", "root": "alipay_root_cert"}
            values |= {ours: told["certificates"][theirs] for theirs, ours in names.items()}
        else:
            values["alipay_public_key"] = told["alipay_public_key"]
        return values, {"app_private_key": private}


@dataclass(frozen=True, slots=True)
class AtUnionPay:
    """UnionPay is given our key and gives certificates."""

    provider: ClassVar[str] = "unionpay"
    number: str

    def is_known(self, sandbox: Outbound) -> bool:
        """Whether it lists the merchant."""
        return self.number in sandbox.get_json("/console/api/unionpay/merchants")["merchants"]

    def ask(self, sandbox: Outbound, secrets: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Register the merchant with the key that it has, or a new one."""
        private = secrets.get("sign_key") or _new_key()
        told = _post(
            sandbox,
            "/console/api/unionpay/merchants",
            number=self.number,
            public_key=_public_pem(private),
        )
        return {**told, "file_base": f"{settings.SANDBOX_URL}/unionpay/files"}, {"sign_key": private}


# The second hospital shows 商密 and certificates.
SHOPS: Mapping[str, tuple[Shop, ...]] = {
    "90001": (
        AtWeixinPay("1900000001", "RSA"),
        AtAlipay("2088000000000001", "2021000000000001", "key"),
        AtUnionPay("898110000000001"),
    ),
    "90002": (
        AtWeixinPay("1900000002", "SM"),
        AtAlipay("2088000000000002", "2021000000000002", "certificate"),
    ),
}


def join_sandbox() -> int:
    """Set up the channels that the sandbox, or the product, does not have yet.

    Returns:
        How many were set up.
    """
    if not settings.DEMO or not settings.SANDBOX_URL:
        return 0
    sandbox = Outbound(settings.SANDBOX_URL, name="sandbox")
    made = 0
    try:
        for hospital, shops in SHOPS.items():
            place = institutions.institution_by_hospital_id(hospital)
            if place is not None:
                for order, shop in enumerate(shops, 1):
                    made += _join(sandbox, place.public_id, shop, order)
    except OutsideError:
        # The sandbox is not up yet; the next round tries again.
        return made
    return made


def _join(sandbox: Outbound, institution: str, shop: Shop, place: int) -> bool:
    rows = Channel.objects.filter(institution__public_id=institution, provider=shop.provider)
    known = rows.filter(number=shop.number).first()
    if known is not None and known.base_url == settings.SANDBOX_URL and shop.is_known(sandbox):
        return False
    values, secrets = shop.ask(sandbox, known.secrets if known is not None else {})
    setup = Setup(
        number=shop.number,
        base_url=settings.SANDBOX_URL,
        values=values,
        ways=sorted(way.value for way in online_provider(shop.provider).ways),
        place=place,
        secrets=secrets,
    )
    if known is not None:
        services.change_channel(channel=known.public_id, setup=setup, reason=REASON, actor=ACTOR)
        return True
    channel = services.add_channel(
        institution=institution, provider=shop.provider, setup=setup, reason=REASON, actor=ACTOR
    )
    services.switch_channel(channel=channel, is_on=True, reason=REASON, actor=ACTOR)
    return True


def _post(sandbox: Outbound, path: str, **body: str) -> dict[str, Any]:
    return sandbox.post_json(path, content=orjson.dumps(body))


def _new_key() -> str:
    key = rsa_keys.generate_private_key(public_exponent=65_537, key_size=2_048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public_pem(private: str) -> str:
    key = rsa.private_key(private).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
