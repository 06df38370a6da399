"""Known-answer tests that run before the first key is used."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from gmcrypto import api, codec, providers, vectors
from gmcrypto.errors import SelfTestFailed


@dataclass(frozen=True, slots=True)
class Report:
    """What was tested, by which providers, and how long it took."""

    tests: tuple[str, ...]
    providers: dict[str, str]
    duration_ms: float


def run() -> Report:
    """Run every test; raise SelfTestFailed or ProviderUnavailable."""
    started = time.perf_counter()
    suite = providers.current()
    for name, passes in _TESTS.items():
        if not passes():
            raise SelfTestFailed(
                f"The self-test of {name} gave a wrong answer, so nothing was started. "
                "Check the installed OpenSSL and cryptography packages."
            )
    return Report(
        tests=tuple(_TESTS),
        providers={"SM2": suite.sm2.name, "SM3": suite.hash.name, "SM4": suite.sm4.name},
        duration_ms=(time.perf_counter() - started) * 1000,
    )


def _sm3() -> bool:
    return all(api.sm3(message) == digest for message, digest in vectors.SM3_VECTORS)


def _hmac_sm3() -> bool:
    return api.hmac_sm3(vectors.HMAC_KEY, vectors.HMAC_MESSAGE) == vectors.HMAC_RESULT


def _sm4_ecb() -> bool:
    encrypted = api.sm4_ecb_encrypt(vectors.SM4_KEY, vectors.SM4_PLAINTEXT)
    return encrypted == vectors.SM4_CIPHERTEXT and (
        api.sm4_ecb_decrypt(vectors.SM4_KEY, encrypted) == vectors.SM4_PLAINTEXT
    )


def _sm4_gcm() -> bool:
    sm4 = providers.current().sm4
    sealed = sm4.gcm_encrypt(vectors.SM4_KEY, vectors.GCM_NONCE, vectors.GCM_PLAINTEXT, vectors.GCM_AAD)
    opened = sm4.gcm_decrypt(vectors.SM4_KEY, vectors.GCM_NONCE, vectors.GCM_SEALED, vectors.GCM_AAD)
    return sealed == vectors.GCM_SEALED and opened == vectors.GCM_PLAINTEXT


def _sm2_verify() -> bool:
    key = api.PublicKey(vectors.SM2_POINT)
    signature = codec.signature_from_raw(vectors.SM2_SIGNATURE_RAW)
    accepted = api.verify(key, vectors.SM2_MESSAGE, signature)
    return accepted and not api.verify(key, vectors.SM2_MESSAGE + b".", signature)


def _sm2_sign() -> bool:
    # A signature is drawn at random, so the answer cannot be known; that it verifies, and that
    # two of them differ, can.
    key = api.PrivateKey(vectors.SM2_SCALAR)
    first, second = (api.sign(key, vectors.SM2_MESSAGE) for _ in range(2))
    fits = key.public_key.raw == vectors.SM2_POINT
    return fits and first != second and api.verify(key.public_key, vectors.SM2_MESSAGE, first)


def _sm2_decrypt() -> bool:
    key = api.PrivateKey(vectors.SM2_SCALAR)
    ciphertext = codec.ciphertext_from_c1c3c2(vectors.SM2_CIPHERTEXT_C1C3C2)
    return api.decrypt(key, ciphertext) == vectors.SM2_PLAINTEXT


_TESTS: dict[str, Callable[[], bool]] = {
    "SM3": _sm3,
    "HMAC-SM3": _hmac_sm3,
    "SM4-ECB": _sm4_ecb,
    "SM4-GCM": _sm4_gcm,
    "SM2 verification": _sm2_verify,
    "SM2 signature": _sm2_sign,
    "SM2 decryption": _sm2_decrypt,
}
