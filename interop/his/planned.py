"""Schedules as a hospital plans them, taken over by the room that keeps them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import structlog

from appointments.errors import ScheduleListEmpty
from appointments.inbound import SCHEDULE_CHANGED
from appointments.rules.saying import details_of
from appointments.services.schedules import apply_schedules
from appointments.types import Days
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events import schemas
from interop.his.client import HospitalFailure

log = structlog.get_logger(__name__)
ACTOR = Actor.system("hospital")


def apply(institution: str, said: Mapping[str, Any], *, first: date, last: date) -> datetime:
    """Take over the sessions from one day to another; those that are not named any more are stopped.

    Where one of them cannot be read, nothing is stopped: it may be the one that seems to be missing.

    Returns:
        As of when the hospital said so.

    Raises:
        HospitalFailure: Something in the list is not as it should be; the rest was taken over.
    """
    as_of = _moment(said["as_of"])
    rows = said["schedules"]
    fitting = [
        row for row in rows if _SHAPE.is_valid(row) and first <= date.fromisoformat(row["date"]) <= last
    ]
    is_complete = len(fitting) == len(rows)
    try:
        outcome = apply_schedules(
            institution=institution,
            said=[details_of(row) for row in fitting],
            complete_for=Days(first, last) if is_complete else None,
            heard_at=as_of,
            actor=ACTOR,
        )
    except ScheduleListEmpty as exc:
        raise HospitalFailure("schedules_empty") from exc
    if outcome.refused:
        log.warning("schedules_refused", institution=institution, count=len(outcome.refused))
        raise HospitalFailure(f"schedule_refused_{outcome.refused[0].field}")
    if not is_complete:
        raise HospitalFailure("schedule_not_understood")
    return as_of


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise HospitalFailure("not_understood") from exc
    if moment.tzinfo is None:
        raise HospitalFailure("not_understood")
    return min(moment, clock.now())


_SHAPE = schemas.validator_of(
    {
        "type": "object",
        "properties": dict(SCHEDULE_CHANGED.fields),
        "required": list(SCHEDULE_CHANGED.required),
        "additionalProperties": False,
    }
)
