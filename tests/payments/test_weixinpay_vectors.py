"""What WeChat Pay prints, computed by our own code.

The keys in ``golden`` are those that its Java library publishes for its tests; they protect nothing.
"""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from gmcrypto import api
from payments.providers.weixinpay.mixed import id_digest
from payments.providers.weixinpay.signing import SUITES, SealBroken, launch_text

# wechatpay-java, shangmi-testing: BaseAeadSM4Test and TestConfig.
API_KEY = "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"
NONCE, AAD, SEALED = "uluk4a9R25RW", "associatedData", "+lcLNfkZQQx+iQm20Apa3x9Mb/5L7PgZ7w=="

GOLDEN = Path(__file__).parent / "golden"
RSA_KEY = (GOLDEN / "weixinpay-java-rsa.pem").read_text("ascii")
SM2_KEY = (GOLDEN / "weixinpay-java-sm2.pem").read_text("ascii")
# wechatpay-java, core: RSAVerifierTest.
RSA_SIGNED = (
    "Rq+5ZpWV6IHTWE1+9gCrYJKguNgbItpMdlIA+PVCPCdUAKNlohZz7CL7Y8xWDIFJjdGnErMj6Z+Q/h9CF5MV+nAVkqDmBR0uP5pp"
    "sUEzco4ijvKHsvI2ro4boSW6vSfQs3W8I4QSI9a0/NFIgvj83Fv27LIYZf7deaFWmEwd1fpAeJRCyoKyBeJPdsjVx0//Lqe6"
    "Wze2zVdliLcBvaHCfpd8+rAVGS+FQDeWgHqJ7n/Zy09LmV1/ghs7pO1mdjdD16SHKlysAD3K5hNGUJX/SHrEXEcu1yO1AOb/"
    "YvOVkjNh8243rcfXNE5L4ph2XS11vS+2aToKYSOcKUagf0LLaw=="
)
# wechatpay-java, core: RSAPrivacyDecryptorTest.
RSA_SEALED = (
    "Qqsluo7R1IZyAqdkm/jBzwXDP5VndCwwFbRA+yILFTYciZzrRChQIQ7SKuI2k3YSR5auB3Zsp"
    "djR1WPB3PTCKe6BCFx3NnaPWhSwonYTmW8ZseXjkbcYSbKL5O/6dr6Zftg3t2A2FUd97acjM1fr2EIvIvRieQ3Hl8qVkDBY9520wm1rz"
    "vePUnxQWN70RZiBcqr7O7Gb0gU3l7FkvoUFSbY44HgDJetmVow3yGIV3Tcd45o2MNQ+5F1qvjIjb3/6dkGKce4/kNTYraUMO6o6kfFXl"
    "fg+bFRIiz8hiUpbToWdu7g0R5Hq0/YIE5vw/5Ms4gbk2HIQIfOLkY8sEPjYHA=="
)
# wechatpay-java, shangmi-testing: BaseSM2Test.
SM2_SIGNED = (
    "MEYCIQD35Rp3CKt7pLme/a0GaCVmwSeOl7X/12+ppRivcJuf6QIhAO5Vpy4tSk9SJUrgH5I5Qy0aYhFG9lN0aof1f5wJOI05"
)
SM2_SEALED = (
    "MHECIAGn23Ew8nF0zRfu3qgdD6VATSmGM5wrVFvNqg1ToXneAiBgfOJLVi1NtpRVH2"
    "qanzooL4gOrDKKOloD7gS17g+iCQQgcTtJpGhytHZeV/HeTqYkg3YqOY+Vybx+OQx217Ktn0QECdMjiI7lpId5dg=="
)


def public_of(algorithms: str) -> str:
    if algorithms == "SM":
        return api.PrivateKey.from_pem(SM2_KEY).public_key.to_pem()
    key = load_pem_private_key(RSA_KEY.encode(), None).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_the_aes_sample_opens() -> None:
    """The notice as WeChat Pay encrypts it for merchants without 商密: wechatpay-java, AeadAesCipherTest."""
    sealed = "ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI="
    assert SUITES["RSA"].open(API_KEY, nonce=NONCE, aad=AAD, sealed=sealed) == b"message"
    with pytest.raises(SealBroken):
        SUITES["RSA"].open(API_KEY, nonce=NONCE, aad="other", sealed=sealed)


