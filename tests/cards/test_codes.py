"""Texts of codes: reading, writing, authenticating."""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.errors import CodeForged, CodeMalformed, CodeTooLong
from cards.rules import codes

OWN = "11010100001"
CARD = "98FF9F2C05145CB9305E9D8A57E072BB51180CA49E5BE5E9D41BCE3A9A571928"
OTHER_CARD = "CD90BEEE49E0BE9B95332744130AEEFC09294A9617C92D2357B61E80C404A692"
BLOCK = "92FD69141DFE1553A42251E2B0196148"
KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
DYNAMIC = codes.emit_dynamic(card_id=CARD, block=BLOCK, nonce=0x5A5A5, issuer=OWN, key_version=7, mac_key=KEY)
QR_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]*")


def read(text: str) -> codes.Code:
    return codes.parse(text, own_issuer=OWN)


def read_dynamic(text: str) -> codes.DynamicCode:
    code = read(text)
    assert isinstance(code, codes.DynamicCode)
    return code


def test_a_dynamic_code_has_five_segments_and_at_most_130_characters() -> None:
    assert DYNAMIC.count(":") == 4
    assert len(DYNAMIC) == 130
    assert DYNAMIC.startswith(f"{CARD}:0:{BLOCK}:")
    assert DYNAMIC.endswith(f":{OWN}")


def test_a_dynamic_code_stays_in_the_alphanumeric_mode_of_a_qr_code() -> None:
    assert QR_ALPHANUMERIC.fullmatch(DYNAMIC)


def test_the_token_names_its_key_its_nonce_and_65_bits_of_mac() -> None:
    token = DYNAMIC.split(":")[3]
    assert len(token) == 18
    assert token[0] == "7"
    assert token[1:5] == "B9D5"
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{13}", token[5:])


def test_the_token_of_a_known_code_stays_what_it_was() -> None:
    assert DYNAMIC.split(":")[3] == "7B9D5M2K3FZ36S59DG"


def test_a_code_of_ours_is_authentic_and_another_key_refuses_it() -> None:
    code = read_dynamic(DYNAMIC)
    assert len(codes.authenticate(code, {7: KEY})) == 32
    for keys in ({7: OTHER_KEY}, {6: KEY}, {}):
        with pytest.raises(CodeForged):
            codes.authenticate(code, keys)


@pytest.mark.parametrize(
    "text",
    [
        DYNAMIC.lower(),
        f"\ufeff{DYNAMIC}\r\n",
        f"  {DYNAMIC}\t",
        DYNAMIC.replace(":", "："),
        "".join(chr(ord(character) + 0xFEE0) for character in DYNAMIC),
        f"\x02{DYNAMIC}\x03",
    ],
    ids=["caps lock", "byte order mark and line end", "spaces", "wide colons", "full width", "frame"],
)
def test_what_scanners_do_to_a_text_does_no_harm(text: str) -> None:
    assert read(text) == read(DYNAMIC)
    assert codes.authenticate(read_dynamic(text), {7: KEY}) == codes.authenticate(
        read_dynamic(DYNAMIC), {7: KEY}
    )


@pytest.mark.parametrize(
    "text", [CARD, CARD.lower(), f"{CARD}:1", f"{CARD}:1:::{OWN}", codes.emit_static(CARD)]
)
def test_static_forms_are_read(text: str) -> None:
    assert read(text) == codes.StaticCode(CARD)


def test_a_static_code_of_another_centre_is_foreign() -> None:
    text = f"{CARD}:1:::35020001001"
    assert read(text) == codes.ForeignCode(CARD, "1", "", "35020001001", text)


