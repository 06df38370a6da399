"""Reminders before a visit: written down when it is booked, told when it is time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from appointments.selectors.times import times_of
from foundation.core import clock
from identity import selectors as identity
from identity.rules import Deed
from mpi import selectors as mpi
from notifications.kinds import AT, RELATION
from notifications.models import Reminder
from notifications.models.reminder import ReminderState
from notifications.services.telling import Telling, tell

# How long before the visit, by the kind of message.
AHEAD = {"reminder.day": timedelta(hours=24), "reminder.hours": timedelta(hours=2)}
BATCH = 200


def plan_reminders(*, booking: str, person_id: str, institution: str, starts_at: str) -> int:
    """Write down when to remind of a booking; moments that have passed are left out.

    Returns:
        How many reminders are new; a repeat makes none.
    """
    person = mpi.by_public_id(person_id)
    if person is None:
        return 0
    starts, moment = datetime.fromisoformat(starts_at), clock.now()
    rows = [
        Reminder(
            booking=booking,
            kind=kind,
            person_id=person.person_pk,
            institution=institution,
            starts_at=starts,
            due_at=starts - ahead,
        )
        for kind, ahead in AHEAD.items()
        if starts - ahead > moment
    ]
    before = Reminder.objects.filter(booking=booking).count()
    Reminder.objects.bulk_create(rows, ignore_conflicts=True)
    return Reminder.objects.filter(booking=booking).count() - before


def cancel_reminders(*, booking: str) -> int:
    """Remind of a booking no more."""
    return cancel_many(bookings=[booking])


def cancel_many(*, bookings: Sequence[str]) -> int:
    """Remind of these bookings no more."""
    waiting = Reminder.objects.filter(booking__in=bookings, state=ReminderState.WAITING)
    return waiting.update(state=ReminderState.CANCELLED, ended_at=clock.now())


def tell_due() -> int:
    """Tell what is due; returns how many reminders ended.

    Whether the booking still stands is asked here again: an event that ends it may be on its way.
    """
    ended = 0
    while batch := _tell_batch():
        ended += batch
    return ended


@transaction.atomic
def _tell_batch() -> int:
    moment = clock.now()
    rows = list(
        Reminder.objects.select_for_update(skip_locked=True)
        .filter(state=ReminderState.WAITING, due_at__lte=moment)
        .order_by("due_at")[:BATCH]
    )
    times = times_of(row.booking for row in rows)
    told = [
        row
        for row in rows
        if row.booking in times and times[row.booking].is_standing and times[row.booking].starts_at > moment
    ]
    hearers = identity.holders_who_may({row.person_id for row in told}, Deed.BOOK_VISIT)
    tell(
        tellings=[
            Telling(
                account_id=account_id,
                kind=row.kind,
                dedupe_key=f"{row.kind}:{row.booking}",
                params={
                    "booking": row.booking,
                    AT: times[row.booking].starts_at.isoformat(),
                    RELATION: relation,
                },
                person_pk=row.person_id,
                institution=row.institution,
            )
            for row in told
            for account_id, relation in hearers[row.person_id]
        ]
    )
    for state, ending in (
        (ReminderState.TOLD, told),
        (ReminderState.CANCELLED, [row for row in rows if row not in told]),
    ):
        Reminder.objects.filter(pk__in=[row.pk for row in ending]).update(state=state, ended_at=moment)
    return len(rows)
