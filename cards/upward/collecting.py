"""Noting what is to be reported, far from the hot path.

Uses are noted by the relay, in the transaction in which it drains them, so that each is noted
once; registrations by handlers of the events about cards.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from cards.models.upward import ReportKind, UpwardRecord
from cards.providers.base import UpwardProvider
from cards.upward.rules import bounds_of, day_of
from foundation.core import clock

# As of the admin's list of uses: a code's own time may be that of the day before.
_EARLIEST, _LATEST = timedelta(hours=26), timedelta(hours=1)
_NOT_NOTED = """
SELECT usage.public_id, usage.code_time, usage.at FROM cards_usage AS usage
WHERE usage.code_time >= %s AND usage.code_time < %s AND usage.at >= %s AND usage.at < %s
  AND usage.drained_at IS NOT NULL
  AND NOT EXISTS (
    SELECT 1 FROM cards_upward AS noted WHERE noted.kind = 'use' AND noted.record_id = usage.public_id)
"""

Noted = tuple[str, datetime, datetime]
"""Public id of a use, the time that names its partition, and when it was."""


def provider() -> UpwardProvider:
    """The way to the upper centre."""
    found: UpwardProvider = import_string(settings.UPWARD_PROVIDER)()
    return found


def note_uses(uses: Sequence[Noted]) -> None:
    """Note uses in the caller's transaction, if there is anybody to report to."""
    if uses and provider().is_connected():
        _insert(_use(*each) for each in uses)


def note_missed_uses(day: date) -> int:
    """Note the uses of a day that were recorded while there was nobody to report to.

    Returns:
        How many there were.
    """
    begins, ends = bounds_of(day)
    with connection.cursor() as cursor:
        cursor.execute(_NOT_NOTED, [begins - _EARLIEST, ends + _LATEST, begins, ends])
        missed: list[Noted] = cursor.fetchall()
    _insert(_use(*each) for each in missed)
    return len(missed)


def note_card(*, event_id: str, card_id: str, change: str) -> None:
    """Note that a card was issued or changed; again with the same event changes nothing."""
    if not provider().is_connected():
        return
    moment = clock.now()
    row = UpwardRecord(
        kind=ReportKind.REGISTRATION,
        record_id=event_id,
        source=card_id,
        change=change,
        at=moment,
        day=day_of(moment),
        next_at=moment,
    )
    _insert([row])


def _use(public_id: str, code_time: datetime, at: datetime) -> UpwardRecord:
    return UpwardRecord(
        kind=ReportKind.USE,
        record_id=public_id,
        code_time=code_time,
        at=at,
        day=day_of(at),
        next_at=clock.now(),
    )


def _insert(rows: Iterable[UpwardRecord]) -> None:
    UpwardRecord.objects.bulk_create(list(rows), ignore_conflicts=True)
