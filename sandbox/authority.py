"""RSA keys and certificates of the played channels, the same in every sandbox process."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from sandbox.store import Store

KEYS, CERTIFICATES = "authority:keys", "authority:certificates"
# A key is made once for each process: making one takes a while, and a reset forgets the store's.
_made: dict[str, str] = {}


async def key(state: Store, name: str) -> RSAPrivateKey:
    """The private key of this name."""
    async with state.lock(f"authority:{name}"):
        kept = await state.field(KEYS, name)
        if kept is None:
            if name not in _made:
                _made[name] = await asyncio.to_thread(_new_key)
            kept = {"pem": _made[name]}
            await state.set_field(KEYS, name, kept)
    return read_key(kept["pem"])


async def certificate(
    state: Store, name: str, public: RSAPublicKey, *, subject: str, issuer: str, is_authority: bool = False
) -> str:
    """The certificate of this name, in PEM, issued once.

    Args:
        subject: Its common name.
        issuer: The name of the key, and of the certificate if there is one, that vouches for it.
    """
    kept = await state.field(CERTIFICATES, name)
    if kept is None:
        above = await state.field(CERTIFICATES, issuer)
        signer = await key(state, issuer)
        issued_by = x509.load_pem_x509_certificate(above["pem"].encode()).subject if above else _name(subject)
        kept = {"pem": _issued(public, _name(subject), issued_by, signer, is_authority=is_authority)}
        await state.set_field(CERTIFICATES, name, kept)
    return str(kept["pem"])


def read_key(pem: str) -> RSAPrivateKey:
    """A private key from PEM."""
    found = load_pem_private_key(pem.encode(), None)
    if not isinstance(found, RSAPrivateKey):
        raise TypeError("no RSA key")
    return found


def public_pem(public: RSAPublicKey) -> str:
    """A public key as PEM."""
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signature(signer: RSAPrivateKey, content: bytes) -> bytes:
    """RSA with SHA-256, as both channels sign."""
    return signer.sign(content, PKCS1v15(), SHA256())


def _new_key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _name(common: str) -> x509.Name:
    parts = (
        (NameOID.COUNTRY_NAME, "CN"),
        (NameOID.ORGANIZATION_NAME, "Sandbox"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "Invented"),
        (NameOID.COMMON_NAME, common),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def _issued(
    public: RSAPublicKey, subject: x509.Name, issuer: x509.Name, signer: RSAPrivateKey, *, is_authority: bool
) -> str:
    now = datetime.fromtimestamp(time.time(), UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(signer, SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()
