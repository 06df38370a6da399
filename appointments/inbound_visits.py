"""What hospitals' systems tell of queues and medicines."""

from collections.abc import Mapping
from typing import Any

from appointments.rules.queueing import TicketState
from appointments.services.hospital_queues import SaidTicket, hear_ticket
from appointments.services.medicines import ReadyMedicine, note_collected, note_ready
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from foundation.events.inbound import InboundEvent, InboundType

ACTOR = Actor.system("events")

_TEXT = {"type": "string", "minLength": 1, "maxLength": 40}
_PLACE = {"type": "string", "maxLength": 60}
_MINUTES = {"type": "integer", "minimum": 0, "maximum": 1_440}
_TICKET: Mapping[str, Any] = {
    "queue_code": _TEXT,
    "department": {"type": "string", "minLength": 1, "maxLength": 32},
    "ticket_no": {"type": "string", "minLength": 1, "maxLength": 16},
}
_EXAMPLE: Mapping[str, Any] = {"queue_code": "Q0101", "department": "0101", "ticket_no": "A012"}
_STATES = {
    "waiting": TicketState.WAITING,
    "called": TicketState.CALLED,
    "passed": TicketState.PASSED,
    "served": TicketState.SERVED,
    "left": TicketState.LEFT,
}


def on_checked_in(event: InboundEvent) -> None:
    """Somebody has checked in at the hospital's own system."""
    _hear(event, TicketState.WAITING)


def on_updated(event: InboundEvent) -> None:
    """Where somebody stands now."""
    told = event.data
    _hear(
        event,
        _STATES[told["state"]],
        ahead=told.get("ahead"),
        least_minutes=told.get("minutes_least"),
        most_minutes=told.get("minutes_most"),
    )


def on_called(event: InboundEvent) -> None:
    """Somebody is called now."""
    _hear(event, TicketState.CALLED)


def on_medicine_ready(event: InboundEvent) -> None:
    """Medicines are ready at the pharmacy."""
    told = event.data
    said = ReadyMedicine(
        number=told["prescription_no"],
        window=told.get("window", ""),
        pick_code=told.get("pick_code", ""),
        items_count=told.get("items_count", 0),
        department=told.get("department", ""),
    )
    note_ready(
        institution=event.institution,
        institution_pk=event.institution_pk,
        person_pk=_person(event),
        said=said,
        actor=ACTOR,
    )


def on_medicine_collected(event: InboundEvent) -> None:
    """Medicines were handed out at the hospital's own window."""
    note_collected(institution=event.institution, number=event.data["prescription_no"], actor=ACTOR)


def _hear(event: InboundEvent, state: TicketState, **more: Any) -> None:
    told = event.data
    said = SaidTicket(
        queue=told["queue_code"],
        department=told["department"],
        code=told["ticket_no"],
        state=state,
        at=min(event.occurred_at, clock.now()),
        room=told.get("room", ""),
        **more,
    )
    hear_ticket(
        institution=event.institution,
        institution_pk=event.institution_pk,
        person_pk=_person(event),
        said=said,
        actor=ACTOR,
    )


def _person(event: InboundEvent) -> int:
    if event.patient is None:
        raise InvalidInput(field="patient")
    return event.patient.person_pk


VISIT_CHECKED_IN = InboundType(
    name="visit.checked_in",
    meaning="A patient has checked in at the hospital's own system and waits in one of its queues.",
    aggregate="ticket:<date>:<queue_code>:<ticket_no>",
    fields=_TICKET,
    required=("queue_code", "department", "ticket_no"),
    example=_EXAMPLE,
    handler=on_checked_in,
)
QUEUE_UPDATED = InboundType(
    name="queue.updated",
    meaning="Where a patient stands in a queue of the hospital's own system.",
    aggregate="ticket:<date>:<queue_code>:<ticket_no>",
    fields={
        **_TICKET,
        "state": {"enum": list(_STATES)},
        "ahead": {"type": "integer", "minimum": 0, "maximum": 9_999},
        "room": _PLACE,
        "minutes_least": _MINUTES,
        "minutes_most": _MINUTES,
    },
    required=("queue_code", "department", "ticket_no", "state"),
    example={**_EXAMPLE, "state": "waiting", "ahead": 3, "minutes_least": 10, "minutes_most": 25},
    handler=on_updated,
    is_whole=True,
)
QUEUE_CALLED = InboundType(
    name="queue.called",
    meaning="A patient is called to a room now; the same again calls once more.",
    aggregate="ticket:<date>:<queue_code>:<ticket_no>",
    fields={**_TICKET, "room": _PLACE, "expires_at": {"type": "string", "format": "date-time"}},
    required=("queue_code", "department", "ticket_no", "room"),
    example={**_EXAMPLE, "room": "3 诊室"},
    handler=on_called,
    is_whole=True,
)
MEDICINE_READY = InboundType(
    name="medicine.ready",
    meaning="Medicines of a prescription are ready to be collected; with a department one can queue there.",
    aggregate="prescription:<prescription_no>",
    fields={
        "prescription_no": {"type": "string", "minLength": 1, "maxLength": 64},
        "window": {"type": "string", "maxLength": 40},
        "pick_code": {"type": "string", "maxLength": 20},
        "items_count": {"type": "integer", "minimum": 0, "maximum": 999},
        "department": {"type": "string", "maxLength": 32},
    },
    required=("prescription_no",),
    example={"prescription_no": "R20261121001", "window": "3 号窗口", "pick_code": "A12", "items_count": 2},
    handler=on_medicine_ready,
    is_whole=True,
)
MEDICINE_COLLECTED = InboundType(
    name="medicine.collected",
    meaning="Medicines were handed out at the hospital's own window.",
    aggregate="prescription:<prescription_no>",
    fields={"prescription_no": {"type": "string", "minLength": 1, "maxLength": 64}},
    required=("prescription_no",),
    example={"prescription_no": "R20261121001"},
    handler=on_medicine_collected,
)
