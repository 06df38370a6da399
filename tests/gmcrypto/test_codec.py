"""Round trips of every encoding, and envelopes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gmcrypto
from gmcrypto import codec, envelope
from gmcrypto.codec import N, Signature
from gmcrypto.errors import DecryptionFailed, InvalidKey, MalformedData

integers = st.integers(min_value=1, max_value=N - 1)
scalars = st.integers(min_value=1, max_value=N - 2).map(lambda number: number.to_bytes(32))
KEY = bytes(range(16))


@given(integers, integers)
def test_a_signature_survives_der_and_raw(r: int, s: int) -> None:
    der = codec.encode_signature(Signature(r, s))
    assert codec.parse_signature(der) == (r, s)
    assert codec.signature_from_raw(codec.signature_to_raw(der)) == der
    assert len(der) <= codec.MAX_SIGNATURE_BYTES


@given(st.binary(max_size=80))
def test_what_parses_as_a_signature_encodes_to_the_same_bytes(data: bytes) -> None:
    try:
        signature = codec.parse_signature(data)
    except MalformedData:
        return
    assert codec.encode_signature(signature) == data


@settings(max_examples=30)
@given(scalars)
def test_a_key_survives_der_and_pem(scalar: bytes) -> None:
    private = gmcrypto.PrivateKey(scalar)
    public = private.public_key
    assert gmcrypto.PrivateKey.from_der(private.to_der()).to_raw() == scalar
    assert gmcrypto.PrivateKey.from_pem(private.to_pem()).to_raw() == scalar
    assert gmcrypto.PrivateKey.from_der(codec.encode_private(scalar)).public_key == public
    assert gmcrypto.PublicKey.from_der(public.to_der()) == public
    assert gmcrypto.PublicKey.from_pem(public.to_pem()) == public
    assert gmcrypto.PublicKey(b"\x04" + public.raw) == public


@settings(max_examples=30)
@given(scalars, st.binary(min_size=1, max_size=255))
def test_a_ciphertext_survives_every_layout(scalar: bytes, text: bytes) -> None:
    private = gmcrypto.PrivateKey(scalar)
    der = gmcrypto.encrypt(private.public_key, text)
    new, old = codec.ciphertext_to_c1c3c2(der), codec.ciphertext_to_c1c2c3(der)
    assert codec.ciphertext_from_c1c3c2(new) == codec.ciphertext_from_c1c3c2(new[1:]) == der
    assert codec.ciphertext_from_c1c2c3(old) == codec.ciphertext_from_c1c2c3(old[1:]) == der
    assert codec.encode_ciphertext(codec.parse_ciphertext(der)) == der
    assert gmcrypto.decrypt(private, der) == text


@given(st.binary(max_size=120))
def test_random_bytes_are_no_key(data: bytes) -> None:
    with pytest.raises(InvalidKey):
        codec.parse_public(data)
    with pytest.raises(InvalidKey):
        codec.parse_private(data)


@given(st.binary(max_size=300))
def test_random_bytes_are_no_raw_ciphertext(data: bytes) -> None:
    with pytest.raises(MalformedData):
        codec.ciphertext_from_c1c3c2(data)


@given(st.binary(max_size=500), st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True), st.binary(max_size=60))
def test_an_envelope_opens_with_its_key_and_context(text: bytes, key_id: str, context: bytes) -> None:
    blob = envelope.seal(KEY, key_id, text, context=context)
    parsed = envelope.parse(blob)
    assert parsed.key_id == key_id
    assert envelope.open_envelope(KEY, parsed, context=context) == text
    assert len(blob) == len(text) + len(key_id) + 31


def test_an_envelope_does_not_open_with_another_key_id_or_context() -> None:
    blob = envelope.seal(KEY, "data-1", b"text", context=b"place")
    renamed = blob.replace(b"data-1", b"data-2")
    with pytest.raises(DecryptionFailed):
        envelope.open_envelope(KEY, envelope.parse(renamed), context=b"place")
    with pytest.raises(DecryptionFailed):
        envelope.open_envelope(KEY, envelope.parse(blob), context=b"other place")


@given(st.binary(max_size=80))
def test_what_is_no_envelope_is_refused(data: bytes) -> None:
    try:
        parsed = envelope.parse(data)
    except MalformedData:
        return
    with pytest.raises(DecryptionFailed):
        envelope.open_envelope(KEY, parsed, context=b"")


def test_two_envelopes_of_the_same_text_differ() -> None:
    blobs = {envelope.seal(KEY, "data-1", b"text", context=b"") for _ in range(200)}
    assert len(blobs) == 200
