"""Ending what was kept long enough.

Each room lists its terms, and the daily job applies all of them in this one way: a chunk of rows at
a time, each chunk in its own transaction together with its audit entry. So the job may be stopped
at any moment and run again, also beside itself: a row that somebody else holds is passed over, and
whether it is due is asked again under its lock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor

log = structlog.get_logger(__name__)

CHUNK = 500
# With so many rows of a kind that cannot be ended, something is wrong that no other row will mend.
MOST_LEFT = 500


def delete(rows: "QuerySet[Any]", moment: datetime) -> None:
    """The end of most rows."""
    rows.delete()


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long the rows of one kind are kept, and what becomes of them then.

    Attributes:
        kind: Names the kind in the audit, in the log and in ``docs/retention.md``.
        rows: The rows that can end at all: not live, and not needed by anything that is.
        since: The column from which the period counts. It needs an index: the oldest come first.
        end: What becomes of rows that are locked and due.
    """

    kind: str
    rows: "QuerySet[Any]"
    since: str
    period: timedelta
    end: "Callable[[QuerySet[Any], datetime], None]" = delete
    chunk: int = CHUNK


@dataclass(frozen=True, slots=True)
class Ended:
    """What one run did to a kind: rows that ended, and rows that could not be ended."""

    count: int
    failed: int


def apply(term: Term, *, moment: datetime, limit: int, actor: Actor, until: datetime | None = None) -> Ended:
    """End the rows whose period is over at this moment, the oldest ``limit`` of them.

    No chunk is begun after ``until``. A row that cannot be ended is logged, stays, and stops none of
    the others.
    """
    due = term.rows.filter(**{f"{term.since}__lt": moment - term.period})
    count = failed = 0
    left: set[int] = set()
    while count < limit and len(left) < MOST_LEFT and (until is None or clock.now() < until):
        oldest = due.exclude(pk__in=left).order_by(term.since, "pk").values_list("pk", flat=True)
        chosen = list(oldest[: min(term.chunk, limit - count)])
        if not chosen:
            break
        ended, wrong = _end(term, due, chosen, moment, actor)
        left |= set(chosen) - ended
        count += len(ended)
        failed += wrong
    return Ended(count, failed)


def _end(
    term: Term, due: "QuerySet[Any]", chosen: Sequence[int], moment: datetime, actor: Actor
) -> tuple[set[int], int]:
    """Those of the chosen that ended, and how many could not be."""
    try:
        return _end_together(term, due, chosen, moment, actor), 0
    except (OperationalError, InterfaceError):
        raise  # the database is away, for every row
    except Exception:
        if len(chosen) == 1:
            log.exception("retention_row_failed", kind=term.kind, row=chosen[0])
            return set(), 1
    outcomes = [_end(term, due, [pk], moment, actor) for pk in chosen]
    return set().union(*(ended for ended, _wrong in outcomes)), sum(wrong for _ended, wrong in outcomes)


@transaction.atomic
def _end_together(
    term: Term, due: "QuerySet[Any]", chosen: Sequence[int], moment: datetime, actor: Actor
) -> set[int]:
    rows = due.model._base_manager
    held = rows.select_for_update(skip_locked=True).filter(pk__in=chosen).order_by("pk")
    ending = set(due.filter(pk__in=list(held.values_list("pk", flat=True))).values_list("pk", flat=True))
    if ending:
        term.end(rows.filter(pk__in=ending), moment)
        audit.record(
            Action.RETENTION_APPLIED,
            actor=actor,
            subject=(due.model._meta.label, term.kind),
            details={"kind": term.kind, "count": len(ending)},
        )
    return ending
