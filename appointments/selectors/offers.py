"""Bands of time as they are sold, from the process's memory.

Whoever sells a place thousands of times a second does not read each time what the hospital settled
weeks ago. What may change at any moment (free places, the state, the fee) is asked again by the
statement that takes the place, so that a memory of some seconds can refuse and never oversell.
"""

import time
from collections.abc import Mapping
from typing import Any

from django.db import connection

from appointments.errors import SlotClosed, SlotFull, SlotNotReleased, SlotUnknown
from appointments.models import BookingRule, Slot
from appointments.rules import ClinicKind
from appointments.types import Offer, Terms
from foundation.core import clock
from institutions.rules import InstitutionState

# What stands here is settled once places are out; before that staff may still move the moment.
_RELEASED_SECONDS = 30.0
_UNRELEASED_SECONDS = 2.0
_SOLD_OUT_SECONDS = 1.0
_LIMIT = 20_000

# A band that was stopped meanwhile is not answered for here: whoever tries is told why.
_STILL_SOLD_OUT = """
    SELECT 1 FROM appointments_slot AS slot
    JOIN appointments_schedule AS schedule ON schedule.id = slot.schedule_id
    WHERE slot.public_id = %s AND cardinality(slot.free) = 0
      AND slot.stopped_at IS NULL AND schedule.state = 'open'
"""

_offers: dict[str, tuple[float, Offer]] = {}
_sold_out: dict[str, float] = {}

_TERMS = tuple(Terms.__dataclass_fields__)
_SLOT = (
    "pk",
    "starts_at",
    "schedule_id",
    "schedule__public_id",
    "schedule__department_id",
    "schedule__institution_id",
    "schedule__institution__public_id",
    "schedule__fee_fen",
    "schedule__releases_at",
    "schedule__closes_at",
    "schedule__kind",
)


def offer_of(slot: str) -> Offer:
    """The band with this public id.

    Raises:
        SlotUnknown: There is none, or its institution does not take part at present.
    """
    known = _offers.get(slot)
    if known is not None and known[0] > time.monotonic():
        return known[1]
    offer = _read(slot)
    if len(_offers) >= _LIMIT:
        _offers.clear()
    is_released = offer.releases_at <= clock.now()
    _offers[slot] = (time.monotonic() + (_RELEASED_SECONDS if is_released else _UNRELEASED_SECONDS), offer)
    return offer


def terms_of(institution_pk: int) -> Terms:
    """An institution's rules of booking."""
    rule = BookingRule.objects.filter(institution=institution_pk).first() or BookingRule()
    return Terms(**{name: getattr(rule, name) for name in _TERMS})


def require_on_sale(offer: Offer) -> None:
    """Refuse what residents cannot book now, by the clock and from memory.

    Raises:
        SlotUnknown: It is of examinations, which are booked by their orders.
        SlotNotReleased, SlotClosed: By the clock.
        SlotFull: As ``require_not_sold_out``.
    """
    if offer.is_exam:
        raise SlotUnknown
    moment = clock.now()
    if moment < offer.releases_at:
        shown = f"{clock.beijing(offer.releases_at):%m-%d %H:%M:%S}"
        raise SlotNotReleased(releases_at=shown)
    if moment >= offer.closes_at:
        raise SlotClosed
    require_not_sold_out(offer.slot_id)


def require_not_sold_out(slot: str) -> None:
    """Refuse a band that was found sold out: within the last second by memory, later after a look.

    The look costs a small part of what it costs to try and be refused, and those who come to a band
    that is sold out are most of a rush.

    Raises:
        SlotFull: It was, and still is.
    """
    until = _sold_out.get(slot)
    if until is None:
        return
    if until <= time.monotonic():
        with connection.cursor() as cursor:
            cursor.execute(_STILL_SOLD_OUT, [slot])
            if cursor.fetchone() is None:
                forget(slot)
                return
        note_sold_out(slot)
    raise SlotFull


def note_sold_out(slot: str) -> None:
    """Remember for a second that a band has no free place."""
    if len(_sold_out) >= _LIMIT:
        _sold_out.clear()
    _sold_out[slot] = time.monotonic() + _SOLD_OUT_SECONDS


def forget(slot: str) -> None:
    """Read a band anew: it was changed, or has places again."""
    _offers.pop(slot, None)
    _sold_out.pop(slot, None)


def forget_all() -> None:
    """Read every band anew."""
    _offers.clear()
    _sold_out.clear()


def _read(slot: str) -> Offer:
    rows = Slot.objects.filter(public_id=slot, schedule__institution__state=InstitutionState.APPROVED)
    found: Mapping[str, Any] | None = rows.values(*_SLOT).first()
    if found is None:
        raise SlotUnknown
    return Offer(
        slot_pk=found["pk"],
        slot_id=slot,
        schedule_pk=found["schedule_id"],
        schedule_id=found["schedule__public_id"],
        department_pk=found["schedule__department_id"],
        institution_pk=found["schedule__institution_id"],
        institution=found["schedule__institution__public_id"],
        fee_fen=found["schedule__fee_fen"],
        starts_at=found["starts_at"],
        releases_at=found["schedule__releases_at"],
        closes_at=found["schedule__closes_at"],
        terms=terms_of(found["schedule__institution_id"]),
        is_exam=found["schedule__kind"] == ClinicKind.EXAM,
    )
