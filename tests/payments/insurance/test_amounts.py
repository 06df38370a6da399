"""Yuan at the insurance's edge, fen inside."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.insurance.amounts import MOST_FEN, fen_of, yuan_number, yuan_text
from payments.insurance.strict_json import NotJson, read_object

FEN = st.integers(min_value=-MOST_FEN, max_value=MOST_FEN)


@given(FEN)
def test_an_amount_survives_both_forms_to_the_fen(fen: int) -> None:
    assert fen_of(yuan_text(fen)) == fen
    wire = json.dumps({"amount": yuan_number(fen)})
    assert fen_of(read_object(wire)["amount"]) == fen


@given(st.lists(FEN, max_size=20))
def test_sums_are_those_of_the_fen(amounts: list[int]) -> None:
    assert sum(fen_of(yuan_text(fen)) or 0 for fen in amounts) == sum(amounts)


@given(FEN)
def test_a_text_has_two_decimals(fen: int) -> None:
    assert Decimal(yuan_text(fen)) * 100 == fen
    assert yuan_text(fen)[-3] == "."


@pytest.mark.parametrize(
    ("value", "fen"),
    [
        ("0.00", 0),
        ("12", 1_200),
        ("12.5", 1_250),
        ("12.3400", 1_234),
        (7, 700),
        (Decimal("0.10"), 10),
        ("-3.00", -300),
    ],
)
def test_what_is_read(value: object, fen: int) -> None:
    assert fen_of(value) == fen


@pytest.mark.parametrize(
    "value",
    ["", "1.001", "1e3", "１.00", "1,000.00", "NaN", None, True, 1.5, [], "99999999999999.00", ".5", "+1.00"],
)
def test_what_is_no_amount(value: object) -> None:
    assert fen_of(value) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        "[]",
        '{"a": NaN}',
        "",
        '{"a": 1' + "0" * 60 + "}",
        '{"a": "\\ud800"}',
        '{"a": ' + "[" * 400 + "]" * 400 + "}",
        b"\xff{}",
    ],
)
def test_json_that_two_readers_would_read_differently_is_none(text: str | bytes) -> None:
    with pytest.raises(NotJson):
        read_object(text)
