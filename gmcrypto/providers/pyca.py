"""SM4 by the `cryptography` package, whose own OpenSSL has SM4-GCM; Debian 12's has not.

ECB is here because the national card specification derives card numbers with it; nothing
else may use it.
"""

import cryptography
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gmcrypto.errors import DecryptionFailed, ProviderUnavailable

_TAG_BYTES = 16


class PycaSm4:
    """SM4-ECB and SM4-GCM."""

    def __init__(self) -> None:
        self.name = f"cryptography {cryptography.__version__}"
        try:
            self.gcm_encrypt(bytes(16), bytes(12), b"", b"")
        except UnsupportedAlgorithm as error:
            raise ProviderUnavailable("The installed cryptography package has no SM4-GCM.") from error

    def ecb_encrypt(self, key: bytes, data: bytes) -> bytes:
        """Encrypt whole blocks."""
        encryptor = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()  # noqa: S305
        return encryptor.update(data) + encryptor.finalize()

    def ecb_decrypt(self, key: bytes, data: bytes) -> bytes:
        """Decrypt whole blocks."""
        decryptor = Cipher(algorithms.SM4(key), modes.ECB()).decryptor()  # noqa: S305
        return decryptor.update(data) + decryptor.finalize()

    def gcm_encrypt(self, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Return ciphertext and 16-byte tag in one piece."""
        encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(aad)
        return encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag

    def gcm_decrypt(self, key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
        """Open ciphertext and tag; raise DecryptionFailed."""
        if len(sealed) < _TAG_BYTES:
            raise DecryptionFailed
        ciphertext, tag = sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]
        decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(aad)
        try:
            return decryptor.update(ciphertext) + decryptor.finalize()
        except InvalidTag as error:
            raise DecryptionFailed from error
