"""The two sets of algorithms of WeChat Pay: the international one, and the commercial (商密) one.

    signature                RSA PKCS#1 v1.5 with SHA-256      SM2 with SM3, DER, standard identity
    what WeChat encrypts     AES-256-GCM under the APIv3 key   SM4-GCM under the first half of its SM3
    what we encrypt for it   RSA-OAEP with SHA-1               SM2, DER

Everything is Base64 on the wire. WeChat Pay opens the commercial one on request only.
"""

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from gmcrypto import api
from gmcrypto.errors import DecryptionFailed, InvalidKey
from payments.providers.weixinpay.certificates import KeyUnreadable

RSA, SM = "RSA", "SM"
API_KEY_BYTES = 32
_NONCE_BYTES = 12
_OAEP = OAEP(mgf=MGF1(algorithm=SHA1()), algorithm=SHA1(), label=None)  # noqa: S303


class SealBroken(Exception):
    """What WeChat encrypted does not open under the merchant's APIv3 key."""


class Suite(Protocol):
    """One set of algorithms.

    Attributes:
        scheme: How the header Authorization begins, and the type of WeChat's signatures.
        aead: The name of the encryption of what WeChat tells.
        of_certificates: What is added to the question for platform certificates.
        sign_type: What the payer's device is told of the signature that it passes on.
    """

    scheme: str
    aead: str
    of_certificates: str
    sign_type: str

    def sign(self, private_pem: str, text: bytes) -> str:
        """A signature with the merchant's private key."""
        ...

    def public_of_pem(self, pem: str) -> Any:
        """WeChat's public key, from PEM."""
        ...

    def public_of_der(self, der: bytes) -> Any:
        """WeChat's public key, from a certificate."""
        ...

    def verifies(self, public: Any, text: bytes, signature: str) -> bool:
        """Whether a signature is of this key over this text; never raises for what a sender sent."""
        ...

    def seal(self, public: Any, text: str) -> str:
        """A sensitive field, encrypted for WeChat."""
        ...

    def open(self, api_key: str, *, nonce: str, aad: str, sealed: str) -> bytes:
        """What WeChat encrypted for the merchant.

        Raises:
            SealBroken: It was not encrypted under this key, or was changed.
        """
        ...


class Rsa:
    """The international algorithms."""

    scheme = "WECHATPAY2-SHA256-RSA2048"
    aead = "AEAD_AES_256_GCM"
    of_certificates = ""
    sign_type = "RSA"

    def sign(self, private_pem: str, text: bytes) -> str:
        """A signature with the merchant's private key."""
        return _text(_rsa_private(private_pem).sign(text, PKCS1v15(), SHA256()))

    def public_of_pem(self, pem: str) -> RSAPublicKey:
        """WeChat's public key, from PEM."""
        try:
            return _of_rsa(load_pem_public_key(pem.encode()))
        except ValueError as exc:
            raise KeyUnreadable("not a public key") from exc

    def public_of_der(self, der: bytes) -> RSAPublicKey:
        """WeChat's public key, from a certificate."""
        try:
            return _of_rsa(load_der_public_key(der))
        except ValueError as exc:
            raise KeyUnreadable("not a public key") from exc

    def verifies(self, public: RSAPublicKey, text: bytes, signature: str) -> bool:
        """Whether a signature is of this key over this text."""
        try:
            public.verify(_bytes(signature), text, PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    def seal(self, public: RSAPublicKey, text: str) -> str:
        """A sensitive field, encrypted for WeChat."""
        return _text(public.encrypt(text.encode(), _OAEP))

    def open(self, api_key: str, *, nonce: str, aad: str, sealed: str) -> bytes:
        """What WeChat encrypted for the merchant."""
        key = _api_key(api_key)
        try:
            return AESGCM(key).decrypt(nonce.encode(), _bytes(sealed), aad.encode())
        except (InvalidTag, binascii.Error, ValueError) as exc:
            raise SealBroken from exc


class Sm:
    """The commercial algorithms of China (商密)."""

    scheme = "WECHATPAY2-SM2-WITH-SM3"
    aead = "AEAD_SM4_GCM"
    of_certificates = "?algorithm_type=SM2"
    sign_type = "SM2"

    def sign(self, private_pem: str, text: bytes) -> str:
        """A signature with the merchant's private key."""
        return _text(api.sign(_sm2_private(private_pem), text))

    def public_of_pem(self, pem: str) -> api.PublicKey:
        """WeChat's public key, from PEM."""
        try:
            return api.PublicKey.from_pem(pem)
        except InvalidKey as exc:
            raise KeyUnreadable("not an SM2 key") from exc

    def public_of_der(self, der: bytes) -> api.PublicKey:
        """WeChat's public key, from a certificate."""
        try:
            return api.PublicKey.from_der(der)
        except InvalidKey as exc:
            raise KeyUnreadable("not an SM2 key") from exc

    def verifies(self, public: api.PublicKey, text: bytes, signature: str) -> bool:
        """Whether a signature is of this key over this text."""
        try:
            return api.verify(public, text, _bytes(signature))
        except (binascii.Error, ValueError):
            return False

    def seal(self, public: api.PublicKey, text: str) -> str:
        """A sensitive field, encrypted for WeChat."""
        return _text(api.encrypt(public, text.encode()))

    def open(self, api_key: str, *, nonce: str, aad: str, sealed: str) -> bytes:
        """What WeChat encrypted for the merchant."""
        key = api.sm3(_api_key(api_key))[: api.SM4_KEY_BYTES]
        iv = nonce.encode()
        try:
            if len(iv) != _NONCE_BYTES:
                raise SealBroken
            return api.aead_decrypt(key, iv + _bytes(sealed), aad=aad.encode())
        except (DecryptionFailed, binascii.Error, ValueError) as exc:
            raise SealBroken from exc


SUITES: Mapping[str, Suite] = {RSA: Rsa(), SM: Sm()}


def request_text(method: str, path: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What a caller signs: five lines, each with its end; the path with its query."""
    return f"{method}\n{path}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def answer_text(timestamp: str, nonce: str, body: bytes) -> bytes:
    """What WeChat signs of an answer or a notice: three lines, each with its end."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def launch_text(appid: str, timestamp: str, nonce: str, package: str) -> bytes:
    """What is signed for the payer's device: four lines, each with its end."""
    return f"{appid}\n{timestamp}\n{nonce}\n{package}\n".encode()


def _api_key(text: str) -> bytes:
    key = text.encode()
    if len(key) != API_KEY_BYTES:
        raise KeyUnreadable("the APIv3 key has 32 characters")
    return key


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _of_rsa(key: object) -> RSAPublicKey:
    if not isinstance(key, RSAPublicKey):
        raise KeyUnreadable("not an RSA key")
    return key


# Loading checks the key, which costs many times what a signature does.
@lru_cache(maxsize=64)
def _rsa_private(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as exc:
        raise KeyUnreadable("not a private key") from exc
    if not isinstance(key, RSAPrivateKey):
        raise KeyUnreadable("not an RSA key")
    return key


@lru_cache(maxsize=64)
def _sm2_private(pem: str) -> api.PrivateKey:
    try:
        return api.PrivateKey.from_pem(pem)
    except InvalidKey as exc:
        raise KeyUnreadable("not an SM2 key") from exc
