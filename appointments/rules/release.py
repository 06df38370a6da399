"""By which rule places come out (放号): from a session to the moment of its release.

Each kind is one object, so that a draw can stand beside the timed release one day.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from django.db.models import TextChoices

from foundation.core.clock import BEIJING


class ReleaseKind(TextChoices):
    """By which rule places come out; a draw may stand beside it one day."""

    TIMED = "timed", "定时放号"


@dataclass(frozen=True, slots=True)
class ReleaseTerms:
    """What an institution has settled about letting its places out.

    Attributes:
        release_time: Beijing time, to the second.
        closes_minutes: How long before the session begins nobody books any more.
    """

    release: str = ReleaseKind.TIMED.value
    days_ahead: int = 7
    release_time: time = time(7, 0)
    closes_minutes: int = 30


class ReleaseRule(Protocol):
    """Says when the places of a session come out."""

    def releases_at(self, *, day: date, closes_at: datetime, terms: ReleaseTerms) -> datetime:
        """The moment from which the places of a session on this day may be booked."""


class TimedRelease:
    """All places of a session come out at one moment, some days ahead."""

    def releases_at(self, *, day: date, closes_at: datetime, terms: ReleaseTerms) -> datetime:
        """The settled second of the settled day, always before the session closes for booking.

        Where that second of the day itself would come too late, it is that of the day before.
        """
        moment = datetime.combine(day, terms.release_time, BEIJING) - timedelta(days=terms.days_ahead)
        while moment >= closes_at:
            moment -= timedelta(days=1)
        return moment


RELEASES: dict[str, ReleaseRule] = {ReleaseKind.TIMED.value: TimedRelease()}


def window_of(*, day: date, begins_at: datetime, terms: ReleaseTerms) -> tuple[datetime, datetime]:
    """From when until when the places of a session may be booked.

    Args:
        begins_at: When the first band of the session begins.
    """
    closes_at = begins_at - timedelta(minutes=terms.closes_minutes)
    return RELEASES[terms.release].releases_at(day=day, closes_at=closes_at, terms=terms), closes_at
