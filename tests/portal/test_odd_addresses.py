"""Whatever somebody writes behind the question mark of an address, the page answers and nothing breaks."""

import re
from typing import Final

import pytest
from django.test import Client

from institutions.rules import Role
from tests.accounts.people import signed_in
from tests.architecture.routes import all_routes
from tests.architecture.source import ROOT, sources
from tests.cards.holding import card_holder
from tests.institutions import people as staff

pytestmark = pytest.mark.django_db

# What is no text, a number too long for any column and for int(), one below all, a digit that is none.
WORDS: Final = ["\x00", "9" * 5_000, "-1", "²"]
_NAMES: Final = re.compile(r"""(?:GET|query_params)\.(?:get|getlist)\(\s*"(\w+)\"""")
_OF_LISTS: Final = {"q", "o", "p", "all", "e", "_popup", "state__exact", "id__exact", "pk__gt"}


def names() -> list[str]:
    """Every name that our code looks for in an address, and those that the admin's lists take besides."""
    found = {name for source in sources() for name in _NAMES.findall((ROOT / source.path).read_text())}
    assert {"page", "cursor", "person"} <= found
    return sorted(found | _OF_LISTS)


def reader(kind: str) -> Client:
    client = Client(raise_request_exception=False)
    if kind == "resident":
        return signed_in(client, card_holder().account)
    return staff.at_work(client, staff.staff(Role.INSTITUTION_ADMIN, staff.hospital()))


@pytest.mark.parametrize(("kind", "at_least"), [("resident", 40), ("staff", 40)])
def test_every_page_answers(kind: str, at_least: int) -> None:
    client = reader(kind)
    pages = [route.address for route in all_routes() if client.get(route.address).status_code == 200]
    assert len(pages) >= at_least
    broken = []
    for address in pages:
        for word in WORDS:
            answer = client.get(address, dict.fromkeys(names(), word))
            if answer.status_code >= 500:
                broken.append((address, word[:10], answer.status_code))
    assert not broken
