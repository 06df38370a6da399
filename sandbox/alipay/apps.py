"""The applications that may ask Alipay, and the signatures of both sides."""

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

APPS = "alipay:apps"
SIGNER, ROOT, STRANGER = "alipay", "alipay-root", "stranger"


@dataclass(frozen=True)
class App:
    """One application of a merchant.

    Attributes:
        seller_id: The merchant's number.
        public_key: The application's, in PEM.
        certificates: In certificate mode ``app``, ``alipay`` and ``root``, in PEM; else empty.
    """

    app_id: str
    seller_id: str
    public_key: str
    certificates: dict[str, str]

    @property
    def numbers(self) -> dict[str, str]:
        """What the application must send, and what Alipay answers with, in certificate mode."""
        return {name: number_of(pem) for name, pem in self.certificates.items()}


async def keep(state: Store, body: Mapping[str, Any]) -> dict[str, Any]:
    """Take an application in; what it needs to know of Alipay."""
    given = dict(body)
    app_id, seller_id = (text(given, name, longest=32) for name in ("app_id", "seller_id"))
    public = _public(text(given, "public_key", longest=2000))
    signer = await authority.key(state, SIGNER)
    certificates = {}
    if given.get("mode") == "certificate":
        root = await authority.key(state, ROOT)
        certificates["root"] = await authority.certificate(
            state, ROOT, root.public_key(), subject="Invented Root", issuer=ROOT, is_authority=True
        )
        certificates["alipay"] = await authority.certificate(
            state, SIGNER, signer.public_key(), subject="Invented Alipay", issuer=ROOT
        )
        certificates["app"] = await authority.certificate(
            state, f"alipay-{app_id}", public, subject=app_id, issuer=ROOT
        )
    app = App(app_id, seller_id, authority.public_pem(public), certificates)
    await state.set_field(APPS, app_id, asdict(app))
    return {"alipay_public_key": authority.public_pem(signer.public_key()), "certificates": certificates}


async def find(state: Store, app_id: str) -> App | None:
    """The application of this number."""
    kept = await state.field(APPS, app_id)
    return App(**kept) if kept is not None else None


async def everyone(state: Store) -> list[App]:
    """All applications."""
    return [App(**each) for _, each in sorted((await state.fields(APPS)).items())]


def is_signed(app: App, parameters: Mapping[str, str]) -> bool:
    """Whether the application signed the request."""
    signed = {name: value for name, value in parameters.items() if value and name != "sign"}
    try:
        _public(app.public_key).verify(
            base64.b64decode(parameters.get("sign", "")), joined(signed).encode(), PKCS1v15(), SHA256()
        )
    except (InvalidSignature, ValueError):
        return False
    return True


async def signature(state: Store, content: str, *, by: str = SIGNER) -> str:
    """Alipay's signature, or a stranger's."""
    signer = await authority.key(state, by)
    return base64.b64encode(authority.signature(signer, content.encode())).decode()


def joined(fields: Mapping[str, str]) -> str:
    """Fields, sorted, as they are signed."""
    return "&".join(f"{name}={value}" for name, value in sorted(fields.items()))


def number_of(pem: str) -> str:
    """The number of a certificate: MD5 of issuer and serial number."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    issuer = ",".join(part.rfc4514_string() for part in reversed(certificate.issuer.rdns))
    return hashlib.md5(f"{issuer}{certificate.serial_number}".encode(), usedforsecurity=False).hexdigest()


def _public(pem: str) -> RSAPublicKey:
    try:
        found = load_pem_public_key(pem.encode())
    except ValueError as exc:
        raise RestRefusal(400, "public_key_invalid", "public_key is PEM.", "public_key") from exc
    if not isinstance(found, RSAPublicKey):
        raise RestRefusal(400, "public_key_invalid", "public_key is an RSA key.", "public_key")
    return found
