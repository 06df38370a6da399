"""The record of a hospital's events: numbered within what they are about, kept to be asked for."""

import json
import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.answers import RestRefusal
from sandbox.his.catalogue import Kind
from sandbox.his.hospitals import Hospital
from sandbox.his.published import kinds
from sandbox.outside import BEIJING
from sandbox.store import Store

Envelope = dict[str, Any]


async def make(state: Store, hospital: Hospital, order: Mapping[str, Any]) -> Envelope:
    """An event with the next number of its aggregate, put on record.

    Args:
        order: ``type``; and, if wanted, ``number`` or ``aggregate``, ``seq``, ``event_id``,
            ``patient``, ``data`` (members in place of the example's; None leaves one out).

    Raises:
        RestRefusal: The type has no example and no aggregate is given, or members are no object.
    """
    name = str(order.get("type", ""))
    kind, data, patient = kinds().get(name), order.get("data", {}), order.get("patient")
    if not isinstance(data, dict) or not isinstance(patient, dict | None):
        raise RestRefusal(400, "event_invalid", "data and patient are objects.", "data")
    aggregate = str(order.get("aggregate", ""))
    number = str(order.get("number", "")) or aggregate.partition(":")[2] or fresh_number()
    if kind is None and not aggregate:
        raise RestRefusal(400, "type_unknown", "An unknown type needs an aggregate.", "type")
    if kind is not None:
        aggregate = aggregate or f"{kind.about}:{number}"
    moment = datetime.fromtimestamp(time.time(), BEIJING)
    members = {**(kind.example(number, moment) if kind is not None else {}), **data}
    seq = order.get("seq")
    event: Envelope = {
        "type": name,
        "timestamp": moment.isoformat(),
        "data": {
            **{field: value for field, value in members.items() if value is not None},
            "event_id": str(order.get("event_id") or f"ev-{secrets.token_hex(12)}"),
            "occurred_at": moment.isoformat(),
            "seq": seq if isinstance(seq, int) else await state.increase(_counter(hospital, aggregate)),
            "aggregate": aggregate,
        },
    }
    if patient is not None and (kind is None or kind.has_patient):
        event["data"]["patient"] = patient
    await state.set_field(_record(hospital, aggregate), str(event["data"]["seq"]), event)
    place = await state.increase(f"his:{hospital.code}:feed:last")
    await state.set_field(_feed(hospital), str(place), event)
    return event


async def after(state: Store, hospital: Hospital, aggregate: str, seq: int) -> list[Envelope]:
    """The events of an aggregate behind a number, in order."""
    found = await state.fields(_record(hospital, aggregate))
    return [found[each] for each in sorted(found, key=int) if int(each) > seq]


async def feed(state: Store, hospital: Hospital, after: int, most: int) -> tuple[list[Envelope], int, bool]:
    """The events behind a place in the hospital's record, where they end, and whether there are more."""
    found = await state.fields(_feed(hospital))
    places = sorted(place for place in map(int, found) if place > after)
    part = places[:most]
    return [found[str(place)] for place in part], part[-1] if part else after, len(places) > most


def example(kind: Kind) -> dict[str, Any]:
    """The members of an event of this kind."""
    return kind.example(fresh_number(), datetime.fromtimestamp(time.time(), BEIJING))


def body_of(event: Envelope) -> bytes:
    """An event as it is sent."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def fresh_number() -> str:
    """A number that no two things share."""
    return f"{int(time.time())}{secrets.randbelow(10_000):04}"


def _counter(hospital: Hospital, aggregate: str) -> str:
    return f"his:{hospital.code}:seq:{aggregate}"


def _record(hospital: Hospital, aggregate: str) -> str:
    return f"his:{hospital.code}:events:{aggregate}"


def _feed(hospital: Hospital) -> str:
    return f"his:{hospital.code}:feed"
