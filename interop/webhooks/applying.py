"""An event of an institution takes its effect: who tells it, whom it is about, is it its turn."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cards import selectors as cards
from foundation.core import clock
from foundation.events import inbound, sequence
from foundation.events.inbound import InboundEvent, PatientRef
from foundation.events.sequence import Wait
from foundation.events.services import Message
from foundation.events.types import WaitReason
from institutions import selectors as institutions
from mpi import selectors as mpi

_ENVELOPE = frozenset({"event_id", "occurred_at", "seq", "aggregate", "patient"})
# A person whom nobody knows is looked for again at once when the institution links a number of its
# own to somebody, and otherwise ever more seldom.
LOOK_AGAIN = (60, 300, 1_800, 7_200, 21_600, 86_400)
PATIENCE = timedelta(days=30)


_keys: dict[str, int] = {}


class PersonStillUnknown(Exception):
    """For a month nobody came whom the event could be about; staff decide."""


def on_event(message: Message) -> None:
    """Hand one event of an institution to its room, once and in its turn."""
    kind = inbound.inbound_type(message.topic)
    if kind is None:
        raise LookupError(message.topic)
    institution = inbound.institution_of(message.source)
    institution_pk = _key_of(institution)
    data: Mapping[str, Any] = message.payload["data"]
    patient = _patient(data, institution, message)
    if not sequence.take_turn(message, is_whole=kind.is_whole, patience=kind.patience):
        return
    kind.handler(
        InboundEvent(
            id=message.id,
            type=kind.name,
            institution=institution,
            institution_pk=institution_pk,
            seq=int(data["seq"]),
            aggregate=data["aggregate"],
            occurred_at=datetime.fromisoformat(data["occurred_at"]),
            data={name: value for name, value in data.items() if name not in _ENVELOPE},
            patient=patient,
        )
    )


def _key_of(institution: str) -> int:
    """The institution's key, which never changes."""
    known = _keys.get(institution)
    if known is None:
        known = institutions.institution_pk(institution)
        if known is None:
            raise LookupError(institution)
        _keys[institution] = known
    return known


def _patient(data: Mapping[str, Any], institution: str, message: Message) -> PatientRef | None:
    named: Mapping[str, str] | None = data.get("patient")
    if named is None:
        return None
    anchor = cards.person_of_number(named["health_card_id"]) if "health_card_id" in named else None
    if anchor is None and "patient_id" in named:
        known = mpi.find_by_source(institution, named["patient_id"])
        anchor = known.person_pk if known is not None else None
    if anchor is None:
        _wait_for_person(message)
        raise PersonStillUnknown
    person = mpi.survivor(anchor)
    return PatientRef(person, mpi.public_id_of(person))


def _wait_for_person(message: Message) -> None:
    moment = clock.now()
    if message.received_at is None or moment < message.received_at + PATIENCE:
        pause = LOOK_AGAIN[min(message.waits, len(LOOK_AGAIN) - 1)]
        raise Wait(WaitReason.PERSON, until=moment + timedelta(seconds=pause))
