"""What hospitals' systems tell of the bookings that they make at their own windows."""

from dataclasses import replace
from datetime import datetime

from appointments.selectors.reach import patient_of
from appointments.services.hospital import book_by_hospital
from appointments.services.hospital_changes import (
    cancel_by_hospital,
    miss_by_hospital,
    move_by_hospital,
    slot_named,
)
from foundation.core.actor import Actor
from foundation.events.inbound import InboundEvent, InboundType

ACTOR = Actor.system("events")

_NUMBER = {"type": "string", "minLength": 1, "maxLength": 64}
_PLACE = {
    "booking_no": _NUMBER,
    "schedule_code": {"type": "string", "minLength": 1, "maxLength": 64},
    "starts_at": {"type": "string", "format": "date-time"},
    "number": {"type": "integer", "minimum": 1, "maximum": 9_999},
}


def on_booked(event: InboundEvent) -> None:
    """Take the place that the hospital has given away, so that nobody else gets it here.

    Raises:
        SlotUnknown: Nobody has heard of the session yet; it is tried again.
    """
    if event.patient is None:
        raise LookupError("patient")
    book_by_hospital(
        slot=_slot(event),
        patient=patient_of(event.patient.person_pk, event.patient.person_id),
        hospital_ref=event.data["booking_no"],
        number=event.data.get("number"),
        actor=_actor(event),
    )


def on_rescheduled(event: InboundEvent) -> None:
    """Let a booking take another place.

    Raises:
        BookingNotFound, SlotUnknown: Nobody has heard of it yet; it is tried again.
    """
    move_by_hospital(
        institution_pk=event.institution_pk,
        hospital_ref=event.data["booking_no"],
        slot=_slot(event),
        actor=_actor(event),
    )


def on_cancelled(event: InboundEvent) -> None:
    """Give a place up.

    Raises:
        BookingNotFound: Nobody has heard of the booking yet; it is tried again.
    """
    cancel_by_hospital(
        institution_pk=event.institution_pk,
        hospital_ref=event.data["booking_no"],
        reason=event.data.get("reason", ""),
        actor=_actor(event),
    )


def on_missed(event: InboundEvent) -> None:
    """Note that the patient did not come.

    Raises:
        BookingNotFound: Nobody has heard of the booking yet; it is tried again.
    """
    miss_by_hospital(
        institution_pk=event.institution_pk,
        hospital_ref=event.data["booking_no"],
        actor=_actor(event),
    )


def _slot(event: InboundEvent) -> str:
    return slot_named(
        institution_pk=event.institution_pk,
        schedule_code=event.data["schedule_code"],
        starts_at=datetime.fromisoformat(event.data["starts_at"]),
    )


def _actor(event: InboundEvent) -> Actor:
    return replace(ACTOR, institution=event.institution)


_EXAMPLE = {
    "booking_no": "YY20261121-0007",
    "schedule_code": "20261123-0101-1001-am",
    "starts_at": "2026-11-23T08:00:00+08:00",
    "number": 3,
}

BOOKED = InboundType(
    name="appointment.booked",
    meaning="The hospital gave a place away itself; a number that it names is taken from what is free.",
    aggregate="booking:<booking_no>",
    fields=_PLACE,
    required=("booking_no", "schedule_code", "starts_at"),
    example=_EXAMPLE,
    handler=on_booked,
)
RESCHEDULED = InboundType(
    name="appointment.rescheduled",
    meaning="A booking that the hospital has told of takes another place.",
    aggregate="booking:<booking_no>",
    fields={name: _PLACE[name] for name in ("booking_no", "schedule_code", "starts_at")},
    required=("booking_no", "schedule_code", "starts_at"),
    example={name: value for name, value in _EXAMPLE.items() if name != "number"},
    handler=on_rescheduled,
)
CANCELLED = InboundType(
    name="appointment.cancelled",
    meaning="A booking that the hospital has told of is over before its visit.",
    aggregate="booking:<booking_no>",
    fields={"booking_no": _NUMBER, "reason": {"type": "string", "maxLength": 200}},
    required=("booking_no",),
    example={"booking_no": "YY20261121-0007", "reason": "患者来电取消"},
    handler=on_cancelled,
)
MISSED = InboundType(
    name="appointment.missed",
    meaning="The patient of a booking that the hospital has told of did not come, by its own check-in.",
    aggregate="booking:<booking_no>",
    fields={"booking_no": _NUMBER},
    required=("booking_no",),
    example={"booking_no": "YY20261121-0007"},
    handler=on_missed,
)
