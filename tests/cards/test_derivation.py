"""The national derivations against published vectors.

Source of the vectors: the worked example of the national specification (certificate
01 + 11010020171225006X, safe key 0123456789ABCDEFFEDCBA9876543210), as it is quoted by the
tests of the published key-device software, and that software's own second example.
"""

from datetime import UTC, datetime

import pytest

from cards.errors import CertificateTooLong
from cards.rules import derivation
from foundation.core.clock import BEIJING

SAFE_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
ID_TYPE, ID_NUMBER = "01", "11010020171225006X"
SPECIFICATION = {
    "index": "ABD17E7ED399EF68AB5660155D6E226D2C92EAC3254A4A66BED83AED0ADA1E9E",
    "factor": "92CDCE45A16799FD",
    "user_key": "86C63180C2806ED1F47B859DE501215B",
    "card": "98FF9F2C05145CB9305E9D8A57E072BB51180CA49E5BE5E9D41BCE3A9A571928",
}
NAMED = {
    "index": "497A8E490D370BC4832452C598B645C54BEA5E720E0FD198A902F4A6F4686FE0",
    "factor": "28B676586FE6F079",
    "user_key": "14EE8F5F246BB266F7D5AB5B179B4B96",
    "card": "CD90BEEE49E0BE9B95332744130AEEFC09294A9617C92D2357B61E80C404A692",
}
BOTH = pytest.mark.parametrize("vector", [SPECIFICATION, NAMED], ids=["specification", "named"])
BLOCKS = pytest.mark.parametrize(
    ("key", "block"),
    [
        ("11223344556677888877665544332211", "92FD69141DFE1553A42251E2B0196148"),
        ("0123456789ABCDEFFEDCBA9876543210", "AA947AE3BC7902BDC99507B876148153"),
    ],
)
BLOCK_TIME = datetime(2018, 1, 17, 11, 50, 3, tzinfo=BEIJING)


def test_the_main_index_is_that_of_the_published_example() -> None:
    assert derivation.main_index(ID_TYPE, ID_NUMBER, "测试") == NAMED["index"]


@BOTH
def test_the_factor_is_that_of_the_published_example(vector: dict[str, str]) -> None:
    assert derivation.diversification_factor(vector["index"]).hex().upper() == vector["factor"]


@BOTH
def test_the_user_key_is_that_of_the_published_example(vector: dict[str, str]) -> None:
    key = derivation.user_key(SAFE_KEY, bytes.fromhex(vector["factor"]))
    assert key.hex().upper() == vector["user_key"]


@BOTH
def test_the_card_id_is_that_of_the_published_example(vector: dict[str, str]) -> None:
    assert derivation.card_id(SAFE_KEY, vector["index"], ID_TYPE, ID_NUMBER) == vector["card"]


@BOTH
def test_the_certificate_comes_back_out_of_a_card_id(vector: dict[str, str]) -> None:
    assert derivation.recover_certificate(SAFE_KEY, vector["index"], vector["card"]) == (ID_TYPE, ID_NUMBER)


def test_no_certificate_comes_out_under_another_key() -> None:
    with pytest.raises(ValueError, match=r"does not belong|decode"):
        derivation.recover_certificate(bytes(range(16)), NAMED["index"], NAMED["card"])


def test_another_safe_key_gives_another_card_id() -> None:
    assert derivation.card_id(bytes(range(16)), NAMED["index"], ID_TYPE, ID_NUMBER) != NAMED["card"]


def test_a_certificate_of_thirty_characters_fits() -> None:
    number = "A" * 30
    card = derivation.card_id(SAFE_KEY, NAMED["index"], "03", number)
    assert derivation.recover_certificate(SAFE_KEY, NAMED["index"], card) == ("03", number)


@pytest.mark.parametrize("number", ["A" * 31, "军" * 11])
def test_a_certificate_that_does_not_fit_is_refused(number: str) -> None:
    with pytest.raises(CertificateTooLong):
        derivation.card_id(SAFE_KEY, NAMED["index"], "04", number)


def test_an_officers_certificate_with_characters_comes_back() -> None:
    number = "军字第9001号"
    card = derivation.card_id(SAFE_KEY, NAMED["index"], "04", number)
    assert derivation.recover_certificate(SAFE_KEY, NAMED["index"], card) == ("04", number)


@BLOCKS
def test_the_validity_block_is_that_of_the_published_example(key: str, block: str) -> None:
    assert derivation.validity_block(bytes.fromhex(key), BLOCK_TIME) == block


@BLOCKS
def test_the_time_comes_back_out_of_a_validity_block(key: str, block: str) -> None:
    assert derivation.read_validity_block(bytes.fromhex(key), block) == BLOCK_TIME


def test_the_block_holds_beijing_time_whatever_the_zone_of_the_moment() -> None:
    same_moment = datetime(2018, 1, 17, 3, 50, 3, tzinfo=UTC)
    key = bytes.fromhex("11223344556677888877665544332211")
    assert derivation.validity_block(key, same_moment) == "92FD69141DFE1553A42251E2B0196148"


def test_a_block_of_another_key_has_no_time() -> None:
    with pytest.raises(ValueError, match="another key"):
        derivation.read_validity_block(bytes(range(16)), "92FD69141DFE1553A42251E2B0196148")
