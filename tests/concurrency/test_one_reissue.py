"""Clicking twice on 补领 uses up one safe key.

The guard is the number that the caller says it saw. Without it each caller replaces what the
one before has just made, until no key is left.
"""

import threading

import pytest
from django.db import connection

from cards.errors import CardNumbersUsedUp
from cards.services import numbers
from tests.cards import world

CALLERS = 8


def reissue_at_once(card_pk: int, replaces: str) -> tuple[list[str], list[BaseException]]:
    """Public ids of the numbers that the callers got, and what went wrong."""
    start = threading.Barrier(CALLERS, timeout=30)
    got: list[str] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            connection.ensure_connection()
            start.wait()
            number = numbers.reissue_number(
                card_pk=card_pk, reason="补领", actor=world.CENTRE, replaces=replaces
            )
            got.append(number.public_id)
        except BaseException as exc:
            failures.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got, failures


@pytest.mark.django_db(transaction=True)
def test_without_the_guard_a_second_click_uses_up_another_key() -> None:
    who = world.holder()
    with pytest.raises(CardNumbersUsedUp):
        for _ in range(CALLERS):
            numbers.reissue_number(card_pk=who.card.pk, reason="补领", actor=world.CENTRE)
    assert who.card.numbers.count() > 2


@pytest.mark.django_db(transaction=True)
def test_eight_clicks_make_one_number() -> None:
    who = world.holder()
    got, failures = reissue_at_once(who.card.pk, who.number.public_id)
    assert failures == []
    assert len(got) == CALLERS
    assert len(set(got)) == 1
    assert who.card.numbers.count() == 2
