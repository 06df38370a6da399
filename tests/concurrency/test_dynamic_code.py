"""One success per dynamic code, whoever comes at once; and what happens without the guard."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import LazySettings
from django.db import connection, connections

from cards import errors
from cards.models import UsageRecord
from cards.verification.committer import committer
from tests.cards.world import code_of, holder, hospital, scan

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 20


@pytest.fixture(params=["inline", "batch"])
def writer(request: pytest.FixtureRequest, settings: LazySettings, transactional_db: None) -> Iterator[str]:
    settings.USAGE_WRITER = request.param
    yield request.param
    committer().stop()


@pytest.fixture
def unguarded(transactional_db: None) -> Iterator[None]:
    """The same statement on the same table, without its unique constraint."""
    _run("ALTER TABLE cards_usage DROP CONSTRAINT cards_usage_once")
    yield
    _run("TRUNCATE cards_usage")
    _run("ALTER TABLE cards_usage ADD CONSTRAINT cards_usage_once UNIQUE (code_digest, use_no, code_time)")


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def race() -> list[str]:
    """Twenty callers of two institutions show the same code at the same moment."""
    where = [hospital(), hospital()]
    text = code_of(holder())
    barrier = threading.Barrier(CALLERS)

    def caller(place: int) -> str:
        barrier.wait()
        try:
            scan(text, where[place % 2])
        except errors.CodeUsed:
            return "used"
        finally:
            connections.close_all()
        return "accepted"

    with ThreadPoolExecutor(CALLERS) as threads:
        return list(threads.map(caller, range(CALLERS)))


def test_of_twenty_callers_one_uses_the_code(writer: str) -> None:
    outcomes = race()
    assert outcomes.count("accepted") == 1
    assert outcomes.count("used") == CALLERS - 1
    assert UsageRecord.objects.count() == 1


def test_without_the_constraint_many_would(writer: str, unguarded: None) -> None:
    assert race().count("accepted") == CALLERS
