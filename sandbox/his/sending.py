"""Events on their way to the platform, with everything that goes wrong on such ways."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import httpx
from starlette.requests import Request

from sandbox import faults, store
from sandbox.answers import RestRefusal
from sandbox.his import events, hl7
from sandbox.his.events import Envelope
from sandbox.his.hospitals import Hospital
from sandbox.his.signing import webhook_headers
from sandbox.outside import beijing_time
from sandbox.store import Store

PATHS = {"json": "/api/v1/events", "hl7": "/api/v1/hl7"}
CONTENT_TYPES = {"json": "application/json", "hl7": "application/hl7-v2; charset=utf-8"}
SENT = "his:sent"
KEPT_SENT = 1_000
TROUBLE = frozenset({"duplicate", "reorder", "late", "drop", "badsign", "skew"})
SKEW_SECONDS = 900
WRONG_KEYS = {"v1": "whsec_" + "AAAA" * 11, "v1sm3": "whsec_" + "AAAA" * 11, "v1sm2": "7" * 64}
# The first of Standard Webhooks' pauses, then minutes instead of hours: nobody waits for days here.
RETRY_SECONDS = (1, 2, 4, 8, 15, 30, 60, 120)
HELD_SECONDS = 3.0

# Tasks that nobody waits for end early when nobody holds them.
_running: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class Way:
    """What happens to one event between hospital and platform.

    Attributes:
        copies: How many times it is sent.
        delay: Seconds before it is sent.
        drop: It is lost; the hospital believes it sent.
        badsign: Signed with a key that is not the hospital's.
        skew: Seconds by which the hospital's clock is wrong.
        hold: The next event overtakes it.
        retry: What was not taken is sent again.
        form: ``json``, or ``hl7`` for a message of HL7 v2.
    """

    copies: int = 1
    delay: float = 0.0
    drop: bool = False
    badsign: bool = False
    skew: int = 0
    hold: bool = False
    retry: bool = False
    form: str = "json"


def parse(body: Mapping[str, Any]) -> Way:
    """A way from a console request.

    Raises:
        RestRefusal: It has other members, or values out of range.
    """
    unknown = set(body) - set(asdict(Way()))
    try:
        way = Way(
            **{name: type(getattr(Way(), name))(value) for name, value in body.items() if name not in unknown}
        )
    except (TypeError, ValueError) as exc:
        raise RestRefusal(400, "way_invalid", "A value of the way is of the wrong kind.", "way") from exc
    if unknown or way.form not in PATHS or not 1 <= way.copies <= 20 or not 0 <= way.delay <= 600:
        raise RestRefusal(400, "way_invalid", f"way has {', '.join(asdict(Way()))}.", "way")
    return way


async def send(request: Request, hospital: Hospital, event: Envelope, way: Way) -> dict[str, Any]:
    """Send one event by its way, and say what became of it; status 0 is one that is not there yet."""
    state, http = store.of(request), request.app.state.http
    _body(hospital, event, way)  # says at once where there is no such form
    way = await _troubled(state, way)
    if way.drop:
        return await _noted(state, hospital, event, 0, "dropped")
    if way.hold:
        _in_background(_held(state, http, hospital, event, way))
        return await _noted(state, hospital, event, 0, "held")
    if way.delay:
        _in_background(_late(state, http, hospital, event, way))
        return await _noted(state, hospital, event, 0, "late")
    return await _post(state, http, hospital, event, way)


async def _troubled(state: Store, way: Way) -> Way:
    """The way with what the switches of the console add."""
    changed: dict[str, Any] = asdict(way)
    for fault, _ in await faults.active(state, "his"):
        if fault.kind not in TROUBLE or not await faults.meets(state, fault):
            continue
        match fault.kind:
            case "duplicate":
                changed["copies"] = max(2, way.copies)
            case "reorder":
                changed["hold"] = True
            case "late":
                changed["delay"] = fault.milliseconds / 1000
            case "drop" | "badsign":
                changed[fault.kind] = True
            case "skew":
                changed["skew"] = -SKEW_SECONDS
    return Way(**changed)


async def _post(
    state: Store, http: httpx.AsyncClient, hospital: Hospital, event: Envelope, way: Way
) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for _ in range(way.copies):
        status, answer = await _try(http, hospital, event, way)
        said = await _noted(state, hospital, event, status, answer)
    if way.retry and not 200 <= said["status"] < 300:
        _in_background(_again(state, http, hospital, event, way.form))
    return said


async def _try(http: httpx.AsyncClient, hospital: Hospital, event: Envelope, way: Way) -> tuple[int, str]:
    body = _body(hospital, event, way)
    keys = {version: WRONG_KEYS[version] for version in hospital.signs} if way.badsign else hospital.signs
    signed = webhook_headers(
        keys, message_id=event["data"]["event_id"], timestamp=int(time.time()) + way.skew, body=body
    )
    headers = {"Content-Type": CONTENT_TYPES[way.form], "EHC-Client": hospital.client, **signed}
    try:
        answer = await http.post(hospital.base_url + PATHS[way.form], content=body, headers=headers)
    except httpx.HTTPError as exc:
        return 0, type(exc).__name__
    return answer.status_code, answer.text[:300]


def _body(hospital: Hospital, event: Envelope, way: Way) -> bytes:
    return hl7.message_of(hospital, event) if way.form == "hl7" else events.body_of(event)


async def _again(
    state: Store, http: httpx.AsyncClient, hospital: Hospital, event: Envelope, form: str
) -> None:
    for pause in RETRY_SECONDS:
        await asyncio.sleep(pause)
        status, answer = await _try(http, hospital, event, Way(form=form))
        await _noted(state, hospital, event, status, answer)
        if 200 <= status < 500 and status != 429:
            return


async def _late(state: Store, http: httpx.AsyncClient, hospital: Hospital, event: Envelope, way: Way) -> None:
    await asyncio.sleep(way.delay)
    await _post(state, http, hospital, event, way)


async def _held(state: Store, http: httpx.AsyncClient, hospital: Hospital, event: Envelope, way: Way) -> None:
    """Let the next event of the hospital overtake this one; if none comes, send it after a while."""
    counter = f"his:{hospital.code}:posted"
    before = await state.count(counter)
    for _ in range(int(HELD_SECONDS / 0.1)):
        await asyncio.sleep(0.1)
        if await state.count(counter) > before:
            break
    await _post(state, http, hospital, event, way)


async def _noted(
    state: Store, hospital: Hospital, event: Envelope, status: int, answer: str
) -> dict[str, Any]:
    data = event["data"]
    entry = {
        "at": beijing_time(),
        "hospital": hospital.code,
        "type": event["type"],
        "event_id": data["event_id"],
        "aggregate": data["aggregate"],
        "seq": data["seq"],
        "status": status,
        "answer": answer,
    }
    if status:
        await state.increase(f"his:{hospital.code}:posted")
    await state.append(SENT, entry, keep=KEPT_SENT)
    return entry


def _in_background(work: Any) -> None:
    task: asyncio.Task[None] = asyncio.create_task(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
