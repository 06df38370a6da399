"""Taking a place: the declared exception to "one shape for every write" (ADR 0009).

A clinic sells out in milliseconds, so whoever books competes with thousands for one row. Here one
statement checks the limits, takes the number out of ``Slot.free`` and writes booking, audit entry and
event, in one round trip and one transaction; the rows are those that ``audit.record`` and
``events.publish`` write. The number is taken by a conditional UPDATE: the database lets only as many
through as there are numbers, and each of them gets another one.

A statement sees what was committed before it began. Where that is not enough to keep a limit (the
same person, account or device at several places at once), the statement before it in the same round
trip waits for a lock of whoever is limited.
"""

import hashlib
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
import psycopg
from django.db import IntegrityError, connection, transaction

from appointments.errors import AlreadyBooked, HospitalRefTaken
from appointments.rules import BookingState
from appointments.selectors.standing import OF_ACCOUNT, OF_DEVICE, STANDING, asked
from appointments.types import BookedBy, Offer, Patient
from foundation.audit.services import Entry
from foundation.core import clock
from foundation.core.errors import DomainError
from foundation.core.ids import new_public_id
from foundation.events import services as events
from foundation.events.services import Event

_WAKE_SECONDS = 0.02
_NAME = re.compile(r"%\((\w+)\)s")
# Django's connections prepare nothing unless a threshold is set; by itself nothing shall be prepared.
_NEVER_BY_ITSELF = 1_000_000_000

# One look into an index for each question, whatever the statistics say: of a table that has just grown
# the planner may prefer to read all, and the plan is made once for all bookings of a connection.
_BEFORE = """
    SELECT set_config('enable_seqscan', 'off', true),
           set_config('plan_cache_mode', 'force_generic_plan', true),
           (SELECT string_agg(pg_advisory_xact_lock(key)::text, '') FROM unnest($1::text::bigint[]) AS key)
"""

_WITHIN = f"""
      AND schedule.releases_at <= %(now)s::timestamptz AND schedule.closes_at > %(now)s::timestamptz
      AND (SELECT today < %(person_day_limit)s::int AND open < %(person_open_limit)s::int
                  AND cancelled < %(cancel_day_limit)s::int
                  AND (missed < %(missed_limit)s::int OR last_missed_at < %(pause_since)s::timestamptz)
           FROM standing)
      AND (%(device)s::text = '' OR ({OF_DEVICE}) < %(device_day_limit)s::int)
      AND ({OF_ACCOUNT}) < %(account_day_limit)s::int
"""
_FIRST = ("slot.free[2:]", "old.free[1]", "cardinality(slot.free) > 0")
_NAMED = (
    "array_remove(slot.free, %(number)s::smallint)",
    "%(number)s::smallint",
    "%(number)s::smallint = ANY(slot.free)",
)
_BOOKING = (
    ("public_id", "text"),
    ("account", "text"),
    ("state", "text"),
    ("bill", "text"),
    ("channel", "text"),
    ("device", "text"),
    ("hospital_ref", "text"),
    ("end_reason", "text"),
    ("created_at", "timestamptz"),
    ("held_until", "timestamptz"),
    ("booked_at", "timestamptz"),
    ("fee_fen", "int"),
    ("institution_id", "bigint"),
    ("schedule_id", "bigint"),
    ("slot_id", "bigint"),
    ("person_id", "bigint"),
    ("moved_from_id", "bigint"),
)
_AUDIT = (
    ("at", "timestamptz"),
    ("action", "text"),
    ("actor_kind", "text"),
    ("actor_id", "text"),
    ("on_behalf_of", "text"),
    ("institution", "text"),
    ("subject_type", "text"),
    ("subject_id", "text"),
    ("reason", "text"),
    ("details", "jsonb"),
)
_OUTBOX = (
    ("public_id", "text"),
    ("topic", "text"),
    ("aggregate", "text"),
    ("payload", "jsonb"),
    ("occurred_at", "timestamptz"),
)


def _insert(table: str, columns: Sequence[tuple[str, str]], prefix: str, more: str = "") -> str:
    names = ", ".join(name for name, _ in columns) + (f", {more}" if more else "")
    values = ", ".join(f"%({prefix}_{name})s::{type_}" for name, type_ in columns)
    values += f", {more}" if more else ""
    return f"INSERT INTO {table} ({names}) SELECT {values}"


def _statement(*, is_limited: bool, is_named: bool) -> str:
    after, number, is_free = _NAMED if is_named else _FIRST
    return f"""
WITH standing AS ({STANDING}), offer AS (
    SELECT slot.id
    FROM appointments_slot AS slot JOIN appointments_schedule AS schedule ON schedule.id = slot.schedule_id
    WHERE slot.id = %(slot)s::bigint AND {is_free}
      AND slot.starts_at = %(starts_at)s::timestamptz
      AND schedule.state = 'open' AND schedule.fee_fen = %(booking_fee_fen)s::int
      AND (SELECT here = 0 FROM standing)
      {_WITHIN if is_limited else ""}
), taken AS (
    UPDATE appointments_slot AS slot SET free = {after}
    FROM offer WHERE slot.id = offer.id AND {is_free}
    RETURNING {number} AS number
), written AS (
    {_insert("appointments_booking", _BOOKING, "booking", "number")} FROM taken RETURNING id, number
), noted AS (
    {_insert("audit_entry", _AUDIT, "audit")} FROM written
), told AS (
    {_insert("events_outbox", _OUTBOX, "outbox")} FROM written
)
SELECT id, number FROM written
"""


