"""A hospital and somebody with a card; and rules that one test sets are not those of the next."""

from collections.abc import Iterator

import pytest

from cards import centre
from tests.cards.world import Holder, Hospital, holder, hospital


@pytest.fixture(autouse=True)
def _rules_are_read_again() -> Iterator[None]:
    centre.forget()
    yield
    centre.forget()


@pytest.fixture
def here(db: None) -> Hospital:
    return hospital()


@pytest.fixture
def somebody(db: None) -> Holder:
    return holder()
