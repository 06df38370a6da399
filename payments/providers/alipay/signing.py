"""RSA2: who we are at Alipay, and what is signed in requests, answers and notices.

A request is signed over its parameters, sorted, as ``k=v`` joined with ``&``. An answer is signed
over the very characters of one member of its JSON object, so nothing may be parsed and written again
before that is checked. In certificate mode both sides name their certificates by a number: the MD5
of the issuer and the serial number, which is an identifier and no protection.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509 import Certificate

from payments.providers import rsa
from payments.providers.base import Merchant
from payments.providers.errors import ChannelMisconfigured

CODE = "alipay"
# Alipay's roots are a chain with SM2 certificates among them, which do not count here.
_RSA_SIGNATURES = "1.2.840.113549.1.1."
_BLANK = " \t\r\n"
_decoder = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and whose signatures are believed.

    Attributes:
        parameters: What certificate mode adds to every request; empty with plain public keys.
        keys: Alipay's keys, by the numbers of its certificates; below "" with plain public keys.
    """

    app_id: str
    key: RSAPrivateKey = field(repr=False)
    parameters: Mapping[str, str]
    keys: Mapping[str, RSAPublicKey] = field(repr=False)

    def believes(self, content: str, signature: str, number: str) -> bool:
        """Whether Alipay signed the content with the certificate of this number."""
        key = self.keys.get(number if self.parameters else "")
        return key is not None and rsa.is_signed(key, content.encode(), signature)

    def believes_notice(self, content: str, signature: str) -> bool:
        """Whether Alipay signed a notice, which may not say with which certificate."""
        return any(rsa.is_signed(key, content.encode(), signature) for key in self.keys.values())


def identity_of(merchant: Merchant) -> Identity:
    """Read a merchant's keys.

    Raises:
        ChannelMisconfigured: One of them is missing or no key.
    """
    values = merchant.values
    try:
        parameters: dict[str, str] = {}
        keys: dict[str, RSAPublicKey] = {}
        if values.get("app_cert"):
            parameters = {
                "app_cert_sn": certificate_number(rsa.certificates(values["app_cert"])[0]),
                "alipay_root_cert_sn": root_number(rsa.certificates(values.get("alipay_root_cert", ""))),
            }
            keys = {
                certificate_number(each): rsa.key_of(each)
                for each in rsa.certificates(values.get("alipay_cert", ""))
            }
        elif values.get("alipay_public_key"):
            keys = {"": rsa.public_key(values["alipay_public_key"])}
        key = rsa.private_key(merchant.secrets["app_private_key"])
        app_id = values["app_id"]
    except (ValueError, KeyError, IndexError) as exc:
        raise ChannelMisconfigured(CODE, "keys_unreadable") from exc
    if not keys:
        raise ChannelMisconfigured(CODE, "no_key_of_alipay")
    return Identity(app_id, key, parameters, keys)


def request_text(parameters: Mapping[str, str]) -> str:
    """What is signed of a request: what is not empty, but for the signature."""
    return _joined((name, value) for name, value in parameters.items() if value and name != "sign")


def notice_text(fields: Mapping[str, str]) -> str:
    """What is signed of a notice: all of it but for the signature and its kind."""
    return _joined((name, value) for name, value in fields.items() if name not in {"sign", "sign_type"})


def members(text: str) -> dict[str, str]:
    """The members of a JSON object, each as it is written there.

    Raises:
        ValueError: It is no object, or has a name twice.
    """
    found: dict[str, str] = {}
    at = _expect(text, 0, "{")
    while True:
        name, at = _decoder.raw_decode(text, _skip(text, at))
        if not isinstance(name, str) or name in found:
            raise ValueError("no name, or one that was there")
        start = _skip(text, _expect(text, at, ":"))
        _, at = _decoder.raw_decode(text, start)
        found[name] = text[start:at]
        at = _skip(text, at)
        if text[at : at + 1] == "}":
            break
        at = _expect(text, at, ",")
    if text[at + 1 :].strip(_BLANK):
        raise ValueError("more behind the object")
    return found


def certificate_number(certificate: Certificate) -> str:
    """The number by which Alipay calls a certificate."""
    named = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(named.encode(), usedforsecurity=False).hexdigest()


def root_number(chain: Iterable[Certificate]) -> str:
    """The numbers of the root certificates that are signed with RSA."""
    return "_".join(
        certificate_number(each)
        for each in chain
        if each.signature_algorithm_oid.dotted_string.startswith(_RSA_SIGNATURES)
    )


def _joined(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _expect(text: str, at: int, sign: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != sign:
        raise ValueError(f"no {sign}")
    return at + 1
