"""Examinations: what a hospital offers and orders, and booking a set of them together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction

from appointments import errors
from appointments.events import ExamCancelled, ExamDue, ExamFixed, ExamOrdered
from appointments.models import ExamItem, ExamOrder, ExamRule
from appointments.rules.exams import ExamOrderState, ExamRuleKind, Placed, broken_rules, fits, overlap
from appointments.selectors import exams as reading
from appointments.selectors import offers
from appointments.services.bookings import take_place
from appointments.services.leaving import LEAVABLE, cancel_booking
from appointments.types import BookedBy, Patient
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, locks
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.events import services as events
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.selectors import clinics
from institutions.services import require, require_of_staff
from mpi import selectors as mpi


@dataclass(frozen=True, slots=True)
class ExamItemDetails:
    """An examination, as ``models.ExamItem``; the department by the hospital's own code."""

    code: str
    name: str
    department: str
    tags: tuple[str, ...] = ()
    latest: time | None = None
    priority: int = 100
    preparation: str = ""
    is_open: bool = True


@transaction.atomic
def save_item(*, institution: str, details: ExamItemDetails, actor: Actor, reason: str = "") -> None:
    """Add an examination, or change the one with this code.

    Raises:
        NotFound: The institution has no such department.
    """
    require(actor, Duty.MANAGE_SCHEDULES)
    department = clinics.departments_by_code(institution).get(details.department)
    place = institutions.visible(actor).filter(public_id=institution).values_list("pk", flat=True).first()
    if department is None or place is None:
        raise NotFound(field="department")
    row, _created = ExamItem.objects.update_or_create(
        institution_id=place,
        code=details.code,
        defaults={
            "name": details.name,
            "department_id": department.pk,
            "tags": sorted(set(details.tags)),
            "latest": details.latest,
            "priority": details.priority,
            "preparation": details.preparation,
            "is_open": details.is_open,
        },
    )
    audit.record(Action.EXAM_ITEM_SAVED, actor=actor, subject=row, institution=institution, reason=reason)


@transaction.atomic
def save_rule(
    *,
    institution: str,
    kind: ExamRuleKind,
    first: str,
    second: str,
    gap_minutes: int,
    words: str,
    is_open: bool = True,
    actor: Actor,
    reason: str = "",
) -> None:
    """Add a rule between two tags, or change it.

    Args:
        words: Why, as patients read it.

    Raises:
        ExamRuleMeaningless: It puts a tag before itself.
    """
    require(actor, Duty.MANAGE_SCHEDULES)
    if first == second and kind is not ExamRuleKind.APART:
        raise errors.ExamRuleMeaningless(field="second")
    place = institutions.visible(actor).filter(public_id=institution).values_list("pk", flat=True).first()
    if place is None:
        raise NotFound(field="institution")
    row, _created = ExamRule.objects.update_or_create(
        institution_id=place,
        kind=kind,
        first=first,
        second=second,
        defaults={"gap_minutes": gap_minutes, "reason": words, "is_open": is_open},
    )
    audit.record(Action.EXAM_RULE_SAVED, actor=actor, subject=row, institution=institution, reason=reason)


@transaction.atomic
def order_exam(
    *,
    institution_pk: int,
    person_pk: int,
    number: str,
    item: str,
    ordered_at: datetime,
    valid_until: datetime | None = None,
    actor: Actor,
) -> str:
    """Take over what a doctor ordered; the same order again changes only until when it holds.

    Args:
        item: The hospital's code of the examination.

    Returns:
        Public id of the order.

    Raises:
        ExamItemUnknown: The hospital has told of no such examination.
        ExamOrderTaken: The number is of another person or examination.
    """
    found = ExamItem.objects.filter(institution=institution_pk, code=item).first()
    if found is None:
        raise errors.ExamItemUnknown
    row, created = ExamOrder.objects.get_or_create(
        institution_id=institution_pk,
        number=number,
        defaults={
            "person_id": person_pk,
            "item": found,
            "ordered_at": ordered_at,
            "valid_until": valid_until,
        },
    )
    if not created:
        if row.item_id != found.pk or row.person_id not in mpi.cluster(person_pk):
            raise errors.ExamOrderTaken
        ExamOrder.objects.filter(pk=row.pk).update(state=ExamOrderState.ORDERED, valid_until=valid_until)
        return row.public_id
    audit.record(Action.EXAM_ORDERED, actor=actor, subject=row, institution=row.institution.public_id)
    events.publish(ExamOrdered(**_whose(row)))
    return row.public_id


@transaction.atomic
def fix_exam(*, order: str, starts_at: datetime, ends_at: datetime, place: str, actor: Actor) -> None:
    """Note the time and place that the hospital itself has settled; a place taken here is given up.

    Raises:
        ExamOrderNotFound: There is no such order.
    """
    row = _order(order)
    _give_up(row, actor)
    ExamOrder.objects.filter(pk=row.pk).update(
        booking=None, fixed_at=starts_at, fixed_until=ends_at, fixed_place=place
    )
    audit.record(Action.EXAM_FIXED, actor=actor, subject=row, institution=row.institution.public_id)
    events.publish(ExamFixed(**_whose(row), starts_at=starts_at.isoformat()))


