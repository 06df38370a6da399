"""What the tests of this room share."""

from collections.abc import Iterator

import pytest
import time_machine

from appointments.selectors import finding, offers
from tests.appointments.waiting import NOON, Clinic, clinic


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Bands and names that the process remembers are those of the test."""
    offers.forget_all()
    finding.forget()
    yield
    offers.forget_all()
    finding.forget()


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """It is noon, and stays so until the test moves on."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def where(noon: time_machine.Traveller) -> Clinic:
    """The department where people come to."""
    return clinic()
