"""What senders may send: every malformed signature, key and ciphertext that broke some library."""

import hashlib

import pytest
from gmssl import sm2 as gmssl_sm2
from hypothesis import given
from hypothesis import strategies as st

import gmcrypto
from gmcrypto import api, codec
from gmcrypto.codec import N, P, Signature
from gmcrypto.errors import DecryptionFailed, InvalidKey, MalformedData
from tests.gmcrypto import curve

PRIVATE, PUBLIC = gmcrypto.generate_keypair()
MESSAGE = b"a message of the hospital"
GOOD = gmcrypto.sign(PRIVATE, MESSAGE)
R, S = codec.parse_signature(GOOD)


def der_integer(content: bytes) -> bytes:
    return b"\x02" + length(len(content)) + content


def length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([0x80 | len(octets)]) + octets


def sequence(content: bytes) -> bytes:
    return b"\x30" + length(len(content)) + content


def minimal(value: int) -> bytes:
    return der_integer(value.to_bytes(value.bit_length() // 8 + 1))


def pair(r: int, s: int) -> bytes:
    return sequence(minimal(r) + minimal(s))


MALFORMED = {
    "empty": b"",
    "truncated": GOOD[:-1],
    "half": GOOD[: len(GOOD) // 2],
    "all FF": b"\xff" * 72,
    "all zero": bytes(72),
    "trailing byte": GOOD + b"\0",
    "raw r and s": codec.signature_to_raw(GOOD),
    "r is zero": pair(0, S),
    "s is zero": pair(R, 0),
    "both zero": pair(0, 0),
    "r is n": pair(N, S),
    "s is n": pair(R, N),
    "r beyond n": pair(R + N, S),
    "s beyond n": pair(R, S + N),
    "r and s add up to n": pair(R, N - R),
    "largest values": pair(2**256 - 1, 2**256 - 1),
    "negative r": sequence(der_integer(b"\x80" + bytes(31)) + minimal(S)),
    "empty integer": sequence(der_integer(b"") + minimal(S)),
    "padded r": sequence(der_integer(b"\0\0" + R.to_bytes(32)) + minimal(S)),
    "padded s": sequence(minimal(R) + der_integer(b"\0\0" + S.to_bytes(32))),
    "third integer": sequence(minimal(R) + minimal(S) + minimal(1)),
    "one integer": sequence(minimal(R)),
    "another tag": b"\x31" + GOOD[1:],
    "octet strings": GOOD.replace(b"\x02", b"\x04", 1),
    "long length": b"\x30\x81" + GOOD[1:],
    "longer length": b"\x30\x82\x00" + GOOD[1:],
    "indefinite length": b"\x30\x80" + GOOD[2:] + b"\0\0",
    "huge length": b"\x30\x84\xff\xff\xff\xff" + GOOD[2:],
    "half a megabyte": sequence(der_integer(b"\x7f" * 500_000) + minimal(S)),
    "nothing inside": sequence(b""),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_signature_is_false_and_never_an_error(name: str) -> None:
    assert gmcrypto.verify(PUBLIC, MESSAGE, GOOD)
    assert not gmcrypto.verify(PUBLIC, MESSAGE, MALFORMED[name])


@given(st.binary(max_size=100))
def test_random_bytes_are_no_signature(data: bytes) -> None:
    assert not gmcrypto.verify(PUBLIC, MESSAGE, data)


@given(st.integers(min_value=0, max_value=len(GOOD) - 1), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_makes_the_signature_false(position: int, change: int) -> None:
    changed = bytearray(GOOD)
    changed[position] ^= change
    assert not gmcrypto.verify(PUBLIC, MESSAGE, bytes(changed))


def test_an_oversized_s_forges_nothing() -> None:
    # gmssl 3.2.2 accepts this signature, which is made from the public key alone. That it does
    # shows that the forgery is a real one.
    digest = api.signing_digest(PUBLIC, MESSAGE)
    r, s = curve.forge(PUBLIC.raw, digest)
    forged = pair(r, s)
    victim = gmssl_sm2.CryptSM2(private_key="", public_key="04" + PUBLIC.raw.hex(), asn1=True)
    victim.public_key = PUBLIC.raw.hex()
    assert victim.verify(forged.hex(), digest)
    assert not gmcrypto.verify(PUBLIC, MESSAGE, forged)
    assert not gmcrypto.verify(PUBLIC, MESSAGE, pair(r, s % 2**256))
    assert not gmcrypto.verify(PUBLIC, MESSAGE, pair(r, s % N))


def test_another_identity_is_another_signature() -> None:
    named = gmcrypto.sign(PRIVATE, MESSAGE, uid=b"hospital@example.test")
    assert gmcrypto.verify(PUBLIC, MESSAGE, named, uid=b"hospital@example.test")
    assert not gmcrypto.verify(PUBLIC, MESSAGE, named)
    with pytest.raises(ValueError, match="8191"):
        gmcrypto.sign(PRIVATE, MESSAGE, uid=b"x" * 8192)


def off_curve() -> list[bytes]:
    point = PUBLIC.raw
    x, y = point[:32], point[32:]
    shifted = (int.from_bytes(y) + 1) % P
    overflow = (2**256 - 1).to_bytes(32)
    return [
        bytes(64),
        x + shifted.to_bytes(32),
        overflow + y,
        P.to_bytes(32) + y,
        point[:63],
        point + b"\0",
        b"\x02" + point,
        b"\x04" + point[:63],
        b"",
    ]


@pytest.mark.parametrize("number", range(9))
def test_a_public_key_off_the_curve_is_refused(number: int) -> None:
    with pytest.raises(InvalidKey):
        gmcrypto.PublicKey(off_curve()[number])


@pytest.mark.parametrize("scalar", [0, N - 1, N, N + 1, 2**256 - 1])
def test_a_private_key_out_of_range_is_refused(scalar: int) -> None:
    with pytest.raises(InvalidKey):
        gmcrypto.PrivateKey(scalar.to_bytes(32))


def test_the_smallest_and_the_largest_private_key_work() -> None:
    for scalar in (1, N - 2):
        key = gmcrypto.PrivateKey(scalar.to_bytes(32))
        assert gmcrypto.verify(key.public_key, MESSAGE, gmcrypto.sign(key, MESSAGE))


def test_a_private_key_with_another_public_key_is_refused() -> None:
    other, _public = gmcrypto.generate_keypair()
    mixed = codec.encode_private(PRIVATE.to_raw(), other.public_key.raw)
    with pytest.raises(InvalidKey, match="does not belong"):
        gmcrypto.PrivateKey.from_der(mixed)


def test_keys_of_other_curves_and_damaged_files_are_refused() -> None:
    public = PUBLIC.to_der().replace(bytes.fromhex("2a811ccf5501822d"), bytes.fromhex("2a8648ce3d030107"))
    with pytest.raises(InvalidKey):
        gmcrypto.PublicKey.from_der(public)
    for der in (PUBLIC.to_der()[:-1], PUBLIC.to_der() + b"\0", b"", b"\x30\x00"):
        with pytest.raises(InvalidKey):
            gmcrypto.PublicKey.from_der(der)
    for der in (PRIVATE.to_der()[:-1], PRIVATE.to_der() + b"\0", b"", PUBLIC.to_der()):
        with pytest.raises(InvalidKey):
            gmcrypto.PrivateKey.from_der(der)
    for text in ("", "-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----", PRIVATE.to_pem()):
        with pytest.raises(InvalidKey):
            gmcrypto.PublicKey.from_pem(text)


def test_every_damaged_ciphertext_gives_the_same_error() -> None:
    ciphertext = gmcrypto.encrypt(PUBLIC, b"secret text")
    parts = codec.parse_ciphertext(ciphertext)
    flipped_c3 = parts._replace(c3=bytes([parts.c3[0] ^ 1]) + parts.c3[1:])
    flipped_c2 = parts._replace(c2=bytes([parts.c2[0] ^ 1]) + parts.c2[1:])
    moved = (int.from_bytes(parts.c1[32:]) + 1) % P
    damaged = [
        codec.encode_ciphertext(flipped_c3),
        codec.encode_ciphertext(flipped_c2),
        codec.encode_ciphertext(parts._replace(c1=parts.c1[:32] + moved.to_bytes(32))),
        codec.encode_ciphertext(parts._replace(c1=bytes(64))),
        codec.encode_ciphertext(parts._replace(c2=b"")),
        codec.encode_ciphertext(parts._replace(c3=parts.c3[:-1])),
        ciphertext + b"\0",
        ciphertext[:-1],
        b"",
        b"\0" * 100,
        b"\xff" * 100,
    ]
    messages = set()
    for blob in damaged:
        with pytest.raises(DecryptionFailed) as caught:
            gmcrypto.decrypt(PRIVATE, blob)
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_an_unreduced_coordinate_in_a_ciphertext_is_refused() -> None:
    # OpenSSL 3.0 takes x + p for x, so that one ciphertext would have several forms. Points with
    # x small enough for x + p to fit into 256 bits are rare, hence the range check on any value.
    parts = codec.parse_ciphertext(gmcrypto.encrypt(PUBLIC, b"secret text"))
    tail = b"\x04\x20" + parts.c3 + b"\x04" + length(len(parts.c2)) + parts.c2
    x, y = int.from_bytes(parts.c1[:32]), int.from_bytes(parts.c1[32:])
    assert gmcrypto.decrypt(PRIVATE, sequence(minimal(x) + minimal(y) + tail)) == b"secret text"
    with pytest.raises(DecryptionFailed):
        gmcrypto.decrypt(PRIVATE, sequence(minimal(x + P) + minimal(y) + tail))


@given(st.binary(max_size=200))
def test_random_bytes_are_no_ciphertext(data: bytes) -> None:
    with pytest.raises(DecryptionFailed):
        gmcrypto.decrypt(PRIVATE, data)


@pytest.mark.parametrize("size", [1, 2, 31, 32, 33, 127, 128, 255])
def test_sm2_encrypts_up_to_255_bytes(size: int) -> None:
    text = hashlib.shake_128(str(size).encode()).digest(size)
    assert gmcrypto.decrypt(PRIVATE, gmcrypto.encrypt(PUBLIC, text)) == text


@pytest.mark.parametrize("size", [0, 256])
def test_sm2_does_not_encrypt_nothing_or_more(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 255"):
        gmcrypto.encrypt(PUBLIC, bytes(size))


def test_sm4_refuses_keys_and_blocks_of_another_size() -> None:
    with pytest.raises(InvalidKey):
        gmcrypto.aead_encrypt(bytes(32), b"", aad=b"")
    with pytest.raises(InvalidKey):
        gmcrypto.sm4_ecb_encrypt(bytes(15), bytes(16))
    with pytest.raises(ValueError, match="whole blocks"):
        gmcrypto.sm4_ecb_encrypt(bytes(16), bytes(15))


def test_a_raw_signature_has_64_bytes_and_values_in_range() -> None:
    for raw in (b"", bytes(63), bytes(65), bytes(64), R.to_bytes(32) + N.to_bytes(32)):
        with pytest.raises(MalformedData):
            codec.signature_from_raw(raw)


def test_a_secret_is_shown_by_no_repr() -> None:
    assert PRIVATE.to_raw().hex() not in repr(PRIVATE)
    assert Signature(R, S) == codec.parse_signature(GOOD)
