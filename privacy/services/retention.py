"""The nightly job: what has been kept long enough is shredded or deleted.

It can be stopped at any moment and run again, or twice at once: each step changes only what is
still there. What cannot be ended is logged and left, and stops nothing else.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils.module_loading import import_string

from cards.services.issue import live_card
from cards.services.retention import (
    delete_certificates_of,
    delete_confirmations_of,
    persons_without_card,
)
from foundation.accounts import closing
from foundation.audit.retention import Term, apply
from foundation.core import clock
from foundation.core.actor import Actor
from identity import selectors as identity
from mpi import selectors as mpi
from mpi import services as mpi_services
from privacy import retention

log = structlog.get_logger(__name__)

T = TypeVar("T")

ACTOR = Actor.system("retention")
REASON = "retention"
# Beside the kinds of the rooms' terms.
OWN_KINDS = ("accounts", "persons", "persons_without_card")


@dataclass(slots=True)
class Report:
    """What one run did.

    Attributes:
        done: How many of each kind ended.
        failed: How many of a kind could not be ended, where there are such.
        is_cut: Whether the time or a kind's limit was used up, so that there may be more to do.
    """

    done: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    is_cut: bool = False


def terms() -> Iterator[Term]:
    """The terms of all rooms, in the order of ``portal.wiring``."""
    for path in import_module(settings.EVENT_WIRING).RETENTION:
        yield from import_string(path)


def apply_retention(*, limit: int = retention.LIMIT, seconds: float | None = None) -> Report:
    """Apply every period once, to ``limit`` of each kind at most.

    Args:
        seconds: Begin nothing new after so long.
    """
    moment = clock.now()
    until = None if seconds is None else moment + timedelta(seconds=seconds)
    report = Report()
    accounts = closing.waiting_to_be_shredded(closed_before=moment - retention.CLOSED_ACCOUNT, limit=limit)
    report.done["persons"] = _each(accounts, _shred_account, "accounts", until, report)
    left = persons_without_card(cancelled_before=moment - retention.CANCELLED_CARD, limit=limit)
    _each(left, _shred_person, "persons_without_card", until, report)
    for term in terms():
        ended = apply(term, moment=moment, limit=limit, actor=ACTOR, until=until)
        _note(report, term.kind, ended.count, ended.failed)
    report.is_cut = limit in report.done.values() or (until is not None and clock.now() >= until)
    return report


def _each(
    things: Sequence[T], shred: Callable[[T], int], kind: str, until: datetime | None, report: Report
) -> int:
    """Shred each in its own transaction; the sum of what that gave."""
    given, done, failed = 0, 0, 0
    for thing in things:
        if until is not None and clock.now() >= until:
            break
        try:
            given += shred(thing)
            done += 1
        except (OperationalError, InterfaceError):
            raise  # the database is away, for all of them
        except Exception:
            log.exception("retention_row_failed", kind=kind, row=thing)
            failed += 1
    _note(report, kind, done, failed)
    return given


def _note(report: Report, kind: str, done: int, failed: int) -> None:
    report.done[kind] = done
    if failed:
        report.failed[kind] = failed


@transaction.atomic
def _shred_account(account_id: str) -> int:
    """The account, and the persons whom nobody but it knew; how many these were."""
    done = sum(_shred_person(person_pk) for person_pk in identity.once_held_by(account_id))
    closing.shred_account(account_id=account_id, actor=ACTOR)
    return done


@transaction.atomic
def _shred_person(person_pk: int) -> int:
    """A person whom nobody needs; whether there was a key left to destroy.

    A person stays whom somebody holds, whose card lives, or whom an institution knows by a number
    of its own and so may be treating.
    """
    # Whoever takes the person on at this moment is waited for, and then seen.
    mpi_services.lock_cluster(person_pk)
    if _is_needed(person_pk):
        return 0
    delete_certificates_of(person_pk=person_pk, actor=ACTOR)
    delete_confirmations_of(person_pk=person_pk, actor=ACTOR)
    return int(mpi_services.destroy_person_key(person_pk=person_pk, actor=ACTOR, reason=REASON))


def _is_needed(person_pk: int) -> bool:
    return (
        identity.is_held_by_anybody(person_pk)
        or live_card(person_pk) is not None
        or mpi.has_source_records(person_pk)
    )
