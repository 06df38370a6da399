"""The nightly job runs twice at once, is stopped half-way, and meets people at work."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from cards.models import PreRegistration
from foundation.audit.models import AuditEntry
from foundation.audit.retention import Ended, Term, apply
from foundation.core import clock
from notifications.models import Message
from notifications.services import mark_read
from onboarding.models import Joining
from privacy.services import retention
from tests.concurrency.waiting import overtaken
from tests.privacy.kept import kinds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-16")]

TERMS = {term.kind: term for term in retention.terms()}
ROWS = 60


def due(kind: str, count: int) -> None:
    term = TERMS[kind]
    for _number in range(count):
        with transaction.atomic():
            row = kinds.DUE[kind]()
        kinds.since(term, row, clock.now() - term.period - timedelta(days=1))


def run(term: Term) -> Ended:
    return apply(term, moment=clock.now(), limit=1_000, actor=retention.ACTOR)


def at_once(term: Term, runs: int) -> list[Ended]:
    start = threading.Barrier(runs, timeout=30)
    got: list[Ended] = []

    def work() -> None:
        try:
            connection.ensure_connection()
            start.wait()
            got.append(run(term))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _number in range(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def recorded() -> int:
    entries = AuditEntry.objects.filter(action="retention.applied").values_list("details", flat=True)
    return sum(details["count"] for details in entries)


@pytest.mark.parametrize("kind", ["one_time_codes", "pre_registration_particulars"])
def test_two_runs_at_once_end_each_row_once(kind: str) -> None:
    due(kind, ROWS)
    ended = at_once(replace(TERMS[kind], chunk=5), 3)
    # Whoever finds rows in another's hands leaves them to that one.
    done = sum(one.count for one in ended) + run(TERMS[kind]).count
    assert (len(ended), sum(one.failed for one in ended), done, recorded()) == (3, 0, ROWS, ROWS)


def test_a_run_that_is_stopped_keeps_what_it_did_and_the_next_goes_on() -> None:
    due("pre_registration_particulars", 6)
    term, chunks = TERMS["pre_registration_particulars"], []

    def end(rows: "QuerySet[Any]", moment: datetime) -> None:
        chunks.append(1)
        term.end(rows, moment)
        if len(chunks) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(replace(term, chunk=2, end=end))
    left = PreRegistration.objects.filter(particulars__isnull=False)
    assert (left.count(), recorded()) == (2, 4)
    assert all(row.particulars == {"name": "测试甲"} for row in left)
    assert (run(term), recorded()) == (Ended(2, 0), 6)


def test_a_row_that_somebody_is_changing_is_passed_over_and_goes_the_next_night() -> None:
    due("messages", 3)
    held = Message.objects.select_related("account").order_by("pk").first()
    assert held is not None
    assert held.account is not None
    reader = held.account.public_id
    done = overtaken(
        first=lambda: mark_read(account_id=reader, message_id=held.public_id),
        then=lambda: run(TERMS["messages"]),
    )
    assert (done, run(TERMS["messages"])) == (Ended(2, 0), Ended(1, 0))


def test_what_is_no_longer_due_once_its_lock_is_held_stays() -> None:
    due("joinings_left", 1)
    term = TERMS["joinings_left"]
    touched: list[int] = []

    def touch() -> None:
        try:
            touched.append(Joining.objects.update(updated_at=clock.now()))
        finally:
            connection.close()

    def between(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "FOR UPDATE" in sql and not touched:
            other = threading.Thread(target=touch)
            other.start()
            other.join()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(between):
        assert run(term) == Ended(0, 0)
    assert touched == [1]
    assert Joining.objects.get().contact_phone
