"""UnionPay's messages: fields that are signed, and who may send them."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from sandbox import authority
from sandbox.answers import RestRefusal, text
from sandbox.store import Store

MERCHANTS = "unionpay:merchants"
ROOT, MIDDLE, SIGNER, STRANGER = "unionpay-root", "unionpay-middle", "unionpay", "stranger"
SUBJECT = "041@Z2026-1@中国银联股份有限公司@00000001"
FOREIGN = "041@Z2026-9@别家公司@00000009"


@dataclass(frozen=True)
class Merchant:
    """Who may ask: a number and a certificate, in PEM."""

    number: str
    certificate: str


async def keep(state: Store, body: Mapping[str, Any]) -> dict[str, str]:
    """Take a merchant in; its certificate, and those that UnionPay's messages are checked with."""
    given = dict(body)
    number = text(given, "number", longest=15)
    try:
        public = load_pem_public_key(text(given, "public_key", longest=2000).encode())
    except ValueError as exc:
        raise RestRefusal(400, "public_key_invalid", "public_key is PEM.", "public_key") from exc
    if not isinstance(public, RSAPublicKey):
        raise RestRefusal(400, "public_key_invalid", "public_key is an RSA key.", "public_key")
    above = await _authorities(state)
    own = await authority.certificate(
        state, f"unionpay-{number}", public, subject=f"041@{number}@Invented@1", issuer=MIDDLE
    )
    await state.set_field(MERCHANTS, number, asdict(Merchant(number, own)))
    return {"sign_cert": own, **above}


async def _authorities(state: Store) -> dict[str, str]:
    root, middle = await authority.key(state, ROOT), await authority.key(state, MIDDLE)
    return {
        "root_cert": await authority.certificate(
            state, ROOT, root.public_key(), subject="Invented Root", issuer=ROOT, is_authority=True
        ),
        "middle_cert": await authority.certificate(
            state, MIDDLE, middle.public_key(), subject="Invented Middle", issuer=ROOT, is_authority=True
        ),
    }


async def find(state: Store, number: str) -> Merchant | None:
    """The merchant of this number."""
    kept = await state.field(MERCHANTS, number)
    return Merchant(**kept) if kept is not None else None


async def everyone(state: Store) -> list[str]:
    """The numbers of all merchants."""
    return sorted(await state.fields(MERCHANTS))


def is_signed(merchant: Merchant, fields: Mapping[str, str]) -> bool:
    """Whether the merchant signed the fields, and names its certificate rightly."""
    certificate = x509.load_pem_x509_certificate(merchant.certificate.encode())
    public = certificate.public_key()
    if not isinstance(public, RSAPublicKey) or fields.get("certId") != str(certificate.serial_number):
        return False
    try:
        public.verify(base64.b64decode(fields.get("signature", "")), _digest(fields), PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


async def signed(state: Store, fields: Mapping[str, str], *, by: str = SIGNER) -> dict[str, str]:
    """The fields with UnionPay's certificate and signature.

    A stranger has a certificate of the same authority, in the name of somebody else.
    """
    signer = await authority.key(state, by)
    certificate = await authority.certificate(
        state,
        by if by == SIGNER else f"{by}-certificate",
        signer.public_key(),
        subject=SUBJECT if by == SIGNER else FOREIGN,
        issuer=MIDDLE,
    )
    told = {name: value for name, value in fields.items() if value} | {
        "signPubKeyCert": certificate.replace("\n", "\r\n")
    }
    signature = base64.b64encode(authority.signature(signer, _digest(told))).decode()
    return told | {"signature": signature}


def _digest(fields: Mapping[str, str]) -> bytes:
    joined = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "signature")
    return hashlib.sha256(joined.encode()).hexdigest().encode()
