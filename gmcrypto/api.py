"""The functions that the product calls.

Callers choose neither nonces nor modes. Every public key is checked to be on the curve when
it is loaded, and every signature is parsed strictly before a provider sees it.
"""

import hmac
import secrets
from typing import Self

from gmcrypto import codec, providers
from gmcrypto.errors import DecryptionFailed, InvalidKey, MalformedData

DEFAULT_UID = b"1234567812345678"
"""The user identity that GM/T 0009 prescribes where the parties agreed on no other."""

SM4_KEY_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16

_CURVE = b"".join(value.to_bytes(32) for value in (codec.A, codec.B, codec.GX, codec.GY))
_WRAP_DOMAIN = b"gmcrypto.wrap.1\x1f"


# SM3


def sm3(data: bytes) -> bytes:
    """The 32-byte SM3 digest (GB/T 32905)."""
    return providers.current().hash.sm3(data)


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """The 32-byte HMAC-SM3. Compare the result with `same`, never with ==."""
    return providers.current().hash.hmac_sm3(key, data)


def same(left: bytes, right: bytes) -> bool:
    """Compare two secrets or codes in constant time."""
    return hmac.compare_digest(left, right)


# SM2


class PublicKey:
    """An SM2 public key, known to lie on the curve. Keep the object: loading costs more than verifying."""

    __slots__ = ("_handle", "_z", "raw")

    def __init__(self, raw: bytes) -> None:
        """Load 64 bytes x||y, or 65 with the leading 04; raise InvalidKey."""
        self.raw = codec.check_point(raw)
        self._handle = providers.current().sm2.load_public(self.raw)
        self._z = _z_value(self.raw, DEFAULT_UID)

    @classmethod
    def from_der(cls, der: bytes) -> Self:
        """Load SubjectPublicKeyInfo; raise InvalidKey."""
        return cls(codec.parse_public(der))

    @classmethod
    def from_pem(cls, text: str) -> Self:
        """Load a PEM block of the type PUBLIC KEY; raise InvalidKey."""
        return cls.from_der(codec.parse_pem("PUBLIC KEY", text))

    def to_der(self) -> bytes:
        """Write SubjectPublicKeyInfo."""
        return codec.encode_public(self.raw)

    def to_pem(self) -> str:
        """Write SubjectPublicKeyInfo as PEM."""
        return codec.encode_pem("PUBLIC KEY", self.to_der())

    def fingerprint(self) -> str:
        """Lower hex SM3 of the DER form, to name the key in lists and to compare by telephone."""
        return sm3(self.to_der()).hex()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"<PublicKey {self.raw.hex()[:16]}>"


class PrivateKey:
    """An SM2 private key. Its repr shows no secret. Keep the object, as with PublicKey."""

    __slots__ = ("_handle", "_scalar", "public_key")

    def __init__(self, scalar: bytes) -> None:
        """Load the 32-byte secret number; raise InvalidKey."""
        self._scalar = codec.check_scalar(scalar)
        self._handle = providers.current().sm2.load_private(self._scalar)
        self.public_key = PublicKey(self._handle.point)

    @classmethod
    def from_der(cls, der: bytes) -> Self:
        """Load PKCS#8 without encryption."""
        parts = codec.parse_private(der)
        key = cls(parts.scalar)
        if parts.point is not None and parts.point != key.public_key.raw:
            raise InvalidKey("The public key in the file does not belong to the private key.")
        return key

    @classmethod
    def from_pem(cls, text: str) -> Self:
        """Load a PEM block of the type PRIVATE KEY, not encrypted; raise InvalidKey."""
        return cls.from_der(codec.parse_pem("PRIVATE KEY", text))

    def to_raw(self) -> bytes:
        """The 32-byte secret number, for wrapping."""
        return self._scalar

    def to_der(self) -> bytes:
        """Write PKCS#8 without encryption."""
        return codec.encode_private(self._scalar, self.public_key.raw)

    def to_pem(self) -> str:
        """Write PKCS#8 without encryption as PEM."""
        return codec.encode_pem("PRIVATE KEY", self.to_der())

    def __repr__(self) -> str:
        return f"<PrivateKey of {self.public_key!r}>"


def generate_keypair() -> tuple[PrivateKey, PublicKey]:
    """Make a new key pair from the system's random source."""
    scalar = secrets.randbelow(codec.N - 2) + 1
    private = PrivateKey(scalar.to_bytes(codec.FIELD_BYTES))
    return private, private.public_key


