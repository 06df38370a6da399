"""Random messages against two unrelated implementations, in both directions."""

import random
from concurrent.futures import ThreadPoolExecutor

import gmalg
import pytest
from gmssl import func, sm4
from gmssl import sm2 as gmssl_sm2
from gmssl import sm3 as gmssl_sm3

import gmcrypto
from gmcrypto import PrivateKey, codec

ROUNDS = range(8)


@pytest.fixture
def source() -> random.Random:
    return random.Random(20180117)


@pytest.fixture
def private() -> PrivateKey:
    # gmssl 3.2.2 mangles public keys whose first coordinate begins with 0 or 4.
    while True:
        key, public = gmcrypto.generate_keypair()
        if public.raw.hex()[0] not in "04":
            return key


def gmalg_key(private: PrivateKey) -> gmalg.SM2:
    return gmalg.SM2(private.to_raw(), gmcrypto.DEFAULT_UID, b"\x04" + private.public_key.raw)


def gmssl_key(private: PrivateKey) -> gmssl_sm2.CryptSM2:
    return gmssl_sm2.CryptSM2(
        private_key=private.to_raw().hex(), public_key=private.public_key.raw.hex(), mode=1, asn1=False
    )


def test_gmalg_and_we_verify_each_others_signatures(source: random.Random, private: PrivateKey) -> None:
    other = gmalg_key(private)
    for _ in ROUNDS:
        message = source.randbytes(source.randint(0, 300))
        raw = codec.signature_to_raw(gmcrypto.sign(private, message))
        assert other.verify(message, raw[:32], raw[32:])
        # gmalg leaves out leading zeros.
        theirs = codec.signature_from_raw(b"".join(part.rjust(32, b"\0") for part in other.sign(message)))
        assert gmcrypto.verify(private.public_key, message, theirs)


def test_gmssl_and_we_verify_each_others_signatures(source: random.Random, private: PrivateKey) -> None:
    other = gmssl_key(private)
    for _ in ROUNDS:
        message = source.randbytes(source.randint(1, 300))
        raw = codec.signature_to_raw(gmcrypto.sign(private, message))
        assert other.verify_with_sm3(raw.hex(), message)
        theirs = codec.signature_from_raw(bytes.fromhex(other.sign_with_sm3(message, func.random_hex(64))))
        assert gmcrypto.verify(private.public_key, message, theirs)


def test_gmalg_and_we_open_each_others_ciphertexts(source: random.Random, private: PrivateKey) -> None:
    other = gmalg_key(private)
    for _ in ROUNDS:
        text = source.randbytes(source.randint(1, 200))
        ours = codec.ciphertext_to_c1c3c2(gmcrypto.encrypt(private.public_key, text))
        assert other.decrypt(ours) == text
        theirs = codec.ciphertext_from_c1c3c2(other.encrypt(text))
        assert gmcrypto.decrypt(private, theirs) == text


def test_gmssl_and_we_open_each_others_ciphertexts(source: random.Random, private: PrivateKey) -> None:
    other = gmssl_key(private)
    for _ in ROUNDS:
        text = source.randbytes(source.randint(1, 200))
        ours = codec.ciphertext_to_c1c3c2(gmcrypto.encrypt(private.public_key, text))
        assert other.decrypt(ours[1:]) == text
        theirs = codec.ciphertext_from_c1c3c2(other.encrypt(text))
        assert gmcrypto.decrypt(private, theirs) == text


def test_three_implementations_of_sm3_agree(source: random.Random) -> None:
    for size in (0, 1, 55, 56, 63, 64, 65, 200):
        data = source.randbytes(size)
        other = gmalg.SM3()
        other.update(data)
        assert gmcrypto.sm3(data) == other.value() == bytes.fromhex(gmssl_sm3.sm3_hash(list(data)))


def test_three_implementations_of_sm4_agree(source: random.Random) -> None:
    for _ in ROUNDS:
        key, block = source.randbytes(16), source.randbytes(16)
        other = sm4.CryptSM4()
        other.set_key(key, sm4.SM4_ENCRYPT)
        ours = gmcrypto.sm4_ecb_encrypt(key, block)
        assert ours == gmalg.SM4(key).encrypt(block) == bytes(other.one_round(other.sk, list(block)))
        assert gmcrypto.sm4_ecb_decrypt(key, ours) == block


def test_eight_threads_share_one_key() -> None:
    private, public = gmcrypto.generate_keypair()

    def work(number: int) -> int:
        for turn in range(50):
            message = f"{number}:{turn}".encode()
            signature = gmcrypto.sign(private, message)
            assert gmcrypto.verify(public, message, signature)
            assert not gmcrypto.verify(public, message + b".", signature)
            assert gmcrypto.decrypt(private, gmcrypto.encrypt(public, message)) == message
            sealed = gmcrypto.aead_encrypt(bytes(range(16)), message, aad=b"")
            assert gmcrypto.aead_decrypt(bytes(range(16)), sealed, aad=b"") == message
        return number

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == list(range(8))
