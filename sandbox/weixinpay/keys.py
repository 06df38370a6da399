"""The keys of WeChat Pay and of every merchant, computed from their names.

Every process and every restart has the same, none stands in a file, and none protects anything.
"""

import base64
import hashlib
from functools import cache
from itertools import count

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from sandbox.national import sm2
from sandbox.weixinpay import der

RSA, SM = "RSA", "SM"
PUBLIC_KEY, OLD_CERTIFICATE, CERTIFICATE = "public-key", "certificate-1", "certificate-2"
_SEED = b"sandbox weixinpay 1|"
_EXPONENT = 65_537
_PRIME_BYTES = 128
_SMALL_PRIMES = [n for n in range(3, 2_000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]
_SM2_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """The RSA key of this name."""
    p, q = _prime(f"{name}/p"), _prime(f"{name}/q")
    private = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p,
        q,
        private,
        rsa.rsa_crt_dmp1(private, p),
        rsa.rsa_crt_dmq1(private, q),
        rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(_EXPONENT, p * q),
    ).private_key()


@cache
def sm2_key(name: str) -> str:
    """The secret number of the SM2 key of this name, in hexadecimal."""
    number = int.from_bytes(_stream(f"sm2/{name}", 48)) % (_SM2_ORDER - 2) + 1
    return number.to_bytes(32).hex()


def private_pem(algorithms: str, name: str) -> str:
    """A private key in PKCS#8."""
    if algorithms == RSA:
        return rsa_key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem("PRIVATE KEY", der.sm2_private(sm2_key(name), sm2.public_of(sm2_key(name))))


def public_pem(algorithms: str, name: str) -> str:
    """The public key of a name."""
    return pem("PUBLIC KEY", public_der(algorithms, name))


def public_der(algorithms: str, name: str) -> bytes:
    """SubjectPublicKeyInfo of the key of a name."""
    if algorithms == RSA:
        return rsa_key(name).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return der.sm2_public(sm2.public_of(sm2_key(name)))


def pem(label: str, data: bytes) -> str:
    """One PEM block."""
    body = base64.b64encode(data).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def serial(algorithms: str, name: str) -> str:
    """The serial number of a certificate."""
    return "5" + _stream(f"serial/{algorithms}/{name}", 20).hex().upper()[1:]


def public_key_id() -> str:
    """The name of WeChat Pay's public key."""
    return "PUB_KEY_ID_0" + _stream("public key id", 16).hex().upper()


def merchant_key(mchid: str) -> str:
    """The name of a merchant's own key."""
    return f"merchant/{mchid}"


def api_key(mchid: str) -> str:
    """A merchant's APIv3 key."""
    return _stream(f"api key/{mchid}", 16).hex()


def _stream(name: str, size: int) -> bytes:
    return hashlib.shake_256(_SEED + name.encode()).digest(size)


def _prime(name: str) -> int:
    start = int.from_bytes(_stream(name, _PRIME_BYTES)) | 3 << (8 * _PRIME_BYTES - 2) | 1
    return next(number for number in count(start, 2) if _is_prime(number))


def _is_prime(number: int) -> bool:
    if any(number % small == 0 for small in _SMALL_PRIMES) or (number - 1) % _EXPONENT == 0:
        return False
    odd, halvings = number - 1, 0
    while odd % 2 == 0:
        odd, halvings = odd // 2, halvings + 1
    return all(_passes(number, base, odd, halvings) for base in (2, 3, 5, 7, 11, 13))


def _passes(number: int, base: int, odd: int, halvings: int) -> bool:
    power = pow(base, odd, number)
    if power in {1, number - 1}:
        return True
    for _ in range(halvings - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False
