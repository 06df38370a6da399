"""A confirmation is answered once, whoever answers at once; and what happens without the guard."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from cards.errors import ConfirmationOver
from cards.models import Confirmation
from cards.services.confirmations import answer_confirmation, ask_for_confirmation
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from identity import services as identity
from identity.rules import Evidence
from tests.cards.holding import CENTRE, CardHolder, card_holder

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-16")]

CALLERS = 10
HOSPITAL = Actor(kind=ActorKind.CLIENT, id="c" * 26, institution="h" * 26)


def asked() -> tuple[CardHolder, str]:
    with transaction.atomic():
        who = card_holder()
        identity.open_self_holding(
            account_pk=who.account.pk, person_pk=who.card.person_id, evidence=Evidence.WINDOW, actor=CENTRE
        )
    row = ask_for_confirmation(card=who.card, title="同意书", text="甲", valid_minutes=60, actor=HOSPITAL)
    return who, row.public_id


def race(answer: Callable[[int], object]) -> list[str]:
    barrier = threading.Barrier(CALLERS, timeout=30)

    def one(number: int) -> str:
        try:
            with transaction.atomic():
                connection.ensure_connection()
                barrier.wait()
                answer(number)
        except ConfirmationOver:
            return "refused"
        finally:
            connections.close_all()
        return "answered"

    with ThreadPoolExecutor(CALLERS) as threads:
        return list(threads.map(one, range(CALLERS)))


def test_of_many_answers_one_stands() -> None:
    who, public_id = asked()
    outcomes = race(
        lambda number: answer_confirmation(
            public_id=public_id, account_pk=who.account.pk, agrees=number % 2 == 0, actor=who.actor
        )
    )
    assert outcomes.count("answered") == 1


def test_reading_first_and_saving_afterwards_would_let_several_through() -> None:
    asked()
    reading = threading.Barrier(CALLERS, timeout=30)

    def without_the_conditional_update(_number: int) -> None:
        row = Confirmation.objects.get()
        if row.answered_at is not None:
            raise ConfirmationOver
        # As slow as signing in between.
        reading.wait()
        row.state, row.answered_at, row.receipt = "agreed", clock.now(), "{}"
        row.save()

    assert race(without_the_conditional_update).count("answered") == CALLERS
