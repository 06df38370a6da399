"""The published vectors, each with its source."""

import base64

import pytest

import gmcrypto
from gmcrypto import api, codec, providers, selftest, vectors
from gmcrypto.errors import DecryptionFailed, SelfTestFailed

pytestmark = pytest.mark.row("CC-06")


def test_sm3_gives_the_digests_of_gbt_32905() -> None:
    for message, digest in vectors.SM3_VECTORS:
        assert gmcrypto.sm3(message) == digest


def test_hmac_sm3_gives_the_code_of_gmt_0042() -> None:
    assert gmcrypto.hmac_sm3(vectors.HMAC_KEY, vectors.HMAC_MESSAGE) == vectors.HMAC_RESULT


def test_sm4_gives_the_block_of_gbt_32907() -> None:
    assert gmcrypto.sm4_ecb_encrypt(vectors.SM4_KEY, vectors.SM4_PLAINTEXT) == vectors.SM4_CIPHERTEXT
    assert gmcrypto.sm4_ecb_decrypt(vectors.SM4_KEY, vectors.SM4_CIPHERTEXT) == vectors.SM4_PLAINTEXT


def test_sm4_gcm_gives_the_vector_of_rfc_8998() -> None:
    sealed = providers.current().sm4.gcm_encrypt(
        vectors.SM4_KEY, vectors.GCM_NONCE, vectors.GCM_PLAINTEXT, vectors.GCM_AAD
    )
    assert sealed == vectors.GCM_SEALED
    opened = gmcrypto.aead_decrypt(vectors.SM4_KEY, vectors.GCM_NONCE + sealed, aad=vectors.GCM_AAD)
    assert opened == vectors.GCM_PLAINTEXT


def test_sm4_gcm_opens_the_vector_of_wechat_pay() -> None:
    # WeChat Pay's own Java client has it in its tests of the 商密 mode: the key is the first
    # half of the SM3 digest of the APIv3 key.
    key = gmcrypto.sm3(b"a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb")[:16]
    sealed = b"uluk4a9R25RW" + base64.b64decode("+lcLNfkZQQx+iQm20Apa3x9Mb/5L7PgZ7w==")
    assert gmcrypto.aead_decrypt(key, sealed, aad=b"associatedData") == b"plaintext"


def test_the_signature_of_gbt_32918_5_verifies() -> None:
    key = gmcrypto.PublicKey(vectors.SM2_POINT)
    signature = codec.signature_from_raw(vectors.SM2_SIGNATURE_RAW)
    assert api.signing_digest(key, vectors.SM2_MESSAGE) == vectors.SM2_DIGEST
    assert gmcrypto.verify(key, vectors.SM2_MESSAGE, signature)
    assert not gmcrypto.verify(key, b"message digesT", signature)
    assert not gmcrypto.verify(key, vectors.SM2_MESSAGE, signature, uid=b"")


def test_the_ciphertext_of_gbt_32918_5_opens() -> None:
    key = gmcrypto.PrivateKey(vectors.SM2_SCALAR)
    assert key.public_key.raw == vectors.SM2_POINT
    ciphertext = codec.ciphertext_from_c1c3c2(vectors.SM2_CIPHERTEXT_C1C3C2)
    assert gmcrypto.decrypt(key, ciphertext) == vectors.SM2_PLAINTEXT


def test_the_derivation_of_the_national_card_specification_comes_out() -> None:
    # The worked example of the specification: main index, factor, user key and card id.
    index = bytes.fromhex("ABD17E7ED399EF68AB5660155D6E226D2C92EAC3254A4A66BED83AED0ADA1E9E")
    factor = bytes(
        a ^ b ^ c ^ d for a, b, c, d in zip(*(index[i : i + 8] for i in (0, 8, 16, 24)), strict=True)
    )
    assert factor == bytes.fromhex("92CDCE45A16799FD")
    complement = bytes(byte ^ 0xFF for byte in factor)
    user_key = gmcrypto.sm4_ecb_encrypt(vectors.SM4_KEY, factor + complement)
    assert user_key == bytes.fromhex("86C63180C2806ED1F47B859DE501215B")
    certificate = b"0111010020171225006X".ljust(32, b"\0")
    card_id = "98FF9F2C05145CB9305E9D8A57E072BB51180CA49E5BE5E9D41BCE3A9A571928"
    assert gmcrypto.sm4_ecb_encrypt(user_key, certificate).hex().upper() == card_id
    block = bytes.fromhex("20180117115003").ljust(16, b"\0")
    protect = bytes.fromhex("11223344556677888877665544332211")
    assert gmcrypto.sm4_ecb_encrypt(protect, block).hex().upper() == "92FD69141DFE1553A42251E2B0196148"
    assert (
        gmcrypto.sm4_ecb_encrypt(vectors.SM4_KEY, block).hex().upper() == "AA947AE3BC7902BDC99507B876148153"
    )


def test_the_self_test_names_its_providers_and_is_quick() -> None:
    report = min((selftest.run() for _ in range(5)), key=lambda report: report.duration_ms)
    assert report.providers["SM2"].startswith("OpenSSL 3")
    assert set(report.tests) >= {"SM3", "HMAC-SM3", "SM4-ECB", "SM4-GCM", "SM2 verification"}
    assert report.duration_ms < 50


class _WrongHash:
    """A provider that answers wrongly."""

    name = "wrong"

    def sm3(self, data: bytes) -> bytes:
        return bytes(32)

    def hmac_sm3(self, key: bytes, data: bytes) -> bytes:
        return bytes(32)


def test_the_self_test_refuses_a_provider_that_answers_wrongly() -> None:
    good = providers.current()
    providers.install(providers.Suite(hash=_WrongHash(), sm4=good.sm4, sm2=good.sm2))
    try:
        with pytest.raises(SelfTestFailed, match="nothing was started"):
            selftest.run()
    finally:
        providers.install(good)


def test_gcm_refuses_another_key_context_or_tag() -> None:
    key = bytes(range(16))
    sealed = gmcrypto.aead_encrypt(key, b"text", aad=b"here")
    assert gmcrypto.aead_decrypt(key, sealed, aad=b"here") == b"text"
    wrong = [
        (bytes(16), sealed, b"here"),
        (key, sealed, b"there"),
        (key, sealed[:-1] + bytes([sealed[-1] ^ 1]), b"here"),
        (key, sealed[:-1], b"here"),
        (key, b"", b"here"),
    ]
    for wrong_key, wrong_sealed, aad in wrong:
        with pytest.raises(DecryptionFailed):
            gmcrypto.aead_decrypt(wrong_key, wrong_sealed, aad=aad)


def test_a_wrapped_key_opens_only_in_its_context() -> None:
    wrapped = gmcrypto.wrap_key(bytes(range(16)), b"k" * 16, context=b"data-1")
    assert gmcrypto.unwrap_key(bytes(range(16)), wrapped, context=b"data-1") == b"k" * 16
    with pytest.raises(DecryptionFailed):
        gmcrypto.unwrap_key(bytes(range(16)), wrapped, context=b"data-2")
    with pytest.raises(DecryptionFailed):
        gmcrypto.aead_decrypt(bytes(range(16)), wrapped, aad=b"data-1")
