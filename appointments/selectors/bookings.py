"""Bookings as those who may see them read them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet

from appointments import words
from appointments.errors import BookingNotFound, SlotUnknown
from appointments.models import Booking, BookingRule, Slot
from appointments.rules import LIVE_STATES, BookingState, ClinicKind, ScheduleState
from appointments.selectors.reach import known_to
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.pagination import newest_first
from foundation.core.text import mask_name
from identity import selectors as identity
from identity.rules import Deed, guardian_may, may
from identity.types import Acting, Relation
from institutions.selectors import scope
from mpi import selectors as mpi

MOST_ALTERNATIVES, MOST_COMING = 20, 50
WINDOW_DAYS, MOST_AT_WINDOW = 7, 100
_KINDS: Mapping[str, str] = {
    BookingState.HELD: "waiting",
    BookingState.BOOKED: "brand",
    BookingState.ARRIVED: "done",
    BookingState.DONE: "neutral",
    BookingState.MISSED: "danger",
    BookingState.STOPPED: "danger",
}


@dataclass(frozen=True, slots=True)
class PatientView:
    """Somebody for whom an account may book.

    Attributes:
        name: In full for others than oneself: whoever books for one of several children must see
            for whom.
    """

    person_id: str
    person_pk: int
    relation: str
    name: str = field(repr=False)

    @property
    def is_self(self) -> bool:
        """Whether it is the account's own person."""
        return self.relation == Relation.SELF

    @property
    def relation_word(self) -> str:
        """The relation as pages say it."""
        return str(Relation(self.relation).label)


