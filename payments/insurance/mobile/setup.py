"""An institution's set-up at a mobile-payment centre, and what differs from region to region."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from django.utils.translation import gettext

from foundation.core.clock import BEIJING, beijing
from gmcrypto import DEFAULT_UID, PrivateKey, PublicKey
from gmcrypto.errors import GmCryptoError
from payments.insurance.errors import NotInsured, PermissionEnded
from payments.providers.base import Key, Merchant
from payments.providers.errors import (
    ChannelError,
    ChannelMisconfigured,
    ChannelTemporary,
    OrderChanged,
    OrderPaid,
    OrderUnknown,
)

CODE = "insurance_mobile"
# What a region's own codes can mean to us; a code that is not in the table is an ordinary refusal.
MEANINGS: Mapping[str, type[ChannelError]] = {
    "changed": OrderChanged,
    "later": ChannelTemporary,
    "misconfigured": ChannelMisconfigured,
    "not_insured": NotInsured,
    "permission": PermissionEnded,
    "settled": OrderPaid,
    "unknown": OrderUnknown,
}
MILLISECONDS, DIGITS, DASHES = "milliseconds", "%Y%m%d%H%M%S", "%Y-%m-%d %H:%M:%S"
_TIME_FORMS = {"milliseconds": MILLISECONDS, "digits": DIGITS}
_DATE_FORMS = {"dashes": DASHES, "digits": DIGITS}
PKCS7, ZERO = "pkcs7", "zero"
STANDARD_UID, SECRET_UID = "standard", "secret"


@dataclass(frozen=True, slots=True)
class Setup:
    """A set-up, read and checked.

    Attributes:
        organisation: The institution's number (``orgCodg``).
        uid: The user identity in the Z value of signatures.
        stamp: How times are written in the envelope: MILLISECONDS, or a pattern.
        codes: The region's codes that mean something to us.
    """

    organisation: str
    base_url: str
    app_id: str
    app_secret: str = field(repr=False)
    private_key: PrivateKey = field(repr=False)
    centre_key: PublicKey
    uid: bytes = field(repr=False)
    stamp: str
    began: str
    version: str
    padding: str
    codes: Mapping[str, type[ChannelError]]
    permission_url: str
    permission_field: str

    def stamp_of(self, moment: datetime) -> str:
        """The envelope's timestamp."""
        if self.stamp == MILLISECONDS:
            return str(int(moment.timestamp() * 1000))
        return beijing(moment).strftime(self.stamp)


def read_stamp(text: str) -> datetime | None:
    """The moment of an envelope's timestamp, in either form; None if it is none."""
    if not (text.isascii() and text.isdigit()):
        return None
    try:
        if len(text) == 13:
            return datetime.fromtimestamp(int(text) / 1000, BEIJING)
        return datetime.strptime(text, DIGITS).replace(tzinfo=BEIJING)
    except (ValueError, OverflowError):
        return None


def keys() -> Sequence[Key]:
    """What an institution's set-up has."""
    return (
        Key("app_id", gettext("渠道 appId")),
        Key("app_secret", gettext("渠道 appSecret"), is_secret=True),
        Key("private_key", gettext("渠道 SM2 私钥（PEM、十六进制或 Base64）"), is_secret=True),
        Key("centre_key", gettext("移动支付中心 SM2 公钥（PEM、十六进制或 Base64）")),
        Key("version", gettext("报文版本，默认 2.0.1"), is_required=False),
        Key("user_id", gettext("SM2 用户标识：standard、secret（appSecret）或其他文字"), is_required=False),
        Key("timestamp", gettext("时间戳：milliseconds 或 digits（14 位）"), is_required=False),
        Key("begin_time", gettext("就诊时间：dashes 或 digits（14 位）"), is_required=False),
        Key("padding", gettext("SM4 填充：pkcs7 或 zero"), is_required=False),
        Key("codes", gettext("返回码含义，如 1001=permission,1002=unknown"), is_required=False),
        Key("permission_url", gettext("授权页地址，含 {state} 和 {return_url}"), is_required=False),
        Key("permission_field", gettext("授权页带回授权号的参数名，默认 payAuthNo"), is_required=False),
    )


def read(merchant: Merchant) -> Setup:
    """The institution's set-up.

    Raises:
        ChannelMisconfigured: Something is missing or cannot be; the code says what.
    """
    values, secrets = merchant.values, merchant.secrets
    app_id, app_secret = values.get("app_id", ""), secrets.get("app_secret", "")
    # The key of the encryption is made of the first 16 characters of the appId.
    if len(app_id.encode()) < 16 or not app_id.isascii():
        raise ChannelMisconfigured(CODE, "app_id")
    if not app_secret:
        raise ChannelMisconfigured(CODE, "app_secret")
    user_id = values.get("user_id") or STANDARD_UID
    return Setup(
        organisation=merchant.number,
        base_url=merchant.base_url,
        app_id=app_id,
        app_secret=app_secret,
        private_key=_private(secrets.get("private_key", "")),
        centre_key=_public(values.get("centre_key", "")),
        uid={STANDARD_UID: DEFAULT_UID, SECRET_UID: app_secret.encode()}.get(user_id, user_id.encode()),
        stamp=_one_of(_TIME_FORMS, values.get("timestamp") or "milliseconds", "timestamp"),
        began=_one_of(_DATE_FORMS, values.get("begin_time") or "dashes", "begin_time"),
        version=values.get("version") or "2.0.1",
        padding=_one_of({PKCS7: PKCS7, ZERO: ZERO}, values.get("padding") or PKCS7, "padding"),
        codes=_codes(values.get("codes") or ""),
        permission_url=values.get("permission_url") or "",
        permission_field=values.get("permission_field") or "payAuthNo",
    )


def _one_of(forms: Mapping[str, str], chosen: str, name: str) -> str:
    if chosen not in forms:
        raise ChannelMisconfigured(CODE, name)
    return forms[chosen]


def _codes(text: str) -> Mapping[str, type[ChannelError]]:
    pairs = [pair.strip().partition("=") for pair in text.split(",") if pair.strip()]
    if any(meaning.strip() not in MEANINGS for _, _, meaning in pairs):
        raise ChannelMisconfigured(CODE, "codes")
    return {code.strip(): MEANINGS[meaning.strip()] for code, _, meaning in pairs}


@lru_cache(maxsize=64)
def _private(text: str) -> PrivateKey:
    try:
        if "-----" in text:
            return PrivateKey.from_pem(text)
        # Some vendors write a leading zero byte, as Java's BigInteger does.
        return PrivateKey(_raw(text)[-32:])
    except (GmCryptoError, ValueError) as exc:
        raise ChannelMisconfigured(CODE, "private_key") from exc


@lru_cache(maxsize=64)
def _public(text: str) -> PublicKey:
    try:
        return PublicKey.from_pem(text) if "-----" in text else PublicKey(_raw(text))
    except (GmCryptoError, ValueError) as exc:
        raise ChannelMisconfigured(CODE, "centre_key") from exc


def _raw(text: str) -> bytes:
    """The bytes of a key in hexadecimal or Base64, as the vendors hand it out."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as exc:
            raise ValueError("a key is hexadecimal or Base64") from exc
