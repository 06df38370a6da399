"""What hospitals' systems tell of their sessions."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from appointments.errors import ScheduleNotFound, ScheduleOver, ScheduleRefused
from appointments.rules import ClinicKind, Session
from appointments.rules.saying import LONGEST, MOST_FEN, MOST_PLACES, details_of
from appointments.selectors.schedules import public_id_of_code, public_id_of_slot
from appointments.services.schedules import apply_schedules
from appointments.services.suspension import stop_schedule, stop_slot
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import StalePage
from foundation.events.inbound import InboundEvent, InboundType, Patient

ACTOR = Actor.system("events")

_CODE = {"type": "string", "minLength": 1, "maxLength": LONGEST["code"]}
_MOMENT = {"type": "string", "format": "date-time"}
_REASON = {"type": "string", "maxLength": LONGEST["stop_reason"]}
_BAND: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "starts_at": _MOMENT,
        "ends_at": _MOMENT,
        "capacity": {"type": "integer", "minimum": 0, "maximum": MOST_PLACES},
    },
    "required": ["starts_at", "ends_at", "capacity"],
    "additionalProperties": False,
}


def on_changed(event: InboundEvent) -> None:
    """Take over one session as the hospital says it is.

    Raises:
        ScheduleRefused: It does not fit; it is tried again, as its department may be on its way.
    """
    outcome = apply_schedules(
        institution=event.institution,
        said=[details_of(event.data)],
        heard_at=min(event.occurred_at, clock.now()),
        actor=ACTOR,
    )
    if outcome.refused:
        raise ScheduleRefused(field=outcome.refused[0].field)


def on_stopped(event: InboundEvent) -> None:
    """Stop one session, or a band of it.

    Raises:
        ScheduleNotFound: Nobody has heard of it yet; it is tried again.
    """
    told = event.data
    schedule = public_id_of_code(institution_pk=event.institution_pk, code=told["schedule_code"])
    substitute = public_id_of_code(institution_pk=event.institution_pk, code=told.get("substitute", ""))
    if not schedule:
        raise ScheduleNotFound
    reason = told.get("reason", "")
    heard_at = min(event.occurred_at, clock.now())
    # A session that is stopped already, or is over, has nobody left to be told.
    with suppress(StalePage, ScheduleOver):
        if "starts_at" in told:
            slot = public_id_of_slot(schedule=schedule, starts_at=told["starts_at"])
            stop_slot(slot=slot, reason=reason, substitute=substitute, actor=ACTOR, heard_at=heard_at)
        else:
            stop_schedule(
                schedule=schedule, reason=reason, substitute=substitute, actor=ACTOR, heard_at=heard_at
            )


SCHEDULE_CHANGED = InboundType(
    name="schedule.changed",
    meaning="A session is new, or stands differently: bands, numbers, fee, doctor, held or not.",
    aggregate="schedule:<code>",
    fields={
        "code": _CODE,
        "department": {"type": "string", "minLength": 1, "maxLength": 32},
        "doctor": {"type": "string", "maxLength": 32},
        "date": {"type": "string", "format": "date"},
        "session": {"type": "string", "enum": Session.values},
        "kind": {"type": "string", "enum": ClinicKind.values},
        "fee_fen": {"type": "integer", "minimum": 0, "maximum": MOST_FEN},
        "bands": {"type": "array", "items": _BAND, "minItems": 1, "maxItems": 100},
        "is_open": {"type": "boolean"},
        "stop_reason": _REASON,
        "substitute": {"type": "string", "maxLength": LONGEST["code"]},
    },
    required=("code", "department", "date", "session", "bands"),
    example={
        "code": "20261123-0101-1001-am",
        "department": "0101",
        "doctor": "1001",
        "date": "2026-11-23",
        "session": "am",
        "kind": "expert",
        "fee_fen": 5_000,
        "bands": [
            {
                "starts_at": "2026-11-23T08:00:00+08:00",
                "ends_at": "2026-11-23T09:00:00+08:00",
                "capacity": 10,
            }
        ],
    },
    handler=on_changed,
    patient=Patient.NONE,
    is_whole=True,
)

SCHEDULE_STOPPED = InboundType(
    name="schedule.stopped",
    meaning="A session, or the band that begins at starts_at, is not held: every booking of it ends.",
    aggregate="schedule:<code>",
    fields={
        "schedule_code": _CODE,
        "starts_at": _MOMENT,
        "reason": _REASON,
        "substitute": {"type": "string", "maxLength": LONGEST["code"]},
    },
    required=("schedule_code",),
    example={
        "schedule_code": "20261123-0101-1001-am",
        "reason": "医生临时外出",
        "substitute": "20261124-0101-1001-am",
    },
    handler=on_stopped,
    patient=Patient.NONE,
    is_whole=True,
)
