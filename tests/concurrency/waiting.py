"""One transaction that commits while another waits for what it holds."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection, transaction

T = TypeVar("T")
LONGEST_SECONDS = 120


def overtaken(
    *, first: Callable[[], object], then: Callable[[], T], rest: Callable[[], object] = lambda: None
) -> T:
    """Do ``first`` without committing, begin ``then`` beside it, and commit once that waits.

    Args:
        rest: What is done before the commit, when ``then`` waits.

    Returns:
        What ``then`` gave, which saw the commit only after it had begun.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        with transaction.atomic():
            first()
            beside = pool.submit(closing, then)
            until = time.monotonic() + LONGEST_SECONDS
            while not _somebody_waits() and not beside.done() and time.monotonic() < until:
                time.sleep(0.02)
            rest()
        return beside.result()


def closing(work: Callable[[], T]) -> T:
    """Do something in a thread, and leave no connection behind."""
    try:
        return work()
    finally:
        connection.close()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        # Within a transaction the view is read once, and would go on saying that nobody waits.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])
