"""The places of a schedule's bands, as the hospital gives them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import Q

from appointments.ending import end_bookings
from appointments.models import Booking, ReturnedPlace, Schedule, Slot
from appointments.rules import LIVE_STATES, ScheduleState
from appointments.rules.places import KEPT_STATES, free_numbers
from appointments.types import Band
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind


def new_slots(schedule: Schedule, bands: Iterable[Band]) -> list[Slot]:
    """The bands of a schedule as rows that are not written yet, every number free."""
    return [
        Slot(
            schedule=schedule,
            starts_at=band.starts_at,
            ends_at=band.ends_at,
            capacity=band.capacity,
            free=free_numbers(band.capacity, taken=()),
        )
        for band in bands
    ]


def fit_bands(*, schedule: Schedule, bands: Sequence[Band], actor: Actor) -> bool:
    """Give a schedule these bands, and no others; whether anything was to be done.

    Args:
        schedule: With its slots, as they were read; those that differ are read again, locked.
    """
    said = {band.starts_at: band for band in bands}
    held = {slot.starts_at: slot for slot in schedule.slots.all()}
    by_staff = actor.kind is ActorKind.STAFF
    fresh = [band for begins, band in said.items() if begins not in held]
    gone = [slot.pk for begins, slot in held.items() if begins not in said and slot.stopped_at is None]
    other = [
        held[begins].pk
        for begins, band in said.items()
        if begins in held and _differs(held[begins], band, by_staff)
    ]
    if not (fresh or gone or other):
        return False
    Slot.objects.bulk_create(new_slots(schedule, fresh))
    locked = {slot.pk: slot for slot in lock_slots(Q(pk__in=[*other, *gone]))}
    for pk in other:
        slot = locked[pk]
        band = said[slot.starts_at]
        slot.ends_at, slot.capacity = band.ends_at, band.capacity
        reopen([slot], by_staff=by_staff)
    refill([locked[pk] for pk in other], is_open=schedule.state == ScheduleState.OPEN)
    _take_away(schedule, [locked[pk] for pk in gone], actor)
    return True


def _differs(slot: Slot, band: Band, by_staff: bool) -> bool:
    # A band that was taken away and is named again is opened again.
    opens = slot.stopped_at is not None and _may_reopen(slot, by_staff)
    return opens or (slot.ends_at, slot.capacity) != (band.ends_at, band.capacity)


def _may_reopen(slot: Slot, by_staff: bool) -> bool:
    return by_staff or slot.stopped_by != ActorKind.STAFF.value


def reopen(slots: Iterable[Slot], *, by_staff: bool) -> None:
    """Take the suspension off bands, without writing; what staff stopped only staff open again."""
    for slot in slots:
        if _may_reopen(slot, by_staff):
            slot.stopped_at, slot.stopped_by = None, ""
            slot.stop_reason, slot.substitute = "", None


def lock_slots(which: Q) -> list[Slot]:
    """These bands, so that nobody takes a number of theirs before this transaction ends."""
    # Not against foreign keys: who changes a booking holds one band and names another.
    return list(Slot.objects.select_for_update(no_key=True).filter(which).order_by("pk"))


def refill(slots: Sequence[Slot], *, is_open: bool) -> None:
    """Write locked bands with the numbers that are free by their capacity and bookings."""
    pks = [slot.pk for slot in slots]
    taken: dict[int, set[int]] = defaultdict(set)
    for pk, number in Booking.objects.filter(slot__in=pks, state__in=KEPT_STATES).values_list(
        "slot", "number"
    ):
        taken[pk].add(number)
    returning: dict[int, set[int]] = defaultdict(set)
    for pk, number in ReturnedPlace.objects.filter(slot__in=pks).values_list("slot", "number"):
        returning[pk].add(number)
    for slot in slots:
        # A place on its way back has none to come back to where fewer are left than are out.
        surplus = len(taken[slot.pk]) + len(returning[slot.pk]) - slot.capacity
        dropped = {number for number in returning[slot.pk] if number > slot.capacity}
        kept = sorted(returning[slot.pk] - dropped)
        dropped |= set(kept[len(kept) - max(0, surplus - len(dropped)) :])
        if dropped:
            ReturnedPlace.objects.filter(slot=slot, number__in=dropped).delete()
        may_open = is_open and slot.stopped_at is None
        slot.free = (
            free_numbers(slot.capacity, taken=taken[slot.pk], returning=returning[slot.pk] - dropped)
            if may_open
            else []
        )
    Slot.objects.bulk_update(
        slots, ["ends_at", "capacity", "free", "stopped_at", "stopped_by", "stop_reason", "substitute"]
    )


def empty(slots: Sequence[Slot]) -> None:
    """Leave no number of locked bands to anybody, also not those on their way back."""
    pks = [slot.pk for slot in slots]
    ReturnedPlace.objects.filter(slot__in=pks).delete()
    Slot.objects.filter(pk__in=pks).update(free=[])


def _take_away(schedule: Schedule, slots: Sequence[Slot], actor: Actor) -> None:
    """Delete bands that nobody ever booked; stop the others with whoever is booked in them."""
    if not slots:
        return
    empty(slots)
    pks = [slot.pk for slot in slots]
    booked = set(Booking.objects.filter(slot__in=pks).values_list("slot", flat=True))
    Slot.objects.filter(pk__in=booked).update(stopped_at=clock.now(), stopped_by=actor.kind.value)
    Slot.objects.filter(pk__in=set(pks) - booked).delete()
    if Booking.objects.filter(slot__in=booked, state__in=LIVE_STATES).exists():
        end_bookings(which=Q(slot__in=booked), substitute=schedule.substitute, actor=actor)
