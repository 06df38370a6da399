"""The SDK's own SM2, against the provider of the platform."""

import pytest

import gmcrypto
import sdk


def test_what_it_signs_verifies_elsewhere() -> None:
    private, public = gmcrypto.generate_keypair()
    signer = sdk.Sm2Signer(private.to_raw().hex())
    for text in (b"", b"EHC1\nSM2-SM3", bytes(5_000)):
        signature = signer(text)
        assert gmcrypto.verify(public, text, signature)
        assert not gmcrypto.verify(public, text + b"!", signature)


def test_two_signatures_over_one_text_differ() -> None:
    signer = sdk.Sm2Signer("1a9612c1552a5a46f0a0570c67bcdf5c6f2612924b76fe6442f1e70c7e992c12")
    assert signer(b"text") != signer(b"text")


@pytest.mark.parametrize("key", ["", "00", "0" * 64, "f" * 64, "zz" * 32])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        sdk.Sm2Signer(key)