@transaction.atomic
def remind_of_exam(*, order: str, starts_at: datetime, actor: Actor) -> bool:
    """Pass on that the hospital has an examination remembered.

    Returns:
        Whether it is still to be done; of one that was taken back nobody is told.

    Raises:
        ExamOrderNotFound: There is no such order.
    """
    row = _order(order)
    if row.state != ExamOrderState.ORDERED:
        return False
    audit.record(Action.EXAM_REMINDED, actor=actor, subject=row, institution=row.institution.public_id)
    events.publish(ExamDue(**_whose(row), starts_at=starts_at.isoformat()))
    return True


@transaction.atomic
def cancel_order(*, order: str, actor: Actor) -> None:
    """Take an order back, with the place that was taken for it.

    Raises:
        ExamOrderNotFound: There is no such order.
    """
    row = _order(order)
    changed = ExamOrder.objects.filter(pk=row.pk, state=ExamOrderState.ORDERED).update(
        state=ExamOrderState.CANCELLED
    )
    if not changed:
        return
    has_told = _give_up(row, actor)
    audit.record(Action.EXAM_CANCELLED, actor=actor, subject=row, institution=row.institution.public_id)
    if not has_told:
        events.publish(ExamCancelled(**_whose(row)))


@transaction.atomic
def book_exams(*, slots: Mapping[str, str], patient: Patient, by: BookedBy, actor: Actor) -> list[str]:
    """Book a set of examinations of one hospital, all or none.

    Orders that share a band get one place and one number together.

    Args:
        slots: By the public id of each order, the public id of the band.
        by: Through what; limits of clinics do not hold for what a doctor ordered.

    Returns:
        The public ids of the bookings.

    Raises:
        ExamOrderOver: An order does not wait any more.
        ExamNotHere: A band is not one of the examination, or cannot be booked now.
        ExamPlanBroken: The times break a rule, with each other or with what is settled already.
        SlotFull, SlotStopped, AlreadyBooked: Somebody was faster.
    """
    require_of_staff(actor, Duty.BOOK_FOR_RESIDENTS)
    # Two sets of one person at once would each be right, and wrong together.
    locks.hold("exams", min(patient.anchors))
    rows = list(
        ExamOrder.objects.select_for_update(of=("self",))
        .select_related("institution", "item", "booking__slot")
        .filter(public_id__in=list(slots), person__in=patient.anchors)
        .order_by("pk")
    )
    if (
        not rows
        or len(rows) != len(slots)
        or len({row.institution_id for row in rows}) != 1
        or any(reading.state_of(row) != "open" for row in rows)
    ):
        raise errors.ExamOrderOver
    _require_plan(rows, slots, patient)
    made: dict[str, str] = {}
    # Everybody goes through the bands in the same order, so that nobody waits for each other.
    for slot in sorted(set(slots.values())):
        offer = offers.offer_of(slot)
        ref = take_place(
            offer=offer,
            patient=patient,
            by=BookedBy(channel=by.channel, device=by.device),
            is_booked=True,
            actor=actor.acting_for(patient.person_id),
        )
        here = [row.pk for row in rows if slots[row.public_id] == slot]
        ExamOrder.objects.filter(pk__in=here).update(booking_id=ref.booking_pk)
        made[slot] = ref.booking_id
    return list(made.values())


def _require_plan(rows: list[ExamOrder], slots: Mapping[str, str], patient: Patient) -> None:
    """Refuse places that are none of these examinations, and times that break a rule."""
    rules = reading.rules_of(rows[0].institution_id)
    today = clock.beijing(clock.now()).date()
    placed: list[Placed] = []
    for stop, orders in reading.group(rows, rules).values():
        chosen = {slots[row.public_id] for row in orders}
        offered = {
            slot.public_id: reading.window_of(slot)
            for slot in reading.free_slots(
                department_pk=orders[0].item.department_id, anchors=patient.anchors, first_day=today
            )
        }
        window = offered.get(next(iter(chosen))) if len(chosen) == 1 else None
        if window is None or not fits(stop, window):
            raise errors.ExamNotHere
        placed.append(Placed(stop.tags, window.starts_at, window.ends_at))
    everything = [*placed, *reading.settled(patient.anchors, rows[0].institution_id)]
    broken = broken_rules(everything, rules)
    if broken:
        raise errors.ExamPlanBroken(reason=broken[0].reason)
    if overlap(everything):
        raise errors.ExamNotHere


def _whose(row: ExamOrder) -> dict[str, str]:
    return {
        "order_id": row.public_id,
        "person_id": row.person.public_id,
        "institution": row.institution.public_id,
    }


def _order(order: str) -> ExamOrder:
    rows = ExamOrder.objects.select_for_update(of=("self",)).select_related(
        "institution", "person", "booking"
    )
    row = rows.filter(public_id=order).first()
    if row is None:
        raise errors.ExamOrderNotFound
    return row


def _give_up(row: ExamOrder, actor: Actor) -> bool:
    """Cancel the booking of an order, unless others share it or its patient is there; whether it was."""
    booking = row.booking
    if booking is None or booking.state not in LEAVABLE:
        return False
    others = ExamOrder.objects.filter(booking=booking, state=ExamOrderState.ORDERED).exclude(pk=row.pk)
    if others.exists():
        return False
    cancel_booking(booking=booking.public_id, actor=actor)
    return True
