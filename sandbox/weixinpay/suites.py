"""WeChat Pay's two sets of algorithms, as its own servers use them."""

import base64
import hashlib
import secrets
import string
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from sandbox.national import sm2
from sandbox.weixinpay import keys
from sandbox.weixinpay.keys import RSA, SM

SCHEMES = {RSA: "WECHATPAY2-SHA256-RSA2048", SM: "WECHATPAY2-SM2-WITH-SM3"}
AEADS = {RSA: "AEAD_AES_256_GCM", SM: "AEAD_SM4_GCM"}
STRANGER = "a stranger"
_OAEP = OAEP(mgf=MGF1(algorithm=SHA1()), algorithm=SHA1(), label=None)  # noqa: S303


class Unreadable(Exception):
    """A field that was not encrypted for us."""


def sign(suite: str, name: str, text: bytes) -> str:
    """A signature with the key of a name."""
    if suite == RSA:
        return base64.b64encode(keys.rsa_key(name).sign(text, PKCS1v15(), SHA256())).decode()
    return base64.b64encode(sm2.sign(keys.sm2_key(name), text)).decode()


def verifies(suite: str, name: str, text: bytes, signature: str) -> bool:
    """Whether a signature is of the key of this name."""
    try:
        given = base64.b64decode(signature, validate=True)
        if suite == SM:
            return sm2.verifies(sm2.public_of(keys.sm2_key(name)), text, given)
        keys.rsa_key(name).public_key().verify(given, text, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def seal(suite: str, api_key: str, plain: bytes, aad: str) -> Mapping[str, str]:
    """What is told to a merchant, encrypted under its APIv3 key."""
    nonce = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(12))
    if suite == RSA:
        sealed = AESGCM(api_key.encode()).encrypt(nonce.encode(), plain, aad.encode())
    else:
        key = hashlib.new("sm3", api_key.encode()).digest()[:16]
        encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce.encode())).encryptor()
        encryptor.authenticate_additional_data(aad.encode())
        sealed = encryptor.update(plain) + encryptor.finalize() + encryptor.tag
    return {
        "algorithm": AEADS[suite],
        "ciphertext": base64.b64encode(sealed).decode(),
        "nonce": nonce,
        "associated_data": aad,
    }


def unseal(suite: str, name: str, field: str) -> str:
    """A sensitive field, encrypted for one of WeChat's keys.

    Raises:
        Unreadable: It was not.
    """
    try:
        given = base64.b64decode(field, validate=True)
        if suite == RSA:
            return keys.rsa_key(name).decrypt(given, _OAEP).decode()
        return sm2.unwrap(keys.sm2_key(name), given).decode()
    except (ValueError, sm2.Sm2Error) as exc:
        raise Unreadable from exc
