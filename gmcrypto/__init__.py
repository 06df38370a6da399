"""SM2, SM3 and SM4 behind one small interface.

This package and the modules api, codec, envelope, keyring, root, selftest and providers import
nothing of Django, so an institution can use them alone. The Django part is apps, models,
keystore, fields, index and rotation.
"""

from gmcrypto.api import (
    DEFAULT_UID,
    PrivateKey,
    PublicKey,
    aead_decrypt,
    aead_encrypt,
    decrypt,
    encrypt,
    generate_keypair,
    hmac_sm3,
    same,
    sign,
    sm3,
    sm4_ecb_decrypt,
    sm4_ecb_encrypt,
    unwrap_key,
    verify,
    wrap_key,
)

__all__ = [
    "DEFAULT_UID",
    "PrivateKey",
    "PublicKey",
    "aead_decrypt",
    "aead_encrypt",
    "decrypt",
    "encrypt",
    "generate_keypair",
    "hmac_sm3",
    "same",
    "sign",
    "sm3",
    "sm4_ecb_decrypt",
    "sm4_ecb_encrypt",
    "unwrap_key",
    "verify",
    "wrap_key",
]