@dataclass(frozen=True, slots=True)
class BandView:
    """A band of time with where and with whom it is.

    Attributes:
        left: How many places are free.
        stop_reason: Why it is not held, where the hospital has said it.
        cancel_until: Until when a booking of it can be cancelled or changed on the net.
    """

    slot_id: str
    schedule_id: str
    hospital_id: str
    hospital: str
    department_id: str
    department: str
    place: str
    doctor: str
    title: str
    starts_at: datetime
    ends_at: datetime
    fee_fen: int
    left: int
    hold_minutes: int
    cancel_until: datetime
    is_exam: bool = False
    is_stopped: bool = False
    stop_reason: str = ""

    @property
    def when(self) -> str:
        """The day and the time in words."""
        return words.band(self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class BookingView:
    """A booking, as whoever acts for its person reads it.

    Attributes:
        substitute: Public id of the schedule that is offered where its own was stopped.
    """

    id: str
    patient: PatientView
    band: BandView
    number: int
    state: str
    state_label: str
    state_kind: str
    end_reason: str
    stop_reason: str
    substitute: str
    bill: str
    held_until: datetime | None
    created_at: datetime
    moved_to: str

    @property
    def is_live(self) -> bool:
        """Whether it still stands."""
        return self.state in LIVE_STATES

    @property
    def detail(self) -> str:
        """Who, where and with whom, in one line."""
        parts = (self.patient.name, self.band.hospital, self.band.department, self.band.doctor)
        return " · ".join(part for part in parts if part)

    @property
    def is_hold_over(self) -> bool:
        """Whether it was only held, and nobody has confirmed it in time."""
        return self.state == BookingState.HELD and (self.held_until or clock.now()) <= clock.now()

    @property
    def may_confirm(self) -> bool:
        """Whether it waits for a word of confirmation, and not for money."""
        return self.state == BookingState.HELD and not self.bill and not self.is_hold_over

    @property
    def may_cancel(self) -> bool:
        """Whether it can be cancelled on the net now."""
        return self.state == BookingState.HELD or self._may_leave

    @property
    def may_change(self) -> bool:
        """Whether it can be changed on the net now."""
        return self._may_leave and not self.band.is_exam

    @property
    def _may_leave(self) -> bool:
        return self.state == BookingState.BOOKED and clock.now() <= self.band.cancel_until


@dataclass(frozen=True, slots=True)
class BookingPage:
    """What is to come, soonest first, and a page of what was."""

    coming: list[BookingView]
    past: list[BookingView]
    next_cursor: str


def patients_of(account_pk: int) -> list[PatientView]:
    """Everybody for whom an account may book, itself first."""
    return _patients(
        acts
        for acts in identity.persons_of(account_pk)
        if may(acts.level, Deed.BOOK_VISIT)
        and (
            acts.relation == Relation.SELF or guardian_may(Deed.BOOK_VISIT, is_by_consent=acts.is_by_consent)
        )
    )


def bookings_of(account_pk: int, *, cursor: str = "") -> BookingPage:
    """The bookings of everybody for whom an account acts."""
    rows, patients = _seen(account_pk)
    coming = _coming(rows) if not cursor else []
    page = newest_first(rows.exclude(state__in=LIVE_STATES), cursor=cursor, size=10)
    shown = [*coming, *page.rows]
    rules = _rules({row.institution_id for row in shown})
    views = [_view(row, patients, rules) for row in shown]
    return BookingPage(
        views[: len(shown) - len(page.rows)], views[len(shown) - len(page.rows) :], page.next_cursor
    )


def coming_of(account_pk: int) -> list[BookingView]:
    """What is to come of ``bookings_of``, without looking for what was."""
    rows, patients = _seen(account_pk)
    coming = list(_coming(rows))
    rules = _rules({row.institution_id for row in coming})
    return [_view(row, patients, rules) for row in coming]


def booking_of(account_pk: int, booking: str) -> BookingView:
    """One booking of somebody for whom an account acts.

    Raises:
        BookingNotFound: There is none.
    """
    rows, patients = _seen(account_pk)
    row = rows.filter(public_id=booking).first()
    if row is None:
        raise BookingNotFound
    return _view(row, patients, _rules([row.institution_id]))


def booked_in(account_pk: int, slot: str, person_ids: Iterable[str]) -> list[str]:
    """The live bookings of a band that the account sees for just these people; none if one has none."""
    rows, patients = _seen(account_pk)
    live = rows.filter(slot__public_id=slot, state__in=LIVE_STATES)
    found = {patients[row.person_id].person_id: row.public_id for row in live}
    wanted = list(person_ids)
    return [found[one] for one in wanted] if set(wanted) <= set(found) else []


def band_of(slot: str) -> BandView:
    """A band of time by its public id.

    Raises:
        SlotUnknown: There is none.
    """
    row = _bands().filter(public_id=slot).first()
    if row is None:
        raise SlotUnknown
    return _band(row, _rules([row.schedule.institution_id]))


def alternatives(band: BandView, *, same_fee: bool = False) -> list[BandView]:
    """Other bands of the department with a free place, the nearest in time first."""
    moment = clock.now()
    rows = (
        _bands()
        .filter(
            schedule__department__public_id=band.department_id,
            schedule__state=ScheduleState.OPEN,
            schedule__releases_at__lte=moment,
            schedule__closes_at__gt=moment,
            stopped_at=None,
            free__len__gt=0,
            starts_at__gt=moment,
        )
        .exclude(public_id=band.slot_id)
    )
    if same_fee:
        rows = rows.filter(schedule__fee_fen=band.fee_fen)
    later = list(rows.filter(starts_at__gte=band.starts_at).order_by("starts_at", "pk")[:MOST_ALTERNATIVES])
    sooner = list(rows.filter(starts_at__lt=band.starts_at).order_by("-starts_at", "pk")[:MOST_ALTERNATIVES])
    near = sorted([*later, *sooner], key=lambda row: abs(row.starts_at - band.starts_at))
    rules = _rules({row.schedule.institution_id for row in near})
    found = [_band(row, rules) for row in near[:MOST_ALTERNATIVES]]
    return sorted(found, key=lambda each: each.starts_at)


def bands_at_window(actor: Actor, department: str) -> list[BandView]:
    """What a window may give of a department of its institution: the free bands of the coming days.

    A window gives places before they come out and after they are closed on the net.
    """
    moment = clock.now()
    rows = _bands().filter(
        schedule__institution__public_id=actor.institution,
        schedule__department__public_id=department,
        schedule__state=ScheduleState.OPEN,
        stopped_at=None,
        free__len__gt=0,
        ends_at__gt=moment,
        starts_at__lt=moment + timedelta(days=WINDOW_DAYS),
    )
    found = list(rows.order_by("starts_at", "pk")[:MOST_AT_WINDOW])
    rules = _rules({row.schedule.institution_id for row in found})
    return [_band(row, rules) for row in found]


def visible_bookings(actor: Actor) -> "QuerySet[Booking]":
    """The bookings that a member of staff may see."""
    rows = Booking.objects.select_related(
        "institution", "schedule__department", "schedule__doctor", "slot", "person"
    )
    return scope(rows, actor)


def _seen(account_pk: int) -> tuple["QuerySet[Booking]", dict[int, PatientView]]:
    """The bookings that an account may read, and by each anchor whose they are."""
    persons = identity.persons_of(account_pk)
    patients = {patient.person_pk: patient for patient in _patients(persons)}
    clusters = mpi.clusters(patients)
    by_anchor = {anchor: patients[pk] for pk, anchors in clusters.items() for anchor in anchors}
    known = [acts for acts in persons if acts.person_pk in patients]
    allowed = known_to(account_pk, known, clusters, moment="created_at")
    rows = Booking.objects.filter(allowed).select_related(
        "institution",
        "schedule__department",
        "schedule__doctor",
        "schedule__substitute",
        "slot__substitute",
        "moved_to",
    )
    return rows, by_anchor


def _coming(rows: "QuerySet[Booking]") -> "QuerySet[Booking]":
    return rows.filter(state__in=LIVE_STATES).order_by("slot__starts_at", "pk")[:MOST_COMING]


def _patients(persons: Iterable[Acting]) -> list[PatientView]:
    everybody = list(persons)
    known = mpi.particulars_many(acts.person_pk for acts in everybody)
    return [
        PatientView(
            person_id=acts.person_id,
            person_pk=acts.person_pk,
            relation=acts.relation,
            name=mask_name(known[acts.person_pk].name)
            if acts.relation == Relation.SELF
            else known[acts.person_pk].name,
        )
        for acts in everybody
        if acts.person_pk in known
    ]


def _bands() -> "QuerySet[Slot]":
    return Slot.objects.select_related("schedule__institution", "schedule__department", "schedule__doctor")


def _rules(institution_pks: Iterable[int]) -> dict[int, BookingRule]:
    found = {
        rule.institution_id: rule for rule in BookingRule.objects.filter(institution__in=institution_pks)
    }
    return {pk: found.get(pk) or BookingRule() for pk in institution_pks}


def _band(row: Slot, rules: Mapping[int, BookingRule]) -> BandView:
    schedule = row.schedule
    rule = rules[schedule.institution_id]
    doctor = schedule.doctor
    return BandView(
        slot_id=row.public_id,
        schedule_id=schedule.public_id,
        hospital_id=schedule.institution.public_id,
        hospital=schedule.institution.short_name,
        department_id=schedule.department.public_id,
        department=schedule.department.name,
        place=schedule.department.place,
        doctor=doctor.name if doctor is not None else "",
        title=doctor.get_title_display() if doctor is not None else "",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        fee_fen=schedule.fee_fen,
        left=len(row.free),
        hold_minutes=rule.hold_minutes,
        cancel_until=row.starts_at - timedelta(minutes=rule.cancel_minutes),
        is_exam=schedule.kind == ClinicKind.EXAM,
        is_stopped=schedule.state != ScheduleState.OPEN or row.stopped_at is not None,
        stop_reason=row.stop_reason or schedule.stop_reason,
    )


def _view(row: Booking, patients: Mapping[int, PatientView], rules: Mapping[int, BookingRule]) -> BookingView:
    row.slot.schedule = row.schedule
    row.schedule.institution = row.institution
    after = getattr(row, "moved_to", None)
    instead = row.slot.substitute or row.schedule.substitute
    return BookingView(
        id=row.public_id,
        patient=patients[row.person_id],
        band=replace(_band(row.slot, rules), fee_fen=row.fee_fen),
        number=row.number,
        state=row.state,
        state_label=str(row.get_state_display()),
        state_kind=_KINDS.get(row.state, "neutral"),
        end_reason=row.end_reason,
        stop_reason=row.slot.stop_reason or row.schedule.stop_reason,
        substitute=instead.public_id if instead is not None else "",
        bill=row.bill,
        held_until=row.held_until,
        created_at=row.created_at,
        moved_to=after.public_id if after is not None else "",
    )
