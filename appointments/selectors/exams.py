"""Examinations that were ordered, and when they could be done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.db.models import Q, QuerySet

from appointments import words
from appointments.errors import ExamOrderNotFound
from appointments.models import Booking, ExamItem, ExamOrder, ExamRule, Slot
from appointments.rules import LIVE_STATES, BookingState, ClinicKind, ScheduleState
from appointments.rules.exams import ExamOrderState, ExamRuleKind, Placed, Rule, Stop, Window, plan, together
from appointments.selectors.bookings import PatientView, patients_of
from appointments.selectors.reach import known_to
from foundation.core import clock
from foundation.core.actor import Actor
from identity import selectors as identity
from identity.rules import Deed, guardian_may, may
from identity.types import Relation
from institutions.selectors import scope
from mpi import selectors as mpi

DAYS_AHEAD = 14
MOST_WINDOWS = 300
# What was done weeks ago still keeps barium in the body.
LOOKS_BACK = timedelta(days=30)
MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class ExamView:
    """An order as whoever acts for its person reads it.

    Attributes:
        name: What is examined; where the account may not read that, the department.
        state: ``open``, ``booked``, ``fixed`` (by the hospital), ``done``, ``cancelled`` or ``over``.
        booking: Public id of the booking.
    """

    id: str
    person_id: str
    institution: str
    name: str
    department: str
    place: str
    preparation: str
    state: str
    starts_at: datetime | None
    ends_at: datetime | None
    booking: str
    valid_until: datetime | None

    @property
    def when(self) -> str:
        """The day and the time in words; empty while there is none."""
        return words.band(self.starts_at, self.ends_at) if self.starts_at and self.ends_at else ""


@dataclass(frozen=True, slots=True)
class ExamSet:
    """The examinations of one person at one hospital."""

    patient: PatientView
    institution: str
    waiting: Sequence[ExamView]
    settled: Sequence[ExamView]


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """What is done at one place in one go, with its time."""

    slot: str
    department: str
    place: str
    starts_at: datetime
    ends_at: datetime
    exams: Sequence[ExamView]

    @property
    def when(self) -> str:
        """The day and the time in words."""
        return words.band(self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class Proposal:
    """When everything that waits could be done, soonest first; no stops where that cannot be.

    Attributes:
        reasons: Why in this order, in words.
        without_places: Departments that have nothing free in this time.
    """

    patient: PatientView
    institution: str
    exams: Sequence[ExamView]
    first_day: date
    stops: Sequence[PlannedStop]
    reasons: Sequence[str]
    without_places: Sequence[str]


def exam_sets(account_pk: int) -> list[ExamSet]:
    """What was ordered for everybody for whom the account books, the latest first."""
    people = _People(account_pk)
    rows = people.orders().order_by("-ordered_at", "-pk")[:MOST_SHOWN]
    found: dict[tuple[str, int], list[ExamOrder]] = {}
    for row in rows:
        found.setdefault((people.of(row).person_id, row.institution_id), []).append(row)
    return [people.set_of(orders) for orders in found.values()]


def is_booked_in(account_pk: int, order: str, slot: str) -> bool:
    """Whether an examination for which the account books is booked in this band."""
    rows = _People(account_pk).orders().filter(public_id=order)
    return rows.filter(booking__slot__public_id=slot, booking__state__in=LIVE_STATES).exists()


def proposal(account_pk: int, order: str, *, first_day: date | None = None) -> Proposal:
    """When the order, and whatever else waits for its person at its hospital, could be done.

    Raises:
        ExamOrderNotFound: There is none, or it waits for nothing.
    """
    people = _People(account_pk)
    asked = people.orders().filter(public_id=order).first()
    if asked is None:
        raise ExamOrderNotFound
    patient = people.of(asked)
    anchors = people.anchors(patient)
    mine = people.orders().filter(institution=asked.institution_id, person__in=anchors)
    orders = [row for row in mine.order_by("pk") if state_of(row) == "open"]
    if not orders:
        raise ExamOrderNotFound
    today = clock.beijing(clock.now()).date()
    day = max(first_day or today, today)
    rules = rules_of(asked.institution_id)
    groups = group(orders, rules)
    slots = {
        key: free_slots(department_pk=rows[0].item.department_id, anchors=anchors, first_day=day)
        for key, (_stop, rows) in groups.items()
    }
    stops = [stop for stop, _rows in groups.values()]
    windows = {key: [window_of(slot) for slot in found] for key, found in slots.items()}
    found = plan(stops, windows, rules, settled(anchors, asked.institution_id))
    by_slot = {slot.public_id: slot for rows in slots.values() for slot in rows}
    planned = [
        _planned(by_slot[window.key], [people.view(row) for row in groups[key][1]])
        for key, window in (found or {}).items()
    ]
    return Proposal(
        patient=patient,
        institution=asked.institution.short_name,
        exams=[people.view(row) for row in orders],
        first_day=day,
        stops=sorted(planned, key=lambda stop: stop.starts_at),
        reasons=_reasons(stops, rules),
        without_places=sorted(
            {groups[key][1][0].item.department.name for key, found in slots.items() if not found}
        ),
    )


# For the commands of this room as well


def state_of(row: ExamOrder) -> str:
    """Where an order stands, as ``ExamView.state``."""
    booking = row.booking
    if booking is not None and booking.state in LIVE_STATES:
        return "booked"
    if booking is not None and booking.state == BookingState.DONE:
        return "done"
    if row.state == ExamOrderState.CANCELLED:
        return "cancelled"
    if row.fixed_at is not None and row.fixed_until is not None:
        return "done" if row.fixed_until <= clock.now() else "fixed"
    return "over" if row.valid_until is not None and row.valid_until <= clock.now() else "open"


def rules_of(institution_pk: int) -> list[Rule]:
    """An institution's rules that hold."""
    rows = ExamRule.objects.filter(institution=institution_pk, is_open=True).order_by("pk")
    return [
        Rule(
            kind=ExamRuleKind(row.kind),
            first=row.first,
            second=row.second,
            gap=timedelta(minutes=row.gap_minutes),
            reason=row.reason,
        )
        for row in rows
    ]