@pytest.mark.parametrize(
    ("text", "issuer"),
    [
        (f"{CARD}:0:{BLOCK}::35020001001", "35020001001"),
        (f"{CARD}:0:{BLOCK}:PAYDATA:35020001001", "35020001001"),
        (f"{CARD}:0:{BLOCK}", ""),
        (f"{CARD}:0:{BLOCK}::{OWN}", OWN),
        (f"{CARD}:0:{BLOCK}:SHORT:{OWN}", OWN),
    ],
)
def test_what_we_did_not_make_is_never_taken_as_ours(text: str, issuer: str) -> None:
    assert read(text) == codes.ForeignCode(CARD, "0", BLOCK, issuer, text)


def test_citizen_cards_and_temporary_cards_are_told_apart() -> None:
    assert read("A1234567890123456789012B:3") == codes.CityCard("A1234567890123456789012B")
    assert read(f"{CARD}:9") == codes.TemporaryCode(CARD)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://example.org/",
        CARD[:-1],
        f"{CARD}:",
        f"{CARD}:0",
        f"{CARD}:2",
        f"{CARD}:0:{BLOCK}:TOKEN",
        f"{CARD}:0:{BLOCK[:-1]}:{'0' * 18}:{OWN}",
        f"{CARD}:0:{BLOCK}:A'B:{OWN}",
        f"{CARD}:0:{BLOCK}::1:2",
        f"{CARD}\n:1",
        f"{CARD}:1\x00x",
        "١" * 64,
        "居民健康卡",
    ],
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(CodeMalformed):
        read(text)


@pytest.mark.parametrize("text", ["A" * 131, "A" * 5_000_000, DYNAMIC + "A", "ﷺ" * 100])
def test_what_is_longer_than_a_code_is_refused(text: str) -> None:
    with pytest.raises(CodeTooLong):
        read(text)


@given(text=st.text(max_size=200))
def test_reading_any_text_ends_in_a_code_or_a_typed_refusal(text: str) -> None:
    with contextlib.suppress(CodeMalformed, CodeTooLong):
        read(text)


@given(
    place=st.integers(0, len(DYNAMIC) - 1),
    character=st.characters(min_codepoint=33, max_codepoint=126),
)
def test_no_change_of_one_character_leaves_a_code_authentic(place: int, character: str) -> None:
    if character.upper() == DYNAMIC[place]:
        return
    changed = DYNAMIC[:place] + character + DYNAMIC[place + 1 :]
    try:
        code = read(changed)
    except CodeMalformed:
        return
    if isinstance(code, codes.DynamicCode):
        with pytest.raises(CodeForged):
            codes.authenticate(code, dict.fromkeys(range(32), OTHER_KEY) | {7: KEY})


def test_the_parts_of_two_codes_cannot_be_mixed() -> None:
    other = codes.emit_dynamic(
        card_id=OTHER_CARD, block=BLOCK, nonce=1, issuer=OWN, key_version=7, mac_key=KEY
    )
    mixed = f"{CARD}:0:{BLOCK}:{other.split(':')[3]}:{OWN}"
    with pytest.raises(CodeForged):
        codes.authenticate(read_dynamic(mixed), {7: KEY})


@given(
    card=st.binary(min_size=32, max_size=32),
    block=st.binary(min_size=16, max_size=16),
    nonce=st.integers(0, 2**codes.NONCE_BITS - 1),
    version=st.integers(1, 100),
)
def test_every_code_that_we_make_is_read_back_and_authentic(
    card: bytes, block: bytes, nonce: int, version: int
) -> None:
    text = codes.emit_dynamic(
        card_id=card.hex().upper(),
        block=block.hex().upper(),
        nonce=nonce,
        issuer=OWN,
        key_version=version,
        mac_key=KEY,
    )
    code = read_dynamic(text)
    assert code.text == text
    assert codes.authenticate(code, {version % codes.KEY_MARKS: KEY})


def test_two_codes_are_recorded_under_two_digests() -> None:
    other = codes.emit_dynamic(card_id=CARD, block=BLOCK, nonce=1, issuer=OWN, key_version=7, mac_key=KEY)
    keys = {7: KEY}
    assert codes.authenticate(read_dynamic(DYNAMIC), keys) != codes.authenticate(read_dynamic(other), keys)
