"""Signatures of UnionPay's 5.1.0 messages (``signMethod`` 01), and whose certificates count.

How sure: coded so in UnionPay's own kit for merchants and in several public clients.

The fields, sorted and without ``signature``, are written ``k=v`` joined with ``&``; signed is the
lower-case hex of that text's SHA-256, again with SHA-256 and RSA. Each message of UnionPay brings the
certificate of its key along (``signPubKeyCert``): it counts when UnionPay's root vouches for it by
the middle certificate, today, and its common name says that it is UnionPay's.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509 import Certificate
from cryptography.x509.oid import NameOID

from foundation.core import clock
from payments.providers import rsa
from payments.providers.base import Merchant
from payments.providers.errors import ChannelMisconfigured

CODE = "unionpay"
OWNER = "中国银联股份有限公司"
# What stands there in the certificates of UnionPay's test system.
TEST_OWNER = "00040000:SIGN"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and whose certificates are believed.

    Attributes:
        number: Of our certificate: its serial number, in decimal.
        owners: Whose certificates count.
    """

    number: str
    key: RSAPrivateKey = field(repr=False)
    middle: Certificate
    root: Certificate
    owners: frozenset[str]

    def believes(self, fields: Mapping[str, str]) -> bool:
        """Whether UnionPay signed the fields."""
        try:
            certificate = rsa.certificates(fields.get("signPubKeyCert", ""))[0]
            key = rsa.key_of(certificate)
        except (ValueError, IndexError):
            return False
        return self._vouched(certificate) and rsa.is_signed(key, digest(fields), fields.get("signature", ""))

    def _vouched(self, certificate: Certificate) -> bool:
        now = clock.now()
        chain = ((certificate, self.middle), (self.middle, self.root))
        try:
            for each, issuer in chain:
                each.verify_directly_issued_by(issuer)
        except (InvalidSignature, ValueError, TypeError):
            return False
        valid = all(
            each.not_valid_before_utc <= now <= each.not_valid_after_utc
            for each in (certificate, self.middle, self.root)
        )
        return valid and owner_of(certificate) in self.owners


def identity_of(merchant: Merchant) -> Identity:
    """Read a merchant's keys.

    Raises:
        ChannelMisconfigured: One of them is missing or no key.
    """
    try:
        own = rsa.certificates(merchant.values["sign_cert"])[0]
        middle = rsa.certificates(merchant.values["middle_cert"])[0]
        root = rsa.certificates(merchant.values["root_cert"])[0]
        key = rsa.private_key(merchant.secrets["sign_key"])
        if rsa.key_of(own).public_numbers() != key.public_key().public_numbers():
            raise ValueError("the certificate is of another key")
    except (ValueError, KeyError, IndexError) as exc:
        raise ChannelMisconfigured(CODE, "keys_unreadable") from exc
    is_test = merchant.values.get("is_test", "") == "1"
    owners = frozenset({OWNER, TEST_OWNER} if is_test else {OWNER})
    return Identity(str(own.serial_number), key, middle, root, owners)


def signed(identity: Identity, fields: Mapping[str, str]) -> dict[str, str]:
    """The fields that are not empty, with our certificate's number and the signature."""
    given = {name: value for name, value in fields.items() if value} | {"certId": identity.number}
    return given | {"signature": rsa.sign(identity.key, digest(given))}


def digest(fields: Mapping[str, str]) -> bytes:
    """What is signed: a digest, as text."""
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "signature")
    return hashlib.sha256(text.encode()).hexdigest().encode("ascii")


def owner_of(certificate: Certificate) -> str:
    """The third part, between ``@``, of a certificate's common name."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    parts = str(names[0].value).split("@") if names else []
    return parts[2] if len(parts) > 2 else ""