def group(orders: Sequence[ExamOrder], rules: Sequence[Rule]) -> dict[str, tuple[Stop, list[ExamOrder]]]:
    """Orders by what is done in one go: those of a department between which no rule stands."""
    found: dict[str, tuple[Stop, list[ExamOrder]]] = {}
    by_id = {row.public_id: row for row in orders}
    rows = sorted(orders, key=lambda row: row.item.department_id)
    for department, here in groupby(rows, key=lambda row: row.item.department_id):
        stops = [
            Stop(row.public_id, frozenset(row.item.tags), row.item.latest, row.item.priority) for row in here
        ]
        for number, each in enumerate(together(stops, rules)):
            key = f"{department}:{number}"
            found[key] = (_joined(key, each), [by_id[stop.key] for stop in each])
    return found


def free_slots(*, department_pk: int, anchors: Sequence[int], first_day: date) -> list[Slot]:
    """Bands of examinations of a department with a free place, the soonest first."""
    moment = clock.now()
    begins = datetime.combine(first_day, time.min, tzinfo=clock.BEIJING)
    taken = Booking.objects.filter(person__in=anchors, state__in=LIVE_STATES).values("schedule")
    rows = Slot.objects.select_related("schedule__department").filter(
        schedule__department=department_pk,
        schedule__kind=ClinicKind.EXAM,
        schedule__state=ScheduleState.OPEN,
        schedule__releases_at__lte=moment,
        schedule__closes_at__gt=moment,
        stopped_at=None,
        free__len__gt=0,
        starts_at__gte=max(moment, begins),
        starts_at__lt=begins + timedelta(days=DAYS_AHEAD),
    )
    return list(rows.exclude(schedule__in=taken).order_by("starts_at", "pk")[:MOST_WINDOWS])


def window_of(slot: Slot) -> Window:
    """A band for the rules."""
    return Window(slot.public_id, str(slot.schedule_id), slot.starts_at, slot.ends_at)


def settled(anchors: Sequence[int], institution_pk: int) -> list[Placed]:
    """Examinations of a person whose time is settled, or past and not yet out of the body."""
    since = clock.now() - LOOKS_BACK
    booked = Q(booking__state__in=[*LIVE_STATES, BookingState.DONE], booking__slot__starts_at__gt=since)
    fixed = Q(state=ExamOrderState.ORDERED, fixed_at__gt=since)
    rows = (
        ExamOrder.objects.filter(booked | fixed, person__in=anchors, institution=institution_pk)
        .select_related("item", "booking__slot")
        .order_by("pk")
    )
    times: dict[tuple[datetime, datetime], set[str]] = {}
    for row in rows:
        starts_at, ends_at = _time_of(row)
        if starts_at is not None and ends_at is not None:
            times.setdefault((starts_at, ends_at), set()).update(row.item.tags)
    return [Placed(frozenset(tags), *each) for each, tags in times.items()]


