"""What institutions tell us: the types of events, each with its schema and its handler.

Each room declares the types that it hears in its ``inbound`` module; ``portal/wiring.py`` lists
them. A type never changes its meaning: fields are only added, and what needs another meaning is a
new type, such as ``report.published.v2``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache, cached_property
from typing import Any

from django.utils.module_loading import import_string

from foundation.events import schemas, wiring

SOURCE = "institution:"


class Patient(StrEnum):
    """Whether an event names a person."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PatientRef:
    """The person that an event is about, by both keys."""

    person_pk: int
    person_id: str


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """An event of an institution as a handler gets it.

    The handler runs inside the transaction in which the message is done, once per message and in
    the order of the aggregate. An exception means that the message is tried again.

    Attributes:
        id: Of the message; the same at every attempt.
        type: For example ``report.published``.
        institution: Public id of who tells it.
        seq: Number within the aggregate, from 1.
        occurred_at: When it happened, as the institution says.
        data: The type's own fields, as its schema lets them pass.
        patient: Whom it is about, where it names somebody.
    """

    id: str
    type: str
    institution: str
    institution_pk: int
    seq: int
    aggregate: str
    occurred_at: datetime
    data: Mapping[str, Any] = field(repr=False)
    patient: PatientRef | None = None


@dataclass(frozen=True, kw_only=True)
class InboundType:
    """A type of event that institutions send.

    Attributes:
        name: Dotted; a second meaning gets a suffix, ``report.published.v2``.
        meaning: One sentence in English for the page of events.
        aggregate: What is numbered, for example ``report:<report_no>``.
        fields: JSON Schema (2020-12) of each of its own fields in ``data``.
        required: The fields that are never missing.
        example: The fields of one event, invented.
        handler: What it does.
        is_whole: The event tells the whole state of its aggregate: it is applied as soon as it is
            newer, without waiting for those before it.
        patience: How long any other waits for one before it that is missing and asked for, until the
            order goes on without it; None for as long as the settings say.
    """

    name: str
    meaning: str
    aggregate: str
    fields: Mapping[str, Any]
    required: Sequence[str]
    example: Mapping[str, Any]
    handler: Callable[[InboundEvent], None]
    patient: Patient = Patient.REQUIRED
    is_whole: bool = False
    patience: timedelta | None = None

    @cached_property
    def validator(self) -> Any:
        """What checks an envelope against the schema."""
        return schemas.validator_of(self.schema)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the whole envelope."""
        common = dict(_COMMON)
        required = ["event_id", "occurred_at", "seq", "aggregate", *self.required]
        if self.patient is not Patient.NONE:
            common["patient"] = _PATIENT
        if self.patient is Patient.REQUIRED:
            required.append("patient")
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:ehc:event:{self.name}",
            "type": "object",
            "properties": {
                "type": {"const": self.name},
                "timestamp": {"type": "string", "format": "date-time"},
                "data": {
                    "type": "object",
                    "properties": {**common, **self.fields},
                    "required": required,
                    "additionalProperties": False,
                },
            },
            "required": ["type", "timestamp", "data"],
            "additionalProperties": False,
        }


# An identity number is no name for a thing; whoever numbers its orders so is told.
_NAME = {"type": "string", "pattern": "^(?!.*[0-9]{17}[0-9Xx])[A-Za-z0-9_.:/-]+$", "minLength": 1}
_COMMON: Mapping[str, Any] = {
    "event_id": {**_NAME, "minLength": 8, "maxLength": 64},
    "occurred_at": {"type": "string", "format": "date-time"},
    "seq": {"type": "integer", "minimum": 1, "maximum": 2**53 - 1},
    "aggregate": {**_NAME, "maxLength": 100},
}
_PATIENT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "health_card_id": {"type": "string", "pattern": "^[0-9A-Fa-f]{64}$"},
        "patient_id": {"type": "string", "minLength": 1, "maxLength": 64},
    },
    "minProperties": 1,
    "additionalProperties": False,
}


@cache
def _type_at(path: str) -> InboundType:
    found: InboundType = import_string(path)
    return found


def inbound_type(name: str) -> InboundType | None:
    """The type of events of this name; none if nobody hears it."""
    path = wiring.inbound_paths().get(name)
    return _type_at(path) if path is not None else None


def inbound_types() -> list[InboundType]:
    """Every type of event that institutions may send, by name."""
    paths = wiring.inbound_paths()
    return [_type_at(paths[name]) for name in sorted(paths)]


def source_of(institution: str) -> str:
    """The name of an institution as a source of messages."""
    return f"{SOURCE}{institution}"


def institution_of(source: str) -> str:
    """Public id of the institution that a source is; empty for others."""
    return source.removeprefix(SOURCE) if source.startswith(SOURCE) else ""
