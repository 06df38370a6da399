"""A worker that is killed in the middle of a list costs time, and neither loses nor doubles a line.

The worker is Celery's own, as it is run, on this test's database; it is killed with SIGKILL at
random moments of its work, and the next one goes on when the lease of the dead one has run out.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection

from cards.batch.states import BatchState
from cards.models import Batch, BatchRow, Card, CardNumber
from cards.tasks import sweep_batches
from foundation.audit.models import AuditEntry
from foundation.events.models import OutboxMessage
from identity.models import IdentityCheck
from mpi.models import Identifier, Person, SourceRecord
from tests.cards.listing import handed_in, line
from tests.cards.world import hospital
from tests.sandbox_server import SHARED_SETTINGS, Sandbox

ROOT = Path(__file__).resolve().parents[2]
LINES = 400
KILLS = int(os.environ.get("BATCH_CRASH_KILLS", "6"))
PATIENCE_SECONDS = 300.0

pytestmark = [pytest.mark.row("ID-09"), pytest.mark.django_db(transaction=True)]


@contextmanager
def worker(sandbox: Sandbox, *, checks_a_second: int = 150) -> Iterator[subprocess.Popen[bytes]]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    address = urlsplit(os.environ["DATABASE_URL"])
    environment = {
        **given,
        **{name: getattr(settings, name) for name in SHARED_SETTINGS},
        "DATABASE_URL": urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}")),
        "REDIS_URL": settings.REDIS_URL,
        "REDIS_PREFIX": settings.REDIS_PREFIX,
        "DEMO": "1",
        "SECRET_KEY": settings.SECRET_KEY,
        "EHC_ROOT_KEY": settings.EHC_ROOT_KEY,
        "EHC_IGNORE_RUN_FILE": "1",
        "SANDBOX_URL": sandbox.url,
        # Small steps, so that a kill meets each part of them.
        "BATCH_CHUNK": "8",
        "BATCH_LEASE_SECONDS": "2",
        "REAL_NAME_BATCH_PER_SECOND": str(checks_a_second),
    }
    options = "--pool solo --queues outside --without-gossip --without-mingle --without-heartbeat"
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "--quiet", "-A", "portal", "worker", *options.split()],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(60)


def decided() -> int:
    return BatchRow.objects.exclude(state="waiting").count()


def wait_until_working(before: str) -> bool:
    """Let the worker begin; False if the list was done before it did."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        sweep_batches()
        batch = Batch.objects.get()
        if batch.state == BatchState.DONE:
            return False
        if batch.lease and batch.lease != before:
            return True
        time.sleep(0.05)
    raise AssertionError("no worker took the list")


def test_a_list_whose_workers_are_killed_again_and_again_is_done_once(sandbox: Sandbox) -> None:
    place = hospital()
    batch = handed_in(place, [line(patient=f"P{number}") for number in range(LINES)])
    steps = []
    for _ in range(KILLS):
        before = Batch.objects.get().lease
        # So slow that the list outlives them all, also where the killer comes late.
        with worker(sandbox, checks_a_second=40):
            assert wait_until_working(before), "the list was done before it was interrupted often enough"
            time.sleep(random.uniform(0, 0.7))
        steps.append(decided())
    assert steps == sorted(steps)
    assert steps[-1] < LINES

    with worker(sandbox):
        end = time.monotonic() + PATIENCE_SECONDS
        while Batch.objects.get().state != BatchState.DONE:
            assert time.monotonic() < end, results()
            sweep_batches()
            time.sleep(0.2)

    assert results() == {"issued": LINES}
    assert len(set(BatchRow.objects.values_list("card_id", flat=True))) == LINES
    for table in (Card, CardNumber, Person, Identifier, SourceRecord):
        assert table.objects.count() == LINES, table
    assert once("card.issued") == once("person.registered") == LINES
    assert once("batch.finished") == 1
    for topic in ("card.issued.v1", "person.registered.v1"):
        found = list(OutboxMessage.objects.filter(topic=topic).values_list("aggregate", flat=True))
        assert len(found) == len(set(found)) == LINES, topic
    # Each line was asked about once, or again under the same number by the next worker.
    assert IdentityCheck.objects.filter(outcome="match").count() == LINES == IdentityCheck.objects.count()
    batch.refresh_from_db()
    assert (batch.lease, batch.lease_until) == ("", None)


def results() -> Counter[str]:
    return Counter(BatchRow.objects.values_list("state", flat=True))


def once(action: str) -> int:
    """How many subjects the audit has of an action; each of them once."""
    found = list(AuditEntry.objects.filter(action=action).values_list("subject_id", flat=True))
    assert len(found) == len(set(found)), action
    return len(found)