def visible_items(actor: Actor) -> "QuerySet[ExamItem]":
    """The examinations that a member of staff may see."""
    return scope(ExamItem.objects.select_related("institution", "department"), actor)


def visible_rules(actor: Actor) -> "QuerySet[ExamRule]":
    """The rules that a member of staff may see."""
    return scope(ExamRule.objects.select_related("institution"), actor)


def visible_orders(actor: Actor) -> "QuerySet[ExamOrder]":
    """The orders that a member of staff may see."""
    rows = ExamOrder.objects.select_related("institution", "item__department", "booking__slot")
    return scope(rows, actor)


class _People:
    """For whom an account books, and what it may read of them."""

    def __init__(self, account_pk: int) -> None:
        self._patients = {each.person_pk: each for each in patients_of(account_pk)}
        clusters = mpi.clusters(self._patients)
        self._whose = {anchor: self._patients[pk] for pk, found in clusters.items() for anchor in found}
        self._clusters: Mapping[int, Sequence[int]] = clusters
        persons = [acts for acts in identity.persons_of(account_pk) if acts.person_pk in self._patients]
        self._known = known_to(account_pk, persons, clusters, moment="ordered_at")
        self._readable = {
            acts.person_pk
            for acts in persons
            if may(acts.level, Deed.READ_RECORDS)
            and (
                acts.relation == Relation.SELF
                or guardian_may(Deed.READ_RECORDS, is_by_consent=acts.is_by_consent)
            )
        }

    def orders(self) -> "QuerySet[ExamOrder]":
        rows = ExamOrder.objects.filter(self._known)
        return rows.select_related("institution", "item__department", "booking__slot")

    def of(self, row: ExamOrder) -> PatientView:
        return self._whose[row.person_id]

    def anchors(self, patient: PatientView) -> Sequence[int]:
        return self._clusters[patient.person_pk]

    def set_of(self, rows: Iterable[ExamOrder]) -> ExamSet:
        orders = list(rows)
        views = [self.view(row) for row in orders]
        return ExamSet(
            patient=self.of(orders[0]),
            institution=orders[0].institution.short_name,
            waiting=[view for view in views if view.state == "open"],
            settled=sorted(
                (view for view in views if view.state != "open"),
                key=lambda view: (view.starts_at is None, view.starts_at or clock.now()),
            ),
        )

    def view(self, row: ExamOrder) -> ExamView:
        patient, item = self.of(row), row.item
        starts_at, ends_at = _time_of(row)
        return ExamView(
            id=row.public_id,
            person_id=patient.person_id,
            institution=row.institution.short_name,
            name=item.name if patient.person_pk in self._readable else item.department.name,
            department=item.department.name,
            place=row.fixed_place or item.department.place,
            preparation=item.preparation,
            state=state_of(row),
            starts_at=starts_at,
            ends_at=ends_at,
            booking=row.booking.public_id if row.booking is not None else "",
            valid_until=row.valid_until,
        )


def _time_of(row: ExamOrder) -> tuple[datetime | None, datetime | None]:
    if row.booking is not None and row.booking.state in (*LIVE_STATES, BookingState.DONE):
        return row.booking.slot.starts_at, row.booking.slot.ends_at
    return row.fixed_at, row.fixed_until


def _joined(key: str, stops: Sequence[Stop]) -> Stop:
    latest = [stop.latest for stop in stops if stop.latest is not None]
    return Stop(
        key,
        frozenset().union(*(stop.tags for stop in stops)),
        min(latest, default=None),
        min(stop.priority for stop in stops),
    )


def _reasons(stops: Sequence[Stop], rules: Sequence[Rule]) -> list[str]:
    tags = [stop.tags for stop in stops]
    told = [
        rule.reason
        for rule in rules
        if any(
            rule.first in first and rule.second in second
            for first in tags
            for second in tags
            if first is not second
        )
    ]
    return list(dict.fromkeys(told))


def _planned(slot: Slot, exams: Sequence[ExamView]) -> PlannedStop:
    department = slot.schedule.department
    return PlannedStop(slot.public_id, department.name, department.place, slot.starts_at, slot.ends_at, exams)
