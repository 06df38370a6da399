"""What the nightly job ends of each kind, what it leaves, and what happens when it cannot (ID-16)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from structlog.testing import capture_logs

from foundation.audit.models import AuditEntry
from foundation.audit.retention import Ended, Term, apply
from foundation.core import clock
from gmcrypto.models import SubjectKey
from portal.celery import app
from privacy.services import retention
from privacy.tasks import apply_retention
from tests.privacy.kept import kinds

pytestmark = [pytest.mark.django_db, pytest.mark.row("ID-16")]

DAY = timedelta(days=1)
TERMS = {term.kind: term for term in retention.terms()}
ALL = pytest.mark.parametrize("kind", sorted(TERMS))


def run(term: Term, limit: int = 100) -> Ended:
    return apply(term, moment=clock.now(), limit=limit, actor=retention.ACTOR)


def due(term: Term, count: int = 1, *, late: timedelta = DAY) -> list[Any]:
    """Rows whose period was over so long ago."""
    rows = [kinds.DUE[term.kind]() for _number in range(count)]
    for number, row in enumerate(rows):
        # The oldest first, so that the order in which they go is known.
        kinds.since(term, row, clock.now() - term.period - late - timedelta(seconds=count - number))
    return rows


def stored(row: Model) -> Any:
    """The row as it lies in the table."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {row._meta.db_table} WHERE id = %s", [row.pk])
        return cursor.fetchone()


def is_ended(term: Term, row: Model) -> bool:
    return not term.rows.filter(pk=row.pk).exists()


def test_every_kind_is_tried_here_and_named_once() -> None:
    assert sorted(kinds.DUE) == sorted(term.kind for term in retention.terms())
    assert set(kinds.NEEDED) <= set(kinds.DUE)


@ALL
def test_what_is_past_its_term_goes_once_and_is_recorded(kind: str) -> None:
    term = TERMS[kind]
    (row,) = due(term)
    assert not is_ended(term, row)
    assert run(term) == Ended(1, 0)
    assert is_ended(term, row)
    entry = AuditEntry.objects.get(action="retention.applied")
    assert (entry.actor_id, entry.subject_type) == ("system:retention", row._meta.label)
    assert entry.details == {"kind": kind, "count": 1}
    assert run(term) == Ended(0, 0)
    assert AuditEntry.objects.filter(action="retention.applied").count() == 1


@ALL
def test_a_day_before_its_term_everything_stays(kind: str) -> None:
    term = TERMS[kind]
    (row,) = due(term, late=-DAY)
    assert run(term) == Ended(0, 0)
    assert not is_ended(term, row)


@pytest.mark.parametrize(
    ("kind", "make"), [(kind, make) for kind, makes in sorted(kinds.NEEDED.items()) for make in makes]
)
def test_what_lives_or_is_needed_by_what_lives_stays(kind: str, make: Callable[[], Any]) -> None:
    term = TERMS[kind]
    row = make()
    kinds.since(term, row, clock.now() - 10 * term.period - 10 * DAY)
    before = stored(row)
    keys = SubjectKey.objects.filter(wrapped__isnull=False).count()
    assert run(term) == Ended(0, 0)
    assert stored(row) == before
    assert SubjectKey.objects.filter(wrapped__isnull=False).count() == keys


@ALL
def test_a_run_takes_the_oldest_up_to_its_limit(kind: str) -> None:
    term = replace(TERMS[kind], chunk=1)
    oldest, middle, newest = due(term, 3)
    assert run(term, limit=2) == Ended(2, 0)
    assert [is_ended(term, row) for row in (oldest, middle, newest)] == [True, True, False]
    assert run(term, limit=2) == Ended(1, 0)


@ALL
def test_a_row_that_cannot_be_ended_stops_no_other(kind: str) -> None:
    term = TERMS[kind]
    rows = due(term, 3)
    kinds.poison(term, rows[0])
    # Each night again, and without a place in the limit.
    assert run(term, limit=1) == Ended(1, 1)
    assert run(term) == Ended(1, 1)
    assert [is_ended(term, row) for row in rows] == [False, True, True]
    assert run(term) == Ended(0, 1)


def test_the_number_of_queries_does_not_grow_with_the_rows() -> None:
    for kind in ("messages", "answers", "visit_slips", "list_particulars"):
        term = TERMS[kind]
        due(term, 2)
        few: list[str] = []
        with connection.execute_wrapper(_counting(few)):
            assert run(term) == Ended(2, 0)
        due(term, 12)
        many: list[str] = []
        with connection.execute_wrapper(_counting(many)):
            assert run(term) == Ended(12, 0)
        assert len(few) == len(many) <= 12


def _counting(seen: list[str]) -> Any:
    def wrap(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    return wrap


def test_a_run_begins_nothing_after_its_time_and_says_that_there_is_more() -> None:
    due(TERMS["messages"], 2)
    cut = retention.apply_retention(seconds=0)
    assert (sum(cut.done.values()), cut.is_cut) == (0, True)
    full = retention.apply_retention(limit=2)
    assert (full.done["messages"], full.is_cut) == (2, True)
    assert not retention.apply_retention(limit=2).is_cut


@pytest.fixture
def at_once() -> Iterator[None]:
    """What is put into a queue is done on the spot."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def test_the_nightly_task_comes_back_until_nothing_is_left(at_once: None) -> None:
    due(TERMS["messages"], 5)
    with capture_logs() as logs:
        apply_retention.delay(limit=2)
    runs = [entry for entry in logs if entry["event"] == "retention_applied"]
    # The inner runs end before the outer ones.
    assert sorted((entry["run"], entry["messages"]) for entry in runs) == [(1, 2), (2, 2), (3, 1)]
    assert not [entry for entry in logs if entry["log_level"] == "error"]


def test_what_cannot_be_ended_is_told_as_an_error() -> None:
    kinds.poison(TERMS["messages"], *due(TERMS["messages"]))
    with capture_logs() as logs:
        apply_retention()
    (left,) = (entry for entry in logs if entry["event"] == "retention_left")
    assert (left["log_level"], left["messages"]) == ("error", 1)