def test_an_rsa_signature_is_the_published_one() -> None:
    """PKCS #1 v1.5 has one signature for one text, so ours must be the same."""
    assert SUITES["RSA"].sign(RSA_KEY, b"message") == RSA_SIGNED


@pytest.mark.parametrize(("algorithms", "signed"), [("RSA", RSA_SIGNED), ("SM", SM2_SIGNED)])
def test_a_published_signature_is_good_for_its_text_alone(algorithms: str, signed: str) -> None:
    suite = SUITES[algorithms]
    public = suite.public_of_pem(public_of(algorithms))
    assert suite.verifies(public, b"message", signed)
    assert not suite.verifies(public, b"false-message", signed)


def test_our_sm2_signature_is_good_under_the_published_key() -> None:
    suite = SUITES["SM"]
    assert suite.verifies(suite.public_of_pem(public_of("SM")), b"message", suite.sign(SM2_KEY, b"message"))


def test_sensitive_fields_are_sealed_as_the_published_ones() -> None:
    """What opens theirs opens ours: RSA-OAEP with SHA-1, and SM2 in DER."""
    key = load_pem_private_key(RSA_KEY.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    oaep = OAEP(mgf=MGF1(algorithm=SHA1()), algorithm=SHA1(), label=None)
    ours = SUITES["RSA"].seal(SUITES["RSA"].public_of_pem(public_of("RSA")), "plaintext")
    for sealed in (RSA_SEALED, ours):
        assert key.decrypt(base64.b64decode(sealed), oaep) == b"plaintext"
    ours = SUITES["SM"].seal(SUITES["SM"].public_of_pem(public_of("SM")), "plaintext")
    for sealed in (SM2_SEALED, ours):
        assert api.decrypt(api.PrivateKey.from_pem(SM2_KEY), base64.b64decode(sealed)) == b"plaintext"


def test_the_sm4_sample_opens() -> None:
    assert SUITES["SM"].open(API_KEY, nonce=NONCE, aad=AAD, sealed=SEALED) == b"plaintext"


@pytest.mark.parametrize(
    ("nonce", "aad", "sealed"),
    [
        ("uluk4a9R25RX", AAD, SEALED),
        ("uluk4a9R25RW1", AAD, SEALED),
        (NONCE, "", SEALED),
        # The changed text that the same tests print as one that must fail.
        (NONCE, AAD, "+lcLNfkZQQx+iQm20Apa3x9Mb/5L7PgZ8w=="),
        (NONCE, AAD, "no base64"),
        (NONCE, AAD, ""),
    ],
)
@pytest.mark.parametrize("algorithms", ["SM", "RSA"])
def test_a_changed_sample_does_not(algorithms: str, nonce: str, aad: str, sealed: str) -> None:
    with pytest.raises(SealBroken):
        SUITES[algorithms].open(API_KEY, nonce=nonce, aad=aad, sealed=sealed)


def test_the_launch_text_is_the_sample_of_the_documents() -> None:
    """The four lines that WeChat Pay prints for calling the cashier (wechatpay-skills, basic payment)."""
    made = launch_text(
        "wx2421b1c4370ec43b",
        "1554208460",
        "593BEC0C930BF1AFEB40B4A08C8FB242",
        "prepay_id=wx201410272009395522657a690389285100",
    )
    assert made == (
        b"wx2421b1c4370ec43b\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n"
        b"prepay_id=wx201410272009395522657a690389285100\n"
    )


@pytest.mark.parametrize(
    ("number", "digest"),
    [
        # WeChat's documents of mixed orders.
        ("44030019000101123x", "09eb26e839ff3a2e3980352ae45ef09e"),
        ("44030019000101123X", "09eb26e839ff3a2e3980352ae45ef09e"),
        ("11010020171225006X", "9911aada6ffe959d1249020c93534fc4"),
    ],
)
def test_the_digest_of_an_identity_number_is_the_printed_one(number: str, digest: str) -> None:
    assert id_digest(number) == digest


def test_an_old_number_of_fifteen_figures_has_the_digest_of_its_eighteen() -> None:
    assert id_digest("110100900101997") == id_digest("11010019900101997X")