def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """The statement with numbers in place of names, and the names in their order.

    The driver would look for the names anew at each booking, which costs half a millisecond.
    """
    names = tuple(dict.fromkeys(_NAME.findall(statement)))
    places = {name: f"${place}" for place, name in enumerate(names, 1)}
    return _NAME.sub(lambda found: places[found[1]], statement), names


_TAKE = {
    (is_limited, is_named): _numbered(_statement(is_limited=is_limited, is_named=is_named))
    for is_limited in (False, True)
    for is_named in (False, True)
}
# Constraints, and what it means that they were broken.
_MEANING: dict[str, type[DomainError]] = {
    "appointments_one_live_booking": AlreadyBooked,
    "appointments_hospital_ref_once": HospitalRefTaken,
}
_woken_at = 0.0


def take(
    *,
    offer: Offer,
    patient: Patient,
    by: BookedBy,
    booking_id: str,
    state: BookingState,
    held_until: datetime | None,
    entry: Entry,
    event: Event,
    number: int | None = None,
    moved_from: int | None = None,
    bill: str = "",
    hospital_ref: str = "",
) -> tuple[int, int] | None:
    """Take one number of a band for somebody, or none.

    Limits and hours hold for residents who book anew; a change of a booking and whatever the window
    or the hospital books is free of them.

    Args:
        number: The number that the hospital has given; None for the first that is free.
        moved_from: Key of the booking that this one takes the place of.

    Returns:
        Key of the booking and its number; None where the band cannot be booked, of which
        ``selectors.standing.explain`` says why.

    Raises:
        AlreadyBooked: The person has a live booking of the session.
        HospitalRefTaken: The hospital's number names another booking.
    """
    moment = clock.now()
    is_limited = by.is_resident and moved_from is None
    values = asked(offer, patient, by, moment) | {
        "slot": offer.slot_pk,
        "starts_at": offer.starts_at,
        "now": moment,
        "number": number,
        **_row(
            "booking",
            {
                "public_id": booking_id,
                "account": by.account,
                "state": state.value,
                "bill": bill,
                "channel": by.channel,
                "device": by.device,
                "hospital_ref": hospital_ref,
                "end_reason": "",
                "created_at": moment,
                "held_until": held_until,
                "booked_at": moment if state is BookingState.BOOKED else None,
                "fee_fen": offer.fee_fen,
                "institution_id": offer.institution_pk,
                "schedule_id": offer.schedule_pk,
                "slot_id": offer.slot_pk,
                "person_id": patient.person_pk,
                "moved_from_id": moved_from,
            },
        ),
        **_row("audit", _audited(entry, moment)),
        **_row("outbox", _told(event, moment)),
    }
    found = _run(_TAKE[is_limited, number is not None], values, _locks(patient, by) if is_limited else [])
    if found is not None:
        transaction.on_commit(_wake)
    return found


def _row(prefix: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{prefix}_{name}": value for name, value in row.items()}


def _audited(entry: Entry, moment: datetime) -> dict[str, Any]:
    """The row that ``audit.record`` would write."""
    return {
        "at": moment,
        "action": entry.action.value,
        "actor_kind": entry.actor.kind.value,
        "actor_id": entry.actor.id,
        "on_behalf_of": entry.actor.on_behalf_of,
        "institution": entry.institution or entry.actor.institution,
        "subject_type": entry.subject[0],
        "subject_id": entry.subject[1],
        "reason": entry.reason,
        "details": orjson.dumps(dict(entry.details)).decode(),
    }


def _told(event: Event, moment: datetime) -> dict[str, Any]:
    """The row that ``events.publish`` would write."""
    return {
        "public_id": new_public_id(),
        "topic": event.topic,
        "aggregate": event.aggregate(),
        "payload": orjson.dumps(asdict(event)).decode(),
        "occurred_at": moment,
    }


def _locks(patient: Patient, by: BookedBy) -> list[int]:
    """Whoever is limited, as keys of locks, in an order in which nobody waits for each other."""
    words = [f"person:{patient.person_pk}", f"account:{by.account}"]
    words += [f"device:{by.device}"] if by.device else []
    return sorted(
        int.from_bytes(hashlib.blake2b(f"booking:{word}".encode(), digest_size=8).digest(), signed=True)
        for word in words
    )


def _run(
    numbered: tuple[str, tuple[str, ...]], values: Mapping[str, Any], locks: Sequence[int]
) -> tuple[int, int] | None:
    # Texts are bound as values of unknown type, which the casts make what they are: one prepared
    # statement serves every size of a number.
    statement, names = numbered
    bound = [None if values[name] is None else str(values[name]) for name in names]
    connection.ensure_connection()
    session: psycopg.Connection[Any] = connection.connection
    if session.prepare_threshold is None:
        session.prepare_threshold = _NEVER_BY_ITSELF
    guard: AbstractContextManager[Any] = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with guard, connection.wrap_database_errors, session.pipeline():
            keys = "{" + ",".join(map(str, locks)) + "}"
            psycopg.RawCursor(session).execute(_BEFORE, [keys], prepare=True)
            cursor = psycopg.RawCursor(session)
            cursor.execute(statement, bound, prepare=True)
            row: tuple[int, int] | None = cursor.fetchone()
            return row
    except IntegrityError as exc:
        broken = next((name for name in _MEANING if name in str(exc)), None)
        if broken is None:
            raise
        raise _MEANING[broken] from exc


def _wake() -> None:
    """Wake the relay, once for many bookings: it reads everything that it finds anyway."""
    global _woken_at  # noqa: PLW0603
    if time.monotonic() - _woken_at >= _WAKE_SECONDS:
        _woken_at = time.monotonic()
        events.wake()
