"""The committer: one thread that writes for many."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import LazySettings
from django.db import connection, connections

from cards import errors
from cards.models import UsageRecord
from cards.verification import answer
from cards.verification.committer import Committer, committer
from tests.cards.world import Holder, Hospital, code_of, holder, hospital, scan

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here(transactional_db: None) -> Hospital:
    return hospital()


@pytest.fixture(autouse=True)
def batches(settings: LazySettings, transactional_db: None) -> Iterator[Committer]:
    settings.USAGE_WRITER = "batch"
    yield committer()
    committer().stop()


def closing(work: Callable[[], str]) -> str:
    """Run in a thread of a web process: with its own connection, closed at the end."""
    try:
        return work()
    finally:
        connections.close_all()


def outcome(text: str, where: Hospital) -> str:
    try:
        return closing(lambda: scan(text, where).usage_id)
    except errors.CodeUsed:
        return "used"


def test_32_threads_get_their_own_answers(here: Hospital) -> None:
    people = [holder(name=f"测试{letter}") for letter in "甲乙丙丁"]
    texts = [(who, code_of(who)) for who in people * 64]

    def work(pair: tuple[Holder, str]) -> str:
        who, text = pair
        verified = scan(text, here)
        told = answer(verified, here.caller.scopes)
        assert told["person"]["id_number"] == who.id_number
        return verified.usage_id

    with ThreadPoolExecutor(32) as threads:
        ids = list(threads.map(lambda pair: closing(lambda: work(pair)), texts))
    assert len(set(ids)) == len(texts)
    assert set(UsageRecord.objects.values_list("public_id", flat=True)) == set(ids)


def test_many_requests_share_a_commit(here: Hospital) -> None:
    who = holder()
    texts = [code_of(who) for _ in range(64)]
    with ThreadPoolExecutor(32) as threads:
        list(threads.map(lambda text: outcome(text, here), texts))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM cards_usage")
        commits = cursor.fetchone()[0]
    assert commits < len(texts)


def test_of_two_requests_with_one_code_in_one_batch_one_wins(here: Hospital) -> None:
    text = code_of(holder())
    barrier = threading.Barrier(16)

    def work(_: int) -> str:
        barrier.wait()
        return outcome(text, here)

    with ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(work, range(16)))
    assert outcomes.count("used") == 15
    assert UsageRecord.objects.count() == 1


def test_a_batch_without_a_database_fails_its_requests_and_the_next_one_is_written(
    here: Hospital, batches: Committer
) -> None:
    who = holder()
    scan(code_of(who), here)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() "
            # The server's own, such as a vacuum, may not be ended by us.
            "AND backend_type = 'client backend'"
        )
    text = code_of(who)
    with pytest.raises(errors.VerificationBusy):
        scan(text, here, request_id="request-1")
    assert scan(text, here, request_id="request-1").usage_id
    assert UsageRecord.objects.count() == 2


def test_a_row_that_the_database_refuses_does_not_fail_its_neighbours(
    here: Hospital, batches: Committer
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cards_usage ADD CONSTRAINT test_no CHECK (department <> 'no')")
    try:
        who = holder()
        barrier = threading.Barrier(8)

        def work(place: int) -> str:
            barrier.wait()
            try:
                return scan(code_of(who), here, department="no" if place == 3 else "yes").usage_id
            except errors.VerificationBusy:
                return "refused"
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as threads:
            outcomes = list(threads.map(work, range(8)))
        assert outcomes.count("refused") == 1
        assert UsageRecord.objects.count() == 7
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE cards_usage DROP CONSTRAINT test_no")


def test_stopping_writes_what_waits(here: Hospital, batches: Committer) -> None:
    who = holder()
    with ThreadPoolExecutor(8) as threads:
        futures = [threads.submit(outcome, code_of(who), here) for _ in range(8)]
        assert all(len(future.result()) == 26 for future in futures)
    batches.stop()
    assert UsageRecord.objects.count() == 8
    scan(code_of(who), here)
    assert UsageRecord.objects.count() == 9


def test_a_forked_process_starts_a_committer_of_its_own(here: Hospital, batches: Committer) -> None:
    who = holder()
    scan(code_of(who), here)
    text = code_of(who)
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            scan(text, here)
            os._exit(0 if committer() is not batches else 1)
        except BaseException:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert UsageRecord.objects.count() == 2
