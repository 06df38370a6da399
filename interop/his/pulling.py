"""Asking hospitals for what they did not push, or what was lost on the way.

Everything that is heard goes through the same door as what is pushed, so that it does not matter
which of the two was first, or whether both were.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import F

from foundation.core import clock
from foundation.core.errors import DomainError
from foundation.events.inbound import institution_of
from foundation.gateway import inbound
from interop.his import client, documents, invoices, planned, selectors, tasks
from interop.his.client import HospitalFailure
from interop.his.models import HospitalSystem, Offer, SystemState

log = structlog.get_logger(__name__)

MOST_PARTS = 20
LONGEST_PAUSE = timedelta(hours=1)


def ask_for_missing(source: str, aggregate: str, after: int) -> None:
    """Have a hospital asked for the events of an aggregate behind a number; does not wait."""
    institution = institution_of(source)
    if institution and selectors.system_of(institution, Offer.EVENTS) is not None:
        tasks.pull_events.delay(institution, aggregate, after)


def pull_events(*, institution: str, aggregate: str, after: int) -> int:
    """Take up the events of an aggregate that are missing here; returns how many were new."""
    system = selectors.system_of(institution, Offer.EVENTS)
    if system is None:
        return 0
    new = 0
    for _ in range(MOST_PARTS):
        part = client.missed_events(system, aggregate=aggregate, after=after)
        new += _accept(part.events, institution)
        reached = max((_number_of(event) for event in part.events), default=0)
        # Whoever answers the same part again and again is asked no more.
        if not part.more or reached <= after:
            break
        after = reached
    return new


def _number_of(event: Mapping[str, Any]) -> int:
    """The number of an event that a hospital gave, 0 where it gave none: nobody has checked it yet."""
    data = event.get("data")
    number = data.get("seq") if isinstance(data, Mapping) else None
    return number if isinstance(number, int) else 0


def pull_system(*, system: str) -> bool:
    """Ask one hospital whose time has come for its schedules, lost events and documents.

    The next time is set before it is asked, so that of two workers one asks.

    Returns:
        Whether it answered all.
    """
    moment = clock.now()
    due = HospitalSystem.objects.filter(public_id=system, state=SystemState.ACTIVE, next_pull_at__lte=moment)
    row = due.select_related("institution").first()
    if row is None or not due.update(next_pull_at=moment + timedelta(minutes=row.every_minutes)):
        return False
    try:
        if Offer.EVENTS in row.offers:
            _read_feed(row)
        if Offer.SCHEDULES in row.offers:
            _read_schedules(row, moment)
        if Offer.DOCUMENTS in row.offers:
            documents.fetch_documents(system=row)
            invoices.fetch_invoices(system=row)
    except HospitalFailure as exc:
        _failed(row, exc.code, moment)
        return False
    HospitalSystem.objects.filter(pk=row.pk).update(pulled_at=moment, failures=0, failure="")
    return True


def _read_feed(row: HospitalSystem) -> None:
    cursor = row.cursor
    for _ in range(MOST_PARTS):
        part = client.feed(row, after=cursor)
        _accept(part.events, row.institution.public_id)
        # Forward only: a hospital that starts its record anew is set right by hand.
        HospitalSystem.objects.filter(pk=row.pk, cursor=cursor).update(cursor=max(cursor, part.cursor))
        if not part.more or part.cursor <= cursor:
            return
        cursor = part.cursor


def _read_schedules(row: HospitalSystem, moment: datetime) -> None:
    first = clock.beijing(moment).date()
    last = first + timedelta(days=row.days_ahead)
    said = client.schedules(row, first=first.isoformat(), last=last.isoformat())
    as_of = planned.apply(row.institution.public_id, said, first=first, last=last)
    HospitalSystem.objects.filter(pk=row.pk).update(as_of=as_of)


def _accept(events: Sequence[Mapping[str, Any]], institution: str) -> int:
    new = 0
    for event in events:
        try:
            new += inbound.accept(event, institution=institution)
        except DomainError as exc:
            # One event that is wrong holds up none of the others.
            log.warning("pulled_event_refused", institution=institution, code=exc.code)
    return new


def _failed(row: HospitalSystem, code: str, moment: datetime) -> None:
    pause = timedelta(minutes=row.every_minutes) * 2 ** min(row.failures, 6)
    HospitalSystem.objects.filter(pk=row.pk).update(
        failures=F("failures") + 1, failure=code, next_pull_at=moment + min(pause, LONGEST_PAUSE)
    )
    log.warning("hospital_not_answering", institution=row.institution.public_id, code=code)
