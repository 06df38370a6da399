"""What payments at the bank of the tests begin with."""

import pytest
from pytest_django import Settings

from payments.models import Channel
from tests.payments.bank import Bank, Ledger
from tests.payments.owing import Desk, desk
from tests.payments.paying import channel


@pytest.fixture
def bank(settings: Settings) -> Ledger:
    """The bank, offered as a way of paying."""
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    Bank.books = Ledger()
    return Bank.books


@pytest.fixture
def place() -> Desk:
    """A hospital's counter."""
    return desk()


@pytest.fixture
def at(place: Desk) -> Channel:
    """The hospital's account at the bank."""
    return channel(place.institution)
