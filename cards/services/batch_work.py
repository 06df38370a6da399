"""Working on a list, some lines at a time, so that a crash costs nothing but time.

One worker has a list at a time, by a lease. It asks about the lines with no transaction open
(the evidence is kept under the line's own request id, so an answer is not asked for twice), and
then writes cards and lines in one transaction, in which it holds the list's row with its own
lease and finds the lines still waiting. Whatever was not committed is done again by the next.

Where lines together end in an error that nobody expected, each of them is worked on alone, so
that the one at fault stops no other; after some tries it is left to the counter.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet

from cards.batch.states import RUNNABLE, BatchState, Note, Reason, RowState
from cards.batch.verdicts import (
    MOST_FAILURES,
    PAUSES,
    Verdict,
    applicant_of,
    issued_verdict,
    unmatched,
    write,
)
from cards.errors import ChannelStopped
from cards.models import Batch, BatchRow
from cards.services.bulk import Applicant, have_cards, issue_cards
from cards.states import Channel
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.ids import new_public_id
from gmcrypto.fields import prefetch_keys
from identity import services as identity
from identity.types import CheckOutcome

log = structlog.get_logger(__name__)

WORKER = Actor.system("batch")

# A lease, and the time that a task may take, have to outlast the slowest answers: questions are
# asked in parts, and no further part is begun after so long.
ASKED_TOGETHER = 50
ASKING_SECONDS = 25.0


class LeaseLost(Exception):
    """Somebody else has the list, or it was stopped; what this worker had in hand is dropped."""


def work_on(*, public_id: str, seconds: float) -> bool:
    """Work on a list for about so long.

    Called by the worker; safe to call at any time and by several workers: one of them has the
    list, the others leave it alone.

    Returns:
        Whether there is more to do at once.
    """
    lease = _take(public_id)
    if not lease:
        return False
    until = clock.now() + timedelta(seconds=seconds)
    try:
        while _chunk(public_id, lease, until):
            if clock.now() >= until:
                _give_back(public_id, lease)
                return True
    except LeaseLost:
        log.info("batch_lease_lost", batch=public_id)
    return False


def runnable_batches() -> list[str]:
    """Lists that nobody works on though somebody could: their task was lost, or their worker died."""
    return list(_takeable().order_by("pk").values_list("public_id", flat=True))


def _takeable() -> "QuerySet[Batch]":
    moment = clock.now()
    return Batch.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=moment),
        Q(resume_at=None) | Q(resume_at__lte=moment),
        state__in=RUNNABLE,
    )


def _take(public_id: str) -> str:
    lease = new_public_id()
    taken = (
        _takeable()
        .filter(public_id=public_id)
        .update(
            state=BatchState.WORKING,
            lease=lease,
            lease_until=_lease_end(),
            resume_at=None,
            note="",
            updated_at=clock.now(),
        )
    )
    return lease if taken else ""


def _lease_end() -> datetime:
    return clock.now() + timedelta(seconds=settings.BATCH_LEASE_SECONDS)


def _give_back(public_id: str, lease: str) -> None:
    Batch.objects.filter(public_id=public_id, lease=lease).update(lease="", lease_until=None)


def _chunk(public_id: str, lease: str, until: datetime) -> bool:
    """Work on some lines; False when there is nothing more to do for now.

    Raises:
        LeaseLost: If the list is not this worker's any more.
    """
    batch = _mine(public_id, lease)
    keys = list(
        BatchRow.objects.filter(Q(next_at=None) | Q(next_at__lte=clock.now()), batch=batch)
        .filter(state=RowState.WAITING)
        .order_by("line")
        .values_list("pk", flat=True)[: settings.BATCH_CHUNK]
    )
    if not keys:
        _end(batch, lease)
        return False
    try:
        is_silent = _work(batch, lease, keys)
    except (LeaseLost, SoftTimeLimitExceeded):
        raise
    except Exception as exc:
        log.warning("batch_lines_failed", batch=public_id, lines=len(keys), error=type(exc).__name__)
        _work_apart(public_id, lease, keys, until)
        return True
    if is_silent:
        _rest(batch, lease)
    return not is_silent


def _mine(public_id: str, lease: str) -> Batch:
    batch = Batch.objects.select_related("institution").filter(public_id=public_id, lease=lease).first()
    if batch is None:
        raise LeaseLost
    return batch


def _work(batch: Batch, lease: str, keys: Sequence[int]) -> bool:
    """Do these lines together; returns whether nobody answered any question about them."""
    rows = list(BatchRow.objects.filter(pk__in=keys, state=RowState.WAITING).order_by("line"))
    prefetch_keys(rows)
    actor = batch.actor(batch.institution.public_id if batch.institution else "")
    verdicts, ready = _checked(rows, actor)
    _settle(batch, lease, verdicts, ready, actor)
    return bool(verdicts) and not ready and all(one.next_at is not None for one in verdicts)


def _work_apart(public_id: str, lease: str, keys: Sequence[int], until: datetime) -> None:
    """Do lines one by one, as far as the time goes; one that fails alone is noted and passed over."""
    for key in keys:
        batch = _mine(public_id, lease)
        try:
            _work(batch, lease, [key])
        except (LeaseLost, SoftTimeLimitExceeded):
            raise
        except Exception as exc:
            # Of another text than the type an error may quote whom it is about.
            log.error("batch_line_failed", batch=public_id, row=key, error=type(exc).__name__)
            _note_failure(batch, lease, key)
        if clock.now() >= until:
            return


@transaction.atomic
def _note_failure(batch: Batch, lease: str, key: int) -> None:
    """Put a line off, or leave it to the counter.

    Where the database itself is away this fails as well: an outage is no fault of the line.
    """
    _hold(batch, lease)
    row = BatchRow.objects.select_for_update().filter(pk=key, state=RowState.WAITING).first()
    if row is None:
        raise LeaseLost
    row.failures += 1
    moment = clock.now()
    if row.failures >= MOST_FAILURES:
        row.state, row.reason, row.decided_at = RowState.UNNAMED, Reason.FAILED_REPEATEDLY, moment
    else:
        row.next_at = moment + PAUSES[row.failures - 1]
    row.save(update_fields=["failures", "state", "reason", "decided_at", "next_at"])
    Batch.objects.filter(pk=batch.pk).update(lease_until=_lease_end(), updated_at=moment)


def _checked(rows: Sequence[BatchRow], actor: Actor) -> tuple[list[Verdict], dict[int, Applicant]]:
    """What the real-name checks say: verdicts on those without a card to come, and the others.

    Where the answers are slow in coming some lines are left for the next round.
    """
    applicants = {row.pk: applicant_of(row) for row in rows}
    # Whoever has a card under this name was checked for it.
    known = have_cards(identities=[applicants[row.pk].identity for row in rows])
    asked = [row for row, has_card in zip(rows, known, strict=True) if not has_card]
    ready = {row.pk: applicants[row.pk] for row, has_card in zip(rows, known, strict=True) if has_card}
    verdicts: list[Verdict] = []
    until = clock.now() + timedelta(seconds=ASKING_SECONDS)
    for start in range(0, len(asked), ASKED_TOGETHER):
        if start and clock.now() >= until:
            break
        part = asked[start : start + ASKED_TOGETHER]
        results = identity.check_real_names(
            questions=[_question(row, applicants[row.pk]) for row in part], actor=actor
        )
        for row in part:
            result = results.get(_request_id(row))
            if result is not None and result.outcome is CheckOutcome.MATCH:
                ready[row.pk] = replace(applicants[row.pk], check_id=result.check_id)
            else:
                verdicts.append(unmatched(row, result))
    return verdicts, ready


def _question(row: BatchRow, applicant: Applicant) -> identity.NameQuestion:
    return identity.NameQuestion(
        request_id=_request_id(row),
        subject=audit.subject_of(row),
        id_type=applicant.identity.id_type,
        id_number=applicant.identity.id_number,
        name=applicant.identity.name,
    )


def _request_id(row: BatchRow) -> str:
    """An answer stands for good; after a silence the question is a new one."""
    return f"{row.public_id}-{row.unanswered}"


@transaction.atomic
def _settle(
    batch: Batch,
    lease: str,
    verdicts: Sequence[Verdict],
    ready: dict[int, Applicant],
    actor: Actor,
) -> None:
    """Issue the cards and write what became of the lines, if both are still this worker's.

    Raises:
        LeaseLost: If they are not; then nothing is written.
    """
    _hold(batch, lease)
    keys = [*(one.row.pk for one in verdicts), *ready]
    waiting = dict(
        BatchRow.objects.select_for_update()
        .filter(pk__in=keys, state=RowState.WAITING)
        .order_by("pk")
        .in_bulk()
        .items()
    )
    if len(waiting) != len(keys):
        raise LeaseLost
    try:
        issued = issue_cards(
            applicants=list(ready.values()),
            channel=Channel.BATCH,
            actor=actor,
            institution_pk=batch.institution_id,
        )
    except ChannelStopped:
        Batch.objects.filter(pk=batch.pk).update(
            state=BatchState.PAUSED, note=Note.CHANNEL_STOPPED, lease="", lease_until=None
        )
        audit.record(
            Action.BATCH_PAUSED, actor=WORKER, subject=batch, details={"outcome": Note.CHANNEL_STOPPED.value}
        )
        return
    outcomes = [
        issued_verdict(waiting[pk], one, applicant.check_id, Channel.BATCH)
        for (pk, applicant), one in zip(ready.items(), issued, strict=True)
    ]
    write(verdicts=[*verdicts, *outcomes], before=RowState.WAITING)
    Batch.objects.filter(pk=batch.pk).update(lease_until=_lease_end(), updated_at=clock.now())


def _hold(batch: Batch, lease: str) -> None:
    held = Batch.objects.select_for_update().filter(pk=batch.pk, lease=lease, state=BatchState.WORKING)
    if held.only("pk").first() is None:
        raise LeaseLost


def _rest(batch: Batch, lease: str) -> None:
    """Nobody answers: leave the list for a while, instead of asking about every line in vain."""
    Batch.objects.filter(pk=batch.pk, lease=lease).update(
        note=Note.CHECKS_UNANSWERED,
        resume_at=clock.now() + PAUSES[0],
        lease="",
        lease_until=None,
        updated_at=clock.now(),
    )


@transaction.atomic
def _end(batch: Batch, lease: str) -> None:
    """Say that the list is done, or when there will be more to do."""
    _hold(batch, lease)
    waiting = BatchRow.objects.filter(batch=batch, state=RowState.WAITING)
    later = waiting.aggregate(first=Min("next_at"), unanswered=Max("unanswered"))
    moment = clock.now()
    if later["first"] is not None:
        Batch.objects.filter(pk=batch.pk).update(
            note=Note.CHECKS_UNANSWERED if later["unanswered"] else Note.LINES_FAILED,
            resume_at=later["first"],
            lease="",
            lease_until=None,
            updated_at=moment,
        )
        return
    Batch.objects.filter(pk=batch.pk).update(
        state=BatchState.DONE, lease="", lease_until=None, finished_at=moment, updated_at=moment
    )
    audit.record(
        Action.BATCH_FINISHED,
        actor=WORKER,
        subject=batch,
        institution=batch.institution.public_id if batch.institution else "",
        details={"count": batch.total},
    )