def sign(key: PrivateKey, message: bytes, *, uid: bytes = DEFAULT_UID) -> bytes:
    """An SM2-SM3 signature (GB/T 32918.2) in DER form."""
    return key._handle.sign(signing_digest(key.public_key, message, uid=uid))


def verify(key: PublicKey, message: bytes, signature: bytes, *, uid: bytes = DEFAULT_UID) -> bool:
    """True only for a valid signature in canonical DER form; never raises for what a sender sent."""
    try:
        codec.parse_signature(signature)
    except MalformedData:
        return False
    return key._handle.verify(signing_digest(key, message, uid=uid), signature)


def signing_digest(key: PublicKey, message: bytes, *, uid: bytes = DEFAULT_UID) -> bytes:
    """The 32 bytes e = SM3(Z || message) that are signed; a hardware module takes this as input."""
    z = key._z if uid == DEFAULT_UID else _z_value(key.raw, uid)
    return sm3(z + message)


def _z_value(point: bytes, uid: bytes) -> bytes:
    if len(uid) > 0x1FFF:
        raise ValueError("The user identity is longer than the standard allows (8191 bytes).")
    return sm3((8 * len(uid)).to_bytes(2) + uid + _CURVE + point)


def encrypt(key: PublicKey, plaintext: bytes) -> bytes:
    """SM2 encryption of 1 to 255 bytes, DER form of GM/T 0009. For more, encrypt a key and use SM4."""
    if not 0 < len(plaintext) <= codec.MAX_PLAINTEXT_BYTES:
        raise ValueError("SM2 encrypts 1 to 255 bytes; put longer data in an envelope.")
    return key._handle.encrypt(plaintext)


def decrypt(key: PrivateKey, ciphertext: bytes) -> bytes:
    """Open an SM2 ciphertext in DER form; raise DecryptionFailed whatever is wrong with it."""
    try:
        # OpenSSL takes trailing bytes and unreduced coordinates; the strict form does not.
        codec.parse_ciphertext(ciphertext)
    except MalformedData as error:
        raise DecryptionFailed from error
    return key._handle.decrypt(ciphertext)


# SM4


def aead_encrypt(key: bytes, plaintext: bytes, *, aad: bytes) -> bytes:
    """SM4-GCM with a fresh random nonce: nonce (12) || ciphertext || tag (16)."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + providers.current().sm4.gcm_encrypt(_sm4_key(key), nonce, plaintext, aad)


def aead_decrypt(key: bytes, sealed: bytes, *, aad: bytes) -> bytes:
    """Open what aead_encrypt made; raise DecryptionFailed."""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise DecryptionFailed
    nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    return providers.current().sm4.gcm_decrypt(_sm4_key(key), nonce, rest, aad)


def sm4_ecb_encrypt(key: bytes, data: bytes) -> bytes:
    """Raw SM4-ECB of whole blocks; the caller pads, and nothing is authenticated.

    Only for the derivations that the national card specification fixes.
    """
    return providers.current().sm4.ecb_encrypt(_sm4_key(key), _whole_blocks(data))


def sm4_ecb_decrypt(key: bytes, data: bytes) -> bytes:
    """The inverse of sm4_ecb_encrypt, with the same limits."""
    return providers.current().sm4.ecb_decrypt(_sm4_key(key), _whole_blocks(data))


def wrap_key(kek: bytes, key: bytes, *, context: bytes) -> bytes:
    """Encrypt a key under a key-encryption key; the context says which key it is."""
    return aead_encrypt(kek, key, aad=_WRAP_DOMAIN + context)


def unwrap_key(kek: bytes, wrapped: bytes, *, context: bytes) -> bytes:
    """Open a wrapped key; raise DecryptionFailed."""
    return aead_decrypt(kek, wrapped, aad=_WRAP_DOMAIN + context)


def _sm4_key(key: bytes) -> bytes:
    if len(key) != SM4_KEY_BYTES:
        raise InvalidKey("An SM4 key has 16 bytes.")
    return key


def _whole_blocks(data: bytes) -> bytes:
    if len(data) % 16:
        raise ValueError("SM4-ECB takes whole blocks of 16 bytes; pad the data first.")
    return data
