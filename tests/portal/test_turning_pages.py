"""The part by which the admin's own lists are turned."""

import re

import pytest
from django.core.paginator import Paginator
from django.template.loader import render_to_string


@pytest.mark.parametrize(
    ("number", "asked", "led"),
    [
        (1, "", ["?p=2"]),
        (2, "", ["?p=1", "?p=3"]),
        (3, "day=2026-11-01", ["?day=2026-11-01&amp;p=2"]),
    ],
)
def test_a_page_leads_to_those_beside_it(number: int, asked: str, led: list[str]) -> None:
    page = Paginator(range(30), 10).page(number)
    shown = render_to_string("admin/pages.html", {"page": page, "turn": "p", "asked": asked})
    assert re.findall(r'href="([^"]+)"', shown) == led
    assert f"{number} / 3" in shown


def test_one_page_leads_nowhere() -> None:
    page = Paginator(range(3), 10).page(1)
    assert render_to_string("admin/pages.html", {"page": page, "turn": "p"}).strip() == ""
