"""One person holds one card, however many callers issue it at once.

The guards are two constraints, one live card per person and one owner per card number, and the
hold on the person before them. With all taken away the same callers issue the card several times
over; so the race is real, and it is the guards that stop it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from cards.errors import CardNumbersUsedUp
from cards.models import Card
from cards.services.issue import issue_card
from cards.states import Channel
from foundation.core.actor import Actor
from mpi import services as mpi
from mpi.types import PersonIdentity
from tests.cards.world import citizen_number

CALLERS = 20
ACTOR = Actor.system("tests")


@contextmanager
def guards_off() -> Iterator[None]:
    """Without the two constraints; whatever the callers did is removed before they return."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'cards_number'"
            " AND indexdef LIKE 'CREATE UNIQUE%%(value_index)'"
        )
        ((number_index, definition),) = cursor.fetchall()
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'cards_card_one_live_per_person'")
        card_definition = cursor.fetchone()[0]
        cursor.execute("DROP INDEX cards_card_one_live_per_person")
        cursor.execute(f"ALTER TABLE cards_number DROP CONSTRAINT {number_index}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE cards_number, cards_card CASCADE")
            cursor.execute(card_definition)
            cursor.execute(definition)
            cursor.execute(
                f"ALTER TABLE cards_number ADD CONSTRAINT {number_index} UNIQUE USING INDEX {number_index}"
            )


def issue_at_once(person_pk: int) -> list[str]:
    """Card ids that ``CALLERS`` threads got, each in a transaction of its own."""
    start = threading.Barrier(CALLERS, timeout=30)
    got: list[str] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with transaction.atomic():
                # Connected and inside a transaction before anybody begins.
                connection.ensure_connection()
                start.wait()
                got.append(issue_card(person_pk=person_pk, channel=Channel.H5, actor=ACTOR).card.public_id)
        except BaseException as exc:
            failures.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Without the guards whoever comes late finds every safe key used up by the others' cards.
    assert [exc for exc in failures if not isinstance(exc, CardNumbersUsedUp)] == []
    return got


def unlocked(rows: "QuerySet[Any]", **_options: Any) -> "QuerySet[Any]":
    return rows


def a_person() -> int:
    identity = PersonIdentity(name="测试甲", id_type="01", id_number=citizen_number(), nation="01")
    return mpi.register_person(identity=identity, source="tests", actor=ACTOR).person_pk


@pytest.mark.django_db(transaction=True)
def test_without_the_guards_the_same_callers_issue_several_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    person_pk = a_person()
    monkeypatch.setattr(QuerySet, "select_for_update", unlocked)
    with guards_off():
        issue_at_once(person_pk)
        assert Card.objects.filter(person=person_pk).count() > 1


@pytest.mark.django_db(transaction=True)
def test_twenty_callers_get_the_one_card() -> None:
    person_pk = a_person()
    got = issue_at_once(person_pk)
    assert len(got) == CALLERS
    assert len(set(got)) == 1
    assert Card.objects.filter(person=person_pk).count() == 1
