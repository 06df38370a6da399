"""A certificate belongs to one card, whoever links it at once; and what happens without the constraint."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, connections

from cards.errors import CertificateTaken
from cards.models import LinkedCertificate
from cards.services.certificates import link_certificate
from cards.states import CertificateState
from tests.cards import world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-15")]

CALLERS = 8
GUARD = "cards_certificate_one_owner"


@contextmanager
def guard_off() -> Iterator[None]:
    """Without the constraint; what the callers did is removed before it returns."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [GUARD])
        definition = cursor.fetchone()[0]
        cursor.execute(f"DROP INDEX {GUARD}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE cards_linked_certificate")
            cursor.execute(definition)


def race() -> list[str]:
    """Several persons are given the same certificate at the same moment."""
    persons = [world.holder().card.person_id for _ in range(CALLERS)]
    barrier = threading.Barrier(CALLERS, timeout=30)

    def one(person_pk: int) -> str:
        try:
            connection.ensure_connection()
            barrier.wait()
            link_certificate(
                person_pk=person_pk,
                kind="vaccination",
                number="V20260001",
                issuer="示范区疾控中心",
                actor=world.CENTRE,
            )
        except CertificateTaken:
            return "refused"
        finally:
            connections.close_all()
        return "linked"

    with ThreadPoolExecutor(CALLERS) as threads:
        return list(threads.map(one, persons))


def test_one_of_several_persons_gets_the_certificate() -> None:
    outcomes = race()
    assert outcomes.count("linked") == 1
    assert LinkedCertificate.objects.filter(state=CertificateState.LINKED).count() == 1


def test_without_the_constraint_all_of_them_get_it() -> None:
    with guard_off():
        assert race().count("linked") == CALLERS
