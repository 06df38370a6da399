"""The colours are readable, and nothing is coloured or measured outside the tokens."""

import re
from pathlib import Path

import pytest
from django.conf import settings

STYLES = Path(settings.BASE_DIR) / "static" / "portal"
TOKENS = (STYLES / "tokens.css").read_text("utf-8")

TEXT_PAIRS = [
    ("ink", "ground"),
    ("ink", "surface"),
    ("ink", "sunken"),
    ("ink-soft", "ground"),
    ("ink-soft", "surface"),
    ("ink-soft", "sunken"),
    ("brand", "ground"),
    ("brand", "surface"),
    ("brand", "brand-soft"),
    ("brand-strong", "ground"),
    ("on-brand", "brand"),
    ("on-brand", "brand-strong"),
    ("danger", "ground"),
    ("danger", "surface"),
    ("danger", "danger-soft"),
    ("on-danger", "danger"),
    ("on-danger", "danger-strong"),
    ("waiting", "waiting-soft"),
    ("done", "done-soft"),
    ("done", "surface"),
    ("ink", "brand-soft"),
    ("ink", "waiting-soft"),
    ("ink", "done-soft"),
    ("ink", "danger-soft"),
    ("code-ink", "code-ground"),
    ("code-soft", "code-ground"),
    ("code-brand", "code-ground"),
    ("code-ink", "code-brand-soft"),
    *[("card-ink", f"card-{tint}-{end}") for tint in range(1, 6) for end in ("from", "to")],
]
SHAPE_PAIRS = [
    ("line-strong", "surface"),
    ("line-strong", "ground"),
    ("focus", "ground"),
    ("focus", "surface"),
    ("code-focus", "code-ground"),
    ("brand", "line"),
]


def _block(opening: str) -> dict[str, str]:
    body = TOKENS.split(opening, 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", body))


LIGHT = _block(":root {")
DARK_BY_PHONE = _block(':root:not([data-theme="light"]) {')
DARK_BY_CHOICE = _block(':root[data-theme="dark"] {')
MODES = {"light": LIGHT, "dark": {**LIGHT, **DARK_BY_PHONE}}


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_of_contrast_agrees_with_its_definition() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("front", "back"), TEXT_PAIRS)
def test_text_is_readable_on_its_ground(mode: str, front: str, back: str) -> None:
    assert _contrast(MODES[mode][front], MODES[mode][back]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("front", "back"), SHAPE_PAIRS)
def test_edges_and_marks_can_be_seen(mode: str, front: str, back: str) -> None:
    assert _contrast(MODES[mode][front], MODES[mode][back]) >= 3


def test_dark_by_phone_and_dark_by_choice_are_the_same() -> None:
    assert DARK_BY_PHONE == DARK_BY_CHOICE
    assert len(DARK_BY_PHONE) > 15


def test_the_code_is_white_in_every_mode() -> None:
    assert LIGHT["code-ground"] == "#ffffff"
    assert not [name for name in DARK_BY_PHONE if name.startswith("code-")]


def test_care_mode_is_fourteen_tenths_of_the_type() -> None:
    care = _block(":root[data-care] {")
    assert float(care["root"].rstrip("%")) / float(LIGHT["root"].rstrip("%")) == pytest.approx(1.4)


@pytest.mark.parametrize("name", ["base.css", "components.css"])
def test_no_colour_or_size_is_written_outside_the_tokens(name: str) -> None:
    rules = re.sub(r"/\*.*?\*/", "", (STYLES / name).read_text("utf-8"), flags=re.DOTALL)
    literal = re.compile(
        r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(|(?<![\w.-])\d*\.?\d+(?:px|rem|em|pt|vh|vw|m?s)\b"
    )
    offending = [
        line.strip() for line in rules.splitlines() if literal.search(line) and "min-height: 100" not in line
    ]
    assert not offending


@pytest.mark.parametrize("name", ["base.css", "components.css"])
def test_every_token_that_is_used_exists(name: str) -> None:
    used = set(re.findall(r"var\(--([\w-]+)", (STYLES / name).read_text("utf-8")))
    assert used <= set(LIGHT), used - set(LIGHT)
