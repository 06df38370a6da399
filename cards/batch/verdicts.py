"""What becomes of a line: told from the answers that came, and written if it still waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection

from cards.batch.cleansing import birth_date_of
from cards.batch.states import Reason, RowState
from cards.models import BatchRow
from cards.services.bulk import Applicant, IssuedOne
from foundation.core import clock
from identity.types import CheckOutcome, CheckResult
from mpi.errors import InvalidParticulars
from mpi.types import PersonIdentity

log = structlog.get_logger(__name__)

# After how many questions without an answer a line is left to the counter; how long between them.
MOST_UNANSWERED = 5
# After how many faults of ours that one line causes it is left to the counter.
MOST_FAILURES = 3
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120))

_OUTCOMES = {
    CheckOutcome.MISMATCH: Reason.REAL_NAME_MISMATCH,
    CheckOutcome.NOT_FOUND: Reason.REAL_NAME_NOT_FOUND,
}
# Refusals of single lines that a clerk is told in words of their own.
_REASONS = {reason.value: reason for reason in Reason}
_WRITE = """
    UPDATE cards_batch_row AS row
    SET state = given.state, reason = given.reason, reason_number = given.reason_number,
        channel = given.channel, check_reference = given.check_reference, unanswered = given.unanswered,
        next_at = given.next_at, person_id = given.person_id, card_id = given.card_id,
        decided_at = given.decided_at
    FROM unnest(%s::bigint[], %s::varchar[], %s::varchar[], %s::int[], %s::varchar[], %s::varchar[],
        %s::smallint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::timestamptz[])
        AS given (id, state, reason, reason_number, channel, check_reference, unanswered, next_at,
                  person_id, card_id, decided_at)
    WHERE row.id = given.id AND row.state = %s
"""


class LineTaken(Exception):
    """A line is not where it was any more: somebody else did it meanwhile."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is written of a line."""

    row: BatchRow
    state: RowState = RowState.WAITING
    reason: str = ""
    reason_number: int | None = None
    channel: str = ""
    check_reference: str = ""
    unanswered: int = 0
    next_at: datetime | None = None
    person_pk: int | None = None
    card_pk: int | None = None


def applicant_of(row: BatchRow) -> Applicant:
    """The person whom a line is about."""
    given = row.given
    person = PersonIdentity(
        name=given.get("name", ""),
        id_type=given.get("id_type", ""),
        id_number=given.get("id_number", ""),
        sex=given.get("sex", ""),
        birth_date=birth_date_of(given),
        nation=given.get("nation", ""),
        phone=given.get("phone", ""),
        address=given.get("address", ""),
    )
    return Applicant(person, patient_id=given.get("patient_id", ""))


def unmatched(row: BatchRow, result: CheckResult | None) -> Verdict:
    """What is written of a line whose check did not say yes; None if it could not even be asked."""
    reference = result.check_id if result is not None else ""
    if result is not None and result.outcome in _OUTCOMES:
        return Verdict(row, RowState.UNNAMED, _OUTCOMES[result.outcome], check_reference=reference)
    tries = row.unanswered + 1
    if tries >= MOST_UNANSWERED:
        return Verdict(
            row, RowState.UNNAMED, Reason.REAL_NAME_UNANSWERED, check_reference=reference, unanswered=tries
        )
    return Verdict(row, unanswered=tries, next_at=clock.now() + PAUSES[tries - 1])


def issued_verdict(row: BatchRow, one: IssuedOne, check_id: str, channel: str) -> Verdict:
    """What is written of a line after its card was asked for."""
    if one.error is None:
        return Verdict(
            row,
            RowState.ISSUED if one.created else RowState.EXISTING,
            "" if one.created else Reason.ALREADY_HAS_CARD,
            channel=channel if one.created else "",
            check_reference=check_id,
            unanswered=row.unanswered,
            person_pk=one.person_pk,
            card_pk=one.card_pk,
        )
    if isinstance(one.error, InvalidParticulars):
        fault = one.error.problem
        return Verdict(row, RowState.UNNAMED, fault.code, fault.count or None, check_reference=check_id)
    reason = _REASONS.get(one.error.code)
    if reason is None:
        log.warning("batch_row_not_issued", row=row.public_id, code=one.error.code)
    return Verdict(row, RowState.REFUSED, reason or Reason.CANNOT_ISSUE, check_reference=check_id)


def write(*, verdicts: Sequence[Verdict], before: RowState) -> None:
    """Write what became of lines, each of which is still where it was.

    Raises:
        LineTaken: If one is not.
    """
    if not verdicts:
        return
    moment = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            [
                [one.row.pk for one in verdicts],
                [one.state.value for one in verdicts],
                [str(one.reason) for one in verdicts],
                [one.reason_number for one in verdicts],
                [one.channel for one in verdicts],
                [one.check_reference for one in verdicts],
                [one.unanswered for one in verdicts],
                [one.next_at for one in verdicts],
                [one.person_pk for one in verdicts],
                [one.card_pk for one in verdicts],
                [None if one.state is RowState.WAITING else moment for one in verdicts],
                before.value,
            ],
        )
        if cursor.rowcount != len(verdicts):
            raise LineTaken
