"""An institution's set-up at the core, and what differs from region to region."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext

from foundation.core import clock
from foundation.core.clock import beijing
from payments.providers.base import Key, Merchant
from payments.providers.errors import ChannelMisconfigured

CODE = "insurance_core"
# The one address behind which several provinces keep all transactions.
PATH = "/fsi/api/rsfComIfsService/callService"


@dataclass(frozen=True, slots=True)
class Setup:
    """A set-up, read and checked.

    Attributes:
        organisation: ``fixmedins_code``, twelve characters.
        area: The division of the place of care (``mdtrtarea_admvs``).
        receiver: ``recer_sys_code``.
        equal: The result of a comparison of totals that means that they are equal.
    """

    organisation: str
    name: str
    base_url: str
    path: str
    area: str
    receiver: str
    version: str
    equal: str
    gateway_id: str
    gateway_token: str = field(repr=False)

    def gateway_headers(self) -> Mapping[str, str]:
        """What the gateway of the insurance's network asks for, where there is one."""
        if not self.gateway_id:
            return {}
        stamp, nonce = str(int(clock.now().timestamp())), secrets.token_hex(16)
        text = f"{stamp}{self.gateway_token}{nonce}{stamp}"
        return {
            "x-tif-paasid": self.gateway_id,
            "x-tif-timestamp": stamp,
            "x-tif-nonce": nonce,
            "x-tif-signature": hashlib.sha256(text.encode()).hexdigest().upper(),
        }

    def new_message(self) -> str:
        """A number for a message: the institution's, the second, and four figures."""
        now = beijing(clock.now()).strftime("%Y%m%d%H%M%S")
        return f"{self.organisation}{now}{secrets.randbelow(10_000):04d}"


def keys() -> Sequence[Key]:
    """What an institution's set-up has."""
    return (
        Key("name", gettext("定点医药机构名称")),
        Key("area", gettext("就医地医保区划（6 位）")),
        Key("receiver", gettext("接收方系统代码"), is_required=False),
        Key("version", gettext("接口版本，默认 V1.0"), is_required=False),
        Key("path", gettext("交易地址的路径"), is_required=False),
        Key("equal", gettext("对总账一致的结果代码，默认 0"), is_required=False),
        Key("gateway_id", gettext("网关账号（x-tif-paasid）"), is_required=False),
        Key("gateway_token", gettext("网关令牌"), is_secret=True, is_required=False),
    )


def read(merchant: Merchant) -> Setup:
    """The institution's set-up.

    Raises:
        ChannelMisconfigured: Something is missing; the code says what.
    """
    values = merchant.values
    for name, value in (
        ("number", merchant.number),
        ("name", values.get("name")),
        ("area", values.get("area")),
    ):
        if not value:
            raise ChannelMisconfigured(CODE, name)
    if values.get("gateway_id") and not merchant.secrets.get("gateway_token"):
        raise ChannelMisconfigured(CODE, "gateway_token")
    return Setup(
        organisation=merchant.number,
        name=values["name"],
        base_url=merchant.base_url,
        path=values.get("path") or PATH,
        area=values["area"],
        receiver=values.get("receiver") or "",
        version=values.get("version") or "V1.0",
        equal=values.get("equal") or "0",
        gateway_id=values.get("gateway_id") or "",
        gateway_token=merchant.secrets.get("gateway_token", ""),
    )
