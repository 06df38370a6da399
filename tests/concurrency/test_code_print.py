"""A label asked for many times at once under one request is one print."""

import threading

import pytest
from django.db import connection, transaction

from cards.models import CodePrint
from cards.services.printing import print_code
from cards.states import Channel
from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor, ActorKind
from foundation.core.ids import new_public_id
from tests.cards.holding import card_holder

CALLERS = 10
CLERK = Actor(
    ActorKind.STAFF, new_public_id(), institution=new_public_id(), scopes=frozenset({"window_clerk"})
)


@pytest.fixture
def guard_off(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cards_code_print DROP CONSTRAINT cards_code_print_once")


@pytest.fixture
def guard_back(transactional_db: None) -> object:
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE cards_code_print")
        cursor.execute(
            "ALTER TABLE cards_code_print"
            " ADD CONSTRAINT cards_code_print_once UNIQUE (institution, request_id)"
        )


def print_at_once() -> set[str]:
    with transaction.atomic():
        card = card_holder().card
    start = threading.Barrier(CALLERS, timeout=30)
    got: list[str] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            connection.ensure_connection()
            start.wait()
            made = print_code(
                card=card, channel=Channel.WINDOW, request_id="one press", reason="补打", actor=CLERK
            )
            got.append(made.public_id)
        except BaseException as exc:
            failures.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    return set(got)


@pytest.mark.django_db(transaction=True)
@pytest.mark.row("ID-05")
def test_one_press_is_one_print_however_often_it_arrives() -> None:
    assert len(print_at_once()) == 1
    assert CodePrint.objects.count() == 1
    assert AuditEntry.objects.filter(action="code.printed").count() == 1


def test_without_the_constraint_there_are_several(guard_back: object, guard_off: None) -> None:
    assert len(print_at_once()) > 1
