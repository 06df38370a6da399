"""Each page about the account, the card and the family is accessible and fits."""

import pytest

from tests.e2e import fitting
from tests.e2e.card_pages import CARD_PAGES
from tests.e2e.conftest import OpenPhone
from tests.e2e.shown import Shown


@pytest.mark.parametrize("shown", CARD_PAGES, ids=lambda shown: shown.name)
def test_it_is_accessible_and_fits(
    shown: Shown, open_phone: OpenPhone, request: pytest.FixtureRequest
) -> None:
    fitting.check(shown, open_phone, request)
