"""Reading what a check-in needs: the booking, when, and the code of the day."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Max, QuerySet

from appointments.models import Booking, CheckInRule, Schedule, Ticket
from appointments.rules import BookingState
from appointments.rules.queueing import OPEN_STATES
from appointments.selectors.reach import known_to
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from gmcrypto.index import blind_index
from identity import selectors as identity
from identity.rules import Deed, require, require_guardians_deed
from identity.types import Acting, Relation
from institutions.selectors import scope
from mpi import selectors as mpi

DAY_CODE = "appointments.day_code"
OPENS_MINUTES = 120
# What the desk lists of somebody: to be checked in, late, or waiting already.
AT_DESK = (BookingState.BOOKED, BookingState.MISSED, BookingState.ARRIVED)


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What the page of a check-in says.

    Attributes:
        name: A dependant's in full; empty for the account's own person.
        by_location: Whether the institution offers the check-in by the phone's place.
    """

    booking: str
    person_id: str
    institution: str
    department: str
    doctor: str
    place: str
    starts_at: datetime
    opens_at: datetime
    closes_at: datetime
    state: str
    by_location: bool
    name: str = field(default="", repr=False)

    @property
    def title(self) -> str:
        """The department, and for whom where that is not the reader."""
        return f"{self.name} · {self.department}" if self.name else self.department

    @property
    def is_open(self) -> bool:
        """Whether one may check in now."""
        is_time = self.opens_at <= clock.now() <= self.closes_at
        return is_time and self.state in (BookingState.BOOKED, BookingState.ARRIVED)

    @property
    def is_early(self) -> bool:
        """Whether the time has yet to come."""
        return self.state == BookingState.BOOKED and clock.now() < self.opens_at


def day_code(institution: str, day: date) -> str:
    """The six digits that an institution shows at its desks on one day.

    Made from the product's index key, so that there is nothing to store, and nobody can tell
    tomorrow's from today's.
    """
    number = int.from_bytes(blind_index(DAY_CODE, f"{institution} {day.isoformat()}")[:8])
    return f"{number % 1_000_000:06d}"


def bookings_with_all() -> "QuerySet[Booking]":
    """Bookings with what a check-in reads of them."""
    return Booking.objects.select_related(
        "institution", "schedule__department", "schedule__doctor", "slot", "person"
    )


def booking_for(*, account_pk: int, booking: str, actor: Actor) -> tuple[Booking, Actor]:
    """A booking of somebody for whom the account may act, and the account as it acts for them.

    Raises:
        NotFound: For strangers' bookings and for none alike.
        LevelTooLow, NotForGuardians: The account may not do this for that person.
    """
    row = bookings_with_all().filter(public_id=booking).first()
    if row is None:
        raise NotFound
    acting = identity.acting(account_pk, row.person.public_id)
    require(acting.level, Deed.BOOK_VISIT)
    if acting.relation == Relation.SELF:
        return row, actor
    require_guardians_deed(Deed.BOOK_VISIT, is_by_consent=acting.is_by_consent)
    return row, actor.acting_for(acting.person_id)


def check_in_times(row: Booking) -> tuple[datetime, datetime]:
    """From when until when somebody may check in by themselves."""
    shown = _shown_with_rule(row)
    return shown.opens_at, shown.closes_at


def check_in_page(*, account_pk: int, booking: str, actor: Actor) -> CheckIn:
    """What the page of a check-in says to whoever may act for the one who booked.

    Raises:
        NotFound, LevelTooLow, NotForGuardians: As ``booking_for``.
    """
    row, acts_as = booking_for(account_pk=account_pk, booking=booking, actor=actor)
    is_own = not acts_as.on_behalf_of
    return _shown_with_rule(row, "" if is_own else mpi.particulars(row.person_id).name)


def _shown_with_rule(row: Booking, name: str = "") -> CheckIn:
    rule = CheckInRule.objects.filter(institution=row.institution_id).first()
    ends = row.schedule.slots.aggregate(last=Max("ends_at"))["last"]
    return _shown(row, rule, ends or row.slot.ends_at, name)


def _shown(row: Booking, rule: CheckInRule | None, ends_at: datetime, name: str) -> CheckIn:
    schedule = row.schedule
    early = timedelta(minutes=rule.opens_minutes if rule is not None else OPENS_MINUTES)
    return CheckIn(
        booking=row.public_id,
        person_id=row.person.public_id,
        name=name,
        institution=row.institution.short_name,
        department=schedule.department.name,
        doctor=schedule.doctor.name if schedule.doctor is not None else "",
        place=schedule.department.place,
        starts_at=row.slot.starts_at,
        opens_at=row.slot.starts_at - early,
        closes_at=ends_at,
        state=row.state,
        by_location=rule is not None and rule.latitude is not None,
    )


def visits_of(account_pk: int) -> list[CheckIn]:
    """What is booked for today and not checked in, for everybody for whom the account may act."""
    persons = identity.persons_of(account_pk)
    clusters = mpi.clusters(acts.person_pk for acts in persons)
    known = known_to(account_pk, persons, clusters, moment="created_at")
    today = clock.beijing(clock.now()).date()
    rows = bookings_with_all().filter(known, schedule__date=today, state=BookingState.BOOKED)
    rules = {
        rule.institution_id: rule
        for rule in CheckInRule.objects.filter(institution__in={row.institution_id for row in rows})
    }
    ends = dict(
        Schedule.objects.filter(pk__in={row.schedule_id for row in rows}).values_list(
            "pk", Max("slots__ends_at")
        )
    )
    names = _names_of_others(persons, clusters)
    return [
        _shown(
            row,
            rules.get(row.institution_id),
            ends.get(row.schedule_id) or row.slot.ends_at,
            names.get(row.person_id, ""),
        )
        for row in sorted(rows, key=lambda row: row.slot.starts_at)
    ]


def _names_of_others(persons: Iterable[Acting], clusters: Mapping[int, Collection[int]]) -> dict[int, str]:
    """The names of those for whom the account acts, by each of their anchors."""
    others = [acts.person_pk for acts in persons if acts.relation != Relation.SELF]
    known = mpi.particulars_many(others) if others else {}
    return {anchor: found.name for pk, found in known.items() for anchor in clusters[pk]}


def ticket_of(booking: str) -> str:
    """Public id of the place that whoever booked has now; empty without one."""
    rows = Ticket.objects.filter(booking__public_id=booking, state__in=OPEN_STATES)
    return rows.values_list("public_id", flat=True).first() or ""


def todays_bookings(*, persons: list[int], actor: Actor) -> list[Booking]:
    """What somebody has booked for today at the actor's institution, in the order of time."""
    today = clock.beijing(clock.now()).date()
    rows = scope(bookings_with_all(), actor).filter(
        person__in=persons, schedule__date=today, state__in=AT_DESK
    )
    return list(rows.order_by("slot__starts_at"))
