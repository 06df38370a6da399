"""Every page of residents has its calls in the resident API, or a reason why not."""

import re
from pathlib import Path

from django.conf import settings

from tests.architecture.routes import all_routes

TABLE = Path(settings.BASE_DIR) / "docs" / "resident-api.md"
ROOT = "/api/resident/v1/"
_CALL = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) ([a-z{][^`]*)`")
# Before there is a session; the pages of it are open to everybody.
BEGINNING = {
    "POST sessions/phone/code",
    "POST sessions/phone",
    "POST sessions/weixin",
    "POST sessions/second-proof",
    "DELETE sessions/current",
}
# Pages that are open before there is a session, with calls that are, too.
BROWSING = {"hospitals", "hospital", "department", "doctor", "schedule"}


def lines() -> dict[str, str]:
    """What the table says of each page."""
    rows = [line.split("|")[1:3] for line in TABLE.read_text(encoding="utf-8").splitlines() if "|" in line]
    return {page: told for pages, told in rows for page in re.findall(r"`([\w:-]+)`", pages)}


def calls() -> set[str]:
    """What the resident API offers, named as in the table but without the names of its parameters."""
    return {
        f"{method.upper()} {route.address.removeprefix(ROOT).replace('x' * 26, '{}')}"
        for route in all_routes()
        if route.address.startswith(ROOT)
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(getattr(route.view, "cls", None), method)
    }


def told_calls() -> set[str]:
    found = {call for told in lines().values() for call in _CALL.findall(told)}
    return {f"{method} {re.sub(r'{[^}]*}', '{}', path)}" for method, path in found}


def test_every_page_of_residents_has_a_line() -> None:
    pages = {route.name for route in all_routes() if route.guard == "resident"}
    assert pages | BROWSING == set(lines())


def test_the_table_names_every_call_and_no_other() -> None:
    assert told_calls() | BEGINNING == calls()
