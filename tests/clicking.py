"""Two clicks on one button of a resident's page, for the tests that ask what both are told."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from foundation.accounts.models import Account
from tests.accounts.people import signed_in
from tests.concurrency.waiting import overtaken

Told = tuple[int, str]
Clicks = Callable[[Account, str, dict[str, Any]], list[Told]]


def press(account: Account, address: str, body: dict[str, Any]) -> Told:
    """Send a form: the status of the answer, and where it leads."""
    answer = signed_in(Client(), account).post(address, body)
    return answer.status_code, answer.headers.get("Location", "")


def one_after_the_other(account: Account, address: str, body: dict[str, Any]) -> list[Told]:
    """The second click comes when the first is over."""
    return [press(account, address, body) for _ in range(2)]


def in_the_same_moment(account: Account, address: str, body: dict[str, Any]) -> list[Told]:
    """The second click comes before the first is committed, and waits for it."""
    told: list[Told] = []
    second = overtaken(
        first=lambda: told.append(press(account, address, body)),
        then=lambda: press(account, address, body),
    )
    return [*told, second]


BOTH_WAYS = (one_after_the_other, in_the_same_moment)
