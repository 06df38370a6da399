"""What the set-up of a merchant at WeChat Pay has."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from payments.providers.base import Key, Merchant
from payments.providers.errors import ChannelMisconfigured
from payments.providers.weixinpay.signing import RSA, SUITES, Suite

CODE = "weixinpay"
APPID, MINI_APPID, ALGORITHMS, SERIAL = "appid", "mini_appid", "algorithms", "serial_no"
PUBLIC_KEY_ID, PUBLIC_KEY, CERTIFICATES = "public_key_id", "public_key", "platform_certificates"
PRIVATE_KEY, API_KEY = "private_key", "api_v3_key"

KEYS: Sequence[Key] = (
    Key(APPID, _("公众号 AppID（网页、H5 和扫码支付）")),
    Key(MINI_APPID, _("小程序 AppID（小程序支付）"), is_required=False),
    Key(ALGORITHMS, _("密码算法：RSA（默认）或 SM（商密，须由微信支付开通）"), is_required=False),
    Key(SERIAL, _("商户 API 证书序列号")),
    Key(PUBLIC_KEY_ID, _("微信支付公钥 ID（PUB_KEY_ID_ 开头）"), is_required=False),
    Key(PUBLIC_KEY, _("微信支付公钥（PEM）"), is_required=False),
    Key(CERTIFICATES, _("微信支付平台证书（PEM，留空则自动下载）"), is_required=False),
    Key(PRIVATE_KEY, _("商户 API 证书私钥（PEM）"), is_secret=True),
    Key(API_KEY, _("APIv3 密钥（32 个字符）"), is_secret=True),
)


def value(merchant: Merchant, name: str) -> str:
    """What is no secret; empty where it is not set."""
    return merchant.values.get(name, "")


def secret(merchant: Merchant, name: str) -> str:
    """What is.

    Raises:
        ChannelMisconfigured: It is not set.
    """
    found = merchant.secrets.get(name, "")
    if not found:
        raise ChannelMisconfigured(CODE, f"{name}_missing")
    return found


def suite_of(merchant: Merchant) -> Suite:
    """The algorithms that the merchant uses.

    Raises:
        ChannelMisconfigured: There are none of this name.
    """
    found = SUITES.get(value(merchant, ALGORITHMS) or RSA)
    if found is None:
        raise ChannelMisconfigured(CODE, "algorithms_unknown")
    return found


def appids_of(merchant: Merchant) -> frozenset[str]:
    """The applications that may stand in an order of the merchant."""
    return frozenset(filter(None, (value(merchant, APPID), value(merchant, MINI_APPID))))
