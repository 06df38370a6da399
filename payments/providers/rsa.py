"""RSA keys as channels hand them out, and signatures (PKCS #1 v1.5) over SHA-256."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import Certificate, load_pem_x509_certificate

LEAST_BITS = 2048
_END = "-----END CERTIFICATE-----"


def private_key(text: str) -> RSAPrivateKey:
    """A private key in PEM, or as the bare Base64 that some channels' tools write.

    Raises:
        ValueError: It is no RSA key, or a short one.
    """
    try:
        if "-----BEGIN" in text:
            key = load_pem_private_key(text.encode(), None)
        else:
            key = load_der_private_key(_bare(text), None)
    except (TypeError, UnsupportedAlgorithm) as exc:
        raise ValueError("no open key") from exc
    if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_BITS:
        raise ValueError("no RSA key of 2048 bits")
    return key


def public_key(text: str) -> RSAPublicKey:
    """A public key in PEM, or as bare Base64.

    Raises:
        ValueError: It is no RSA key, or a short one.
    """
    pem = "-----BEGIN" in text
    try:
        return _checked(load_pem_public_key(text.encode()) if pem else load_der_public_key(_bare(text)))
    except UnsupportedAlgorithm as exc:
        raise ValueError("no such keys here") from exc


def key_of(certificate: Certificate) -> RSAPublicKey:
    """The key that a certificate speaks for.

    Raises:
        ValueError: It is no RSA key, or a short one.
    """
    try:
        return _checked(certificate.public_key())
    except UnsupportedAlgorithm as exc:
        raise ValueError("no such keys here") from exc


def certificates(text: str) -> list[Certificate]:
    """The certificates of a PEM file, in its order.

    Raises:
        ValueError: One of them is none.
    """
    parts = (part[part.find("-----BEGIN") :] + _END for part in text.split(_END) if "-----BEGIN" in part)
    return [load_pem_x509_certificate(part.encode()) for part in parts]


def sign(key: RSAPrivateKey, content: bytes) -> str:
    """The signature in Base64."""
    return base64.b64encode(key.sign(content, PKCS1v15(), SHA256())).decode("ascii")


def is_signed(key: RSAPublicKey, content: bytes, signature: str) -> bool:
    """Whether the signature in Base64 is the key's over the content."""
    try:
        key.verify(base64.b64decode(signature, validate=True), content, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def _checked(key: object) -> RSAPublicKey:
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        raise ValueError("no RSA key of 2048 bits")
    return key


def _bare(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as exc:
        raise ValueError("no Base64") from exc
