"""One thread per process that writes the verifications of all its requests.

A commit costs the same for one row as for thirty, and so does a statement's way to the
server. Requests hand their rows over and wait; the thread takes whatever is there, writes it
in one statement and one transaction, and wakes them after the commit. While it writes, the
next batch gathers by itself, so nobody waits for a timer: an idle process answers at once,
and a busy one batches.

Durable means: the answer leaves after COMMIT has returned with ``synchronous_commit`` on.
"""

import atexit
import os
import threading
import time
from collections.abc import Iterable
from queue import Empty, SimpleQueue
from typing import Any

import psycopg
import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from cards.errors import VerificationBusy
from cards.verification import statement
from cards.verification.claim import Claim, Found
from foundation.core.errors import DomainError
from foundation.events import services as events
from foundation.gateway import authenticate
from foundation.gateway.authenticate import SignedCall
from gmcrypto import subject_keys
from gmcrypto.errors import GmCryptoError

log = structlog.get_logger(__name__)

MAX_BATCH = 64
ANSWER_SECONDS = 10.0
WAKE_SECONDS = 0.02
# One index look-up per code, whatever the statistics say: with tables that have just grown the
# planner may prefer to read all card numbers, and the plan is made once for all batches.
_SESSION = """
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SET plan_cache_mode = force_generic_plan
"""
# The ORM's statements on this connection are texts with values in them; kept as prepared ones
# they would push ours out.
_NEVER_BY_ITSELF = 1_000_000_000


class _PreparedCursor(psycopg.Cursor[Any]):
    """Binds on the server, so that the plan is made once per connection."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Run a statement, prepared."""
        return super().execute(query, params, prepare=True, **options)


class _Waiting:
    """A request that waits for its row."""

    __slots__ = ("call", "claim", "done", "failure", "found")

    def __init__(self, claim: Claim, call: SignedCall | None) -> None:
        self.claim = claim
        self.call = call
        self.found: Found | None = None
        self.failure: Exception | None = None
        # A bare lock is the cheapest thing that a thread can sleep on.
        self.done = threading.Lock()
        self.done.acquire()


class Committer:
    """The thread and its queue. It starts with the first request of a process, also after a fork."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self._session: object = None

    def write(self, claim: Claim, call: SignedCall | None = None) -> Found | None:
        """Write one row; nothing if it is a repeat or its card is not good.

        Args:
            claim: The row.
            call: The signed call that asks for it, if it has yet to be let in: the calls of a
                batch are let in together.

        Raises:
            GatewayError, TooManyRequests: The call is not let in; nothing is written for it.
            VerificationBusy: If the batch failed or did not come back in time. Whether the row
                stands is then unknown; the same request again gets the right answer.
        """
        if self._thread is None or not self._thread.is_alive():
            self._begin()
        waiting = _Waiting(claim, call)
        self._queue.put(waiting)
        if not waiting.done.acquire(timeout=ANSWER_SECONDS):
            raise VerificationBusy
        if isinstance(waiting.failure, DomainError):
            raise waiting.failure
        if waiting.failure is not None:
            raise VerificationBusy from waiting.failure
        return waiting.found

    def stop(self) -> None:
        """Write what waits, then end."""
        thread = self._thread
        if thread is not None and thread.is_alive():
            self._queue.put(None)
            thread.join(timeout=ANSWER_SECONDS)

    def _begin(self) -> None:
        with self._start:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="usage-committer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        going = True
        wake_due = 0.0
        while going:
            batch, going = self._take(wake_due)
            if batch:
                self._write_or_fail(batch)
                wake_due = wake_due or time.monotonic() + WAKE_SECONDS
            if wake_due and (not going or time.monotonic() >= wake_due):
                # Once for many batches: the relay reads everything that it finds anyway.
                events.wake()
                wake_due = 0.0
        connection.close()

    def _take(self, wake_due: float) -> tuple[list[_Waiting], bool]:
        try:
            timeout = max(0.0, wake_due - time.monotonic()) if wake_due else None
            first = self._queue.get(timeout=timeout)
        except Empty:
            return [], True
        if first is None:
            return [], False
        batch = [first]
        while len(batch) < MAX_BATCH:
            try:
                further = self._queue.get_nowait()
            except Empty:
                break
            if further is None:
                return batch, False
            batch.append(further)
        return batch, True

    def _write_or_fail(self, batch: list[_Waiting]) -> None:
        try:
            self._write(batch)
        except (OperationalError, InterfaceError) as exc:
            log.warning("usage_batch_failed", rows=len(batch), error=type(exc).__name__)
            connection.close()
            self._release(batch, exc)
        except DatabaseError as exc:
            if len(batch) > 1:
                # One row that the database does not take must not fail its neighbours.
                for waiting in batch:
                    self._write_or_fail([waiting])
                return
            log.exception("usage_row_refused")
            self._release(batch, exc)
        except Exception as exc:
            log.exception("usage_batch_broken", rows=len(batch))
            connection.close()
            self._release(batch, exc)

    def _write(self, batch: list[_Waiting]) -> None:
        batch = self._let_in(batch)
        if not batch:
            return
        with connection.wrap_database_errors:
            cursor = self._cursor()
            found = statement.consume(cursor, [waiting.claim for waiting in batch])
        for waiting in batch:
            waiting.found = found.get(waiting.claim.public_id)
        self._load_keys(found.values())
        self._release(batch, None)

    def _let_in(self, batch: list[_Waiting]) -> list[_Waiting]:
        """Those of a batch whose calls are let in; the others are told why they are not."""
        asking = [one for one in batch if one.call is not None and not one.call.is_admitted]
        if not asking:
            return batch
        calls = [one.call for one in asking if one.call is not None]
        refused = set()
        for waiting, refusal in zip(asking, authenticate.admit_many(calls), strict=True):
            if refusal is not None:
                refused.add(waiting)
                self._release([waiting], refusal)
        return [waiting for waiting in batch if waiting not in refused]

    def _load_keys(self, found: Iterable[Found]) -> None:
        """Load the keys of all holders at once; each request would ask for its own otherwise."""
        try:
            subject_keys.prefetch_subject_keys(one.subject for one in found)
        except (DatabaseError, GmCryptoError) as exc:
            # The rows are committed; whose key cannot be read is said to each request.
            log.warning("holder_keys_not_loaded", error=type(exc).__name__)

    def _cursor(self) -> Any:
        connection.ensure_connection()
        session: psycopg.Connection[Any] = connection.connection
        if session is not self._session:
            session.execute(_SESSION)
            session.prepare_threshold = _NEVER_BY_ITSELF
            self._session = session
        return _PreparedCursor(session)

    def _release(self, batch: list[_Waiting], failure: Exception | None) -> None:
        for waiting in batch:
            waiting.failure = failure
            waiting.done.release()


_committer = Committer()


def committer() -> Committer:
    """The process's committer."""
    return _committer


def _after_fork() -> None:
    # The thread and whatever it held stayed with the parent.
    global _committer  # noqa: PLW0603
    _committer = Committer()


def _at_exit() -> None:
    _committer.stop()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
