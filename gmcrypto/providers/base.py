"""What a provider offers.

The shapes follow the hardware interface of GM/T 0018, so that a cryptographic machine can
take the place of a library: a private key is an object that signs and decrypts and need not
show its bytes, and a signature is made over the 32-byte digest that the caller computed.
"""

from typing import Protocol


class Hash(Protocol):
    """SM3 and its HMAC."""

    name: str

    def sm3(self, data: bytes) -> bytes:
        """Return the 32-byte digest."""
        ...

    def hmac_sm3(self, key: bytes, data: bytes) -> bytes:
        """Return the 32-byte code."""
        ...


class Sm4(Protocol):
    """SM4 in the two modes that are used."""

    name: str

    def ecb_encrypt(self, key: bytes, data: bytes) -> bytes:
        """Encrypt whole blocks."""
        ...

    def ecb_decrypt(self, key: bytes, data: bytes) -> bytes:
        """Decrypt whole blocks."""
        ...

    def gcm_encrypt(self, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Return ciphertext and 16-byte tag in one piece."""
        ...

    def gcm_decrypt(self, key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
        """Open ciphertext and tag; raise DecryptionFailed."""
        ...


class Sm2Public(Protocol):
    """A loaded public key. Signatures and ciphertexts are DER and already parsed strictly."""

    def verify(self, digest: bytes, signature: bytes) -> bool:
        """Tell whether the signature over the digest is valid."""
        ...

    def encrypt(self, plaintext: bytes) -> bytes:
        """Return a DER ciphertext."""
        ...


class Sm2Private(Protocol):
    """A loaded private key; `point` is the public point, 64 bytes x||y."""

    point: bytes

    def sign(self, digest: bytes) -> bytes:
        """Return a DER signature over the 32-byte digest."""
        ...

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Open a DER ciphertext; raise DecryptionFailed."""
        ...


class Sm2(Protocol):
    """The maker of key objects. The objects may be used by several threads at once."""

    name: str

    def load_public(self, point: bytes) -> Sm2Public:
        """Load the 64 bytes of a point that is known to be on the curve."""
        ...

    def load_private(self, scalar: bytes) -> Sm2Private:
        """Load a 32-byte secret number that is known to be in range."""
        ...
