"""The books hold whatever happens in whatever order; ``MONEY_EXAMPLES`` says how many orders are tried."""

import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from pytest_django import Settings

from tests.payments.machine_comparing import Comparing
from tests.payments.machine_insured import Insuring
from tests.payments.machine_saving import Saving
from tests.payments.owing import desk

EXAMPLES = int(os.environ.get("MONEY_EXAMPLES", "20"))
STEPS = 30

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-11")]


def test_whatever_happens_in_whatever_order_the_books_hold(settings: Settings) -> None:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    settings.PAYMENT_INSURERS = ["tests.payments.insurer.Insurer"]
    run_machine()


def run_machine() -> None:
    """Each order of things in a transaction that is undone."""

    class Here(Comparing, Insuring, Saving):
        place = desk()

        def __init__(self) -> None:
            self.atomic = transaction.atomic()
            self.atomic.__enter__()
            super().__init__()

        def teardown(self) -> None:
            try:
                super().teardown()
            finally:
                transaction.set_rollback(True)
                self.atomic.__exit__(None, None, None)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
