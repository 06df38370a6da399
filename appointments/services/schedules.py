"""Schedules: said by a hospital's system, or written by its staff.

``apply_schedules`` takes over what was said, however much of it is new. Whatever changes the
sessions of an institution waits for whoever does the same (``hold``); those who book are not
kept waiting by that, only by the rows of the bands that change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from appointments import boards, errors
from appointments.models import Schedule, Slot
from appointments.places import fit_bands, new_slots
from appointments.rules import ScheduleState
from appointments.rules.release import ReleaseTerms, window_of
from appointments.rules.saying import wrong_field
from appointments.selectors.booking_rules import terms_of
from appointments.services.suspension import (
    HOSPITAL,
    WITHDRAWN,
    hold,
    institution_of,
    open_again,
    resume_schedule,
    stop_rows,
    stop_schedule,
    stop_schedules,
)
from appointments.types import Applied, Band, Days, Refused, ScheduleDetails
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from institutions.selectors import clinics
from institutions.types import DepartmentRef, DoctorRef

__all__ = ["apply_schedules", "resume_schedule", "stop_schedule", "stop_schedules"]


@transaction.atomic
def apply_schedules(
    *,
    institution: str,
    said: Sequence[ScheduleDetails],
    complete_for: Days | None = None,
    heard_at: datetime | None,
    actor: Actor,
    reason: str = "",
) -> Applied:
    """Take over what a hospital says of its sessions, by its own numbers of them.

    A capacity may grow or shrink; a number that somebody has stays theirs. A band that is not named
    any more is stopped if somebody is booked in it. What was heard before something newer changes
    nothing.

    Args:
        institution: Public id.
        complete_for: The list names every session of these days: others that the hospital's system
            once named are stopped. Those that staff keep here by hand are not touched.
        heard_at: When the hospital's system said so; None where staff write it.

    Returns:
        How much was new, and what was not taken over, and why.

    Raises:
        NotFound: The actor sees no such institution.
        ScheduleListEmpty: A complete list is empty, though sessions of these days are open.
    """
    place = institution_of(public_id=institution, actor=actor)
    hold(institution=place)
    batch = _Batch(
        institution=institution,
        institution_pk=place,
        heard_at=heard_at,
        actor=actor,
        reason=reason,
        terms=terms_of(place),
        departments=clinics.departments_by_code(institution),
        doctors=clinics.doctors_by_code(institution),
    )
    rows = Schedule.objects.select_related("institution", "department", "doctor").prefetch_related("slots")
    known = {
        row.code: row for row in rows.filter(institution=place, code__in=[details.code for details in said])
    }
    for details in {details.code: details for details in said}.values():
        batch.take(details, known.get(details.code))
    batch.write_new()
    if complete_for is not None:
        batch.stop_unnamed(complete_for, [details.code for details in said])
    batch.note_heard()
    batch.record()
    boards.forget_after_commit(institution, batch.touched)
    return batch.outcome()


@dataclass
class _Batch:
    """One list as it is worked through."""

    institution: str
    institution_pk: int
    heard_at: datetime | None
    actor: Actor
    reason: str
    terms: ReleaseTerms
    departments: dict[str, DepartmentRef]
    doctors: dict[str, DoctorRef]
    new: list[tuple[Schedule, tuple[Band, ...]]] = field(default_factory=list)
    new_stopped: list[tuple[Schedule, ScheduleDetails]] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    entries: list[audit.Entry] = field(default_factory=list)
    touched: set[boards.Touched] = field(default_factory=set)
    refused: list[Refused] = field(default_factory=list)
    changed: int = 0
    unchanged: int = 0
    stopped: int = 0
    stale: int = 0

    def take(self, details: ScheduleDetails, known: Schedule | None) -> None:
        """Sort one schedule: new, changed, as it was, older than what is known, or wrong."""
        wrong = wrong_field(details, departments=self.departments, doctors=self.doctors)
        if wrong:
            self.refused.append(Refused(details.code, wrong))
        elif known is None:
            self._add(details)
        elif known.heard_at and self.heard_at and self.heard_at < known.heard_at:
            self.stale += 1
        else:
            self._change(details, known)

    def _add(self, details: ScheduleDetails) -> None:
        row = Schedule(
            institution_id=self.institution_pk,
            code=details.code,
            heard_at=self.heard_at,
            **self._columns(details),
        )
        self.new.append((row, details.bands))
        if not details.is_open:
            self.new_stopped.append((row, details))

    def _columns(self, details: ScheduleDetails) -> dict[str, Any]:
        releases_at, closes_at = window_of(
            day=details.date,
            begins_at=min(band.starts_at for band in details.bands),
            terms=self.terms,
        )
        return {
            "department_id": self.departments[details.department].pk,
            "doctor_id": self.doctors[details.doctor].pk if details.doctor else None,
            "date": details.date,
            "session": details.session,
            "kind": details.kind,
            "fee_fen": details.fee_fen,
            "releases_at": releases_at,
            "closes_at": closes_at,
        }

    def _change(self, details: ScheduleDetails, row: Schedule) -> None:
        before = boards.touched(row)
        columns = self._columns(details)
        # Places that are out stay out: another rule counts for those that are still to come.
        if row.releases_at <= clock.now() and row.date == details.date:
            columns["releases_at"] = min(row.releases_at, columns["releases_at"])
        differs = [name for name, value in columns.items() if getattr(row, name) != value]
        for name in differs:
            setattr(row, name, columns[name])
        if differs:
            row.save(update_fields=[*differs, "updated_at"])
        fitted = fit_bands(schedule=row, bands=details.bands, actor=self.actor)
        moved = self._open_or_stop(details, row)
        self.heard.append(row.pk)
        if not (differs or fitted or moved):
            self.unchanged += 1
            return
        self.touched |= {before, boards.touched(row)}
        if differs or fitted:
            self.changed += 1
            self._note(row, "changed")

    def _open_or_stop(self, details: ScheduleDetails, row: Schedule) -> bool:
        if not details.is_open and row.state == ScheduleState.OPEN:
            self._stop(row, details)
            return True
        # Staff here may know what the hospital's system does not.
        by_staff = row.stopped_by == ActorKind.STAFF.value and self.actor.kind is not ActorKind.STAFF
        if details.is_open and row.state == ScheduleState.STOPPED and not by_staff:
            open_again(schedule=row, reason=self.reason, actor=self.actor)
            return True
        return False

    def _stop(self, row: Schedule, details: ScheduleDetails) -> None:
        substitute = Schedule.objects.filter(
            institution=self.institution_pk, code=details.substitute, state=ScheduleState.OPEN
        ).exclude(pk=row.pk)
        stop_rows(
            rows=[row],
            reason=details.stop_reason,
            code=HOSPITAL,
            substitute=substitute.first() if details.substitute else None,
            actor=self.actor,
        )
        self.stopped += 1

    def write_new(self) -> None:
        """Write the schedules that nobody had heard of, all at once."""
        Schedule.objects.bulk_create([row for row, _bands in self.new])
        Slot.objects.bulk_create(slot for row, bands in self.new for slot in new_slots(row, bands))
        for row, _bands in self.new:
            self._note(row, "created")
        for row, details in self.new_stopped:
            self._stop(row, details)
        departments = {each.pk: each.public_id for each in self.departments.values()}
        doctors = {each.pk: each.public_id for each in self.doctors.values()}
        self.touched |= {
            boards.Touched(departments[row.department_id], doctors.get(row.doctor_id or 0, ""), row.date)
            for row, _bands in self.new
        }

    def stop_unnamed(self, days: Days, named: Sequence[str]) -> None:
        """Stop what a complete list does not name any more."""
        rows = Schedule.objects.select_related("institution", "department", "doctor").filter(
            institution=self.institution_pk,
            date__range=(days.first, days.last),
            state=ScheduleState.OPEN,
            heard_at__lte=self.heard_at or clock.now(),
        )
        gone = list(rows.exclude(code__in=named))
        if gone and not named:
            raise errors.ScheduleListEmpty
        if not gone:
            return
        stop_rows(rows=gone, reason="", code=WITHDRAWN, substitute=None, actor=self.actor)
        self.touched |= {boards.touched(row) for row in gone}
        self.stopped += len(gone)

    def note_heard(self) -> None:
        """Write down how fresh the known ones are, whether they changed or not."""
        if self.heard_at is not None and self.heard:
            Schedule.objects.filter(pk__in=self.heard).update(heard_at=self.heard_at)

    def record(self) -> None:
        """Write the audit entries of what is new or changed."""
        if self.entries:
            audit.record_many(self.entries)

    def _note(self, row: Schedule, outcome: str) -> None:
        self.entries.append(
            audit.Entry(
                Action.SCHEDULE_SAVED,
                self.actor,
                audit.subject_of(row),
                institution=self.institution,
                reason=self.reason,
                details={"outcome": outcome},
            )
        )

    def outcome(self) -> Applied:
        """What became of it all."""
        return Applied(
            created=len(self.new),
            changed=self.changed,
            unchanged=self.unchanged,
            stopped=self.stopped,
            stale=self.stale,
            refused=tuple(self.refused),
        )
