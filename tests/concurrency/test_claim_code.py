"""A one-time code is redeemed once, whoever comes at once; and what happens without the guard."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from cards.errors import ClaimCodeInvalid
from cards.models import OneTimeCode
from cards.services import handover
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from tests.cards.holding import card_holder

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-18")]

CALLERS = 20
HOSPITAL = Actor(kind=ActorKind.CLIENT, id="c" * 26, institution="h" * 26)


def a_code() -> str:
    with transaction.atomic():
        who = card_holder()
    return handover.make_claim_code(
        account_pk=who.account.pk,
        card_id=who.card.public_id,
        institution=HOSPITAL.institution,
        client=HOSPITAL.id,
        actor=who.actor,
    )


def race(redeem: Callable[[], object]) -> list[str]:
    barrier = threading.Barrier(CALLERS, timeout=30)

    def one(_: int) -> str:
        try:
            with transaction.atomic():
                connection.ensure_connection()
                barrier.wait()
                redeem()
        except ClaimCodeInvalid:
            return "refused"
        finally:
            connections.close_all()
        return "redeemed"

    with ThreadPoolExecutor(CALLERS) as threads:
        return list(threads.map(one, range(CALLERS)))


def test_of_twenty_callers_one_redeems_the_code() -> None:
    code = a_code()
    outcomes = race(lambda: handover.redeem_claim_code(code=code, actor=HOSPITAL))
    assert outcomes.count("redeemed") == 1
    assert outcomes.count("refused") == CALLERS - 1


def test_reading_first_and_saving_afterwards_would_let_several_through() -> None:
    a_code()
    reading = threading.Barrier(CALLERS, timeout=30)

    def without_the_conditional_update() -> None:
        row = OneTimeCode.objects.get()
        if row.used_at is not None:
            raise ClaimCodeInvalid
        # As slow as checks in between are.
        reading.wait()
        row.used_at = clock.now()
        row.save()

    assert race(without_the_conditional_update).count("redeemed") == CALLERS
