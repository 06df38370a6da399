"""What the played channels tell of their own accord, with all that goes wrong on the way."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import httpx
from starlette.requests import Request

from sandbox import faults, store
from sandbox.answers import RestRefusal
from sandbox.outside import beijing_time
from sandbox.store import Store

TOLD = "notices:told"
KEPT_TOLD = 500
TROUBLE = frozenset({"duplicate", "late", "drop", "badsign", "wrongamount"})
_running: set["asyncio.Task[None]"] = set()


@dataclass(frozen=True)
class Way:
    """What happens to one notice.

    Attributes:
        copies: How many times it is posted, whatever is answered.
        delay: Seconds before it is posted.
        drop: It is lost, and every repeat with it.
        badsign: A stranger signs it.
        wrongamount: It tells one fen more than was paid.
        pace: By what the pauses are multiplied; below zero is the sandbox's.
    """

    copies: int = 1
    delay: float = 0.0
    drop: bool = False
    badsign: bool = False
    wrongamount: bool = False
    pace: float = -1.0


@dataclass(frozen=True)
class Channel:
    """How a channel posts its notices.

    Attributes:
        ladder: The pauses between tries, in seconds of the world.
        is_taken: Whether an answer ends the tries.
    """

    system: str
    ladder: Sequence[float]
    is_taken: Callable[[httpx.Response], bool]


def parse(body: Mapping[str, Any]) -> Way:
    """A way from a console request.

    Raises:
        RestRefusal: It has other members, or values out of range.
    """
    usual = asdict(Way())
    try:
        way = Way(**{name: type(usual[name])(value) for name, value in body.items() if name in usual})
    except (TypeError, ValueError) as exc:
        raise RestRefusal(400, "way_invalid", "A value of the way is of the wrong kind.", "way") from exc
    if set(body) - set(usual) or not 1 <= way.copies <= 20 or not 0 <= way.delay <= 600 or way.pace > 1:
        raise RestRefusal(400, "way_invalid", f"way has {', '.join(usual)}.", "way")
    return way


async def tell(
    request: Request,
    channel: Channel,
    *,
    url: str,
    about: str,
    way: Way,
    made: Callable[[Way], bytes],
) -> None:
    """Post a notice after this call is answered, and again until it is taken or the ladder ends.

    Args:
        about: What it is about, for the console.
        made: The form, signed anew for each try.
    """
    if not url:
        return
    state = store.of(request)
    way = await _troubled(state, channel.system, way)
    if way.drop:
        await _noted(state, channel.system, about, 0, "dropped")
        return
    sending = _Sending(
        state=state,
        http=request.app.state.http,
        pace=request.app.state.config.payment_pace if way.pace < 0 else way.pace,
        channel=channel,
        url=url,
        about=about,
        made=made,
    )
    task = asyncio.create_task(sending.post(way))
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _troubled(state: Store, system: str, way: Way) -> Way:
    """The way with what the switches of the console add."""
    changed: dict[str, Any] = asdict(way)
    for fault, _ in await faults.active(state, system):
        if fault.kind not in TROUBLE or not await faults.meets(state, fault):
            continue
        match fault.kind:
            case "duplicate":
                changed["copies"] = max(2, way.copies)
            case "late":
                changed["delay"] = fault.milliseconds / 1000
            case "drop" | "badsign" | "wrongamount":
                changed[fault.kind] = True
    return Way(**changed)


@dataclass(frozen=True)
class _Sending:
    """One notice on its way."""

    state: Store
    http: httpx.AsyncClient
    pace: float
    channel: Channel
    url: str
    about: str
    made: Callable[[Way], bytes]

    async def post(self, way: Way) -> None:
        """Post it as often as it takes."""
        await asyncio.sleep(way.delay)
        for _ in range(way.copies - 1):
            await self._try(way)
        for pause in (*self.channel.ladder, None):
            if await self._try(way) or pause is None:
                return
            await asyncio.sleep(pause * self.pace)

    async def _try(self, way: Way) -> bool:
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        try:
            answer = await self.http.post(self.url, content=self.made(way), headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            await _noted(self.state, self.channel.system, self.about, 0, type(exc).__name__)
            return False
        said = answer.text[:60]
        await _noted(self.state, self.channel.system, self.about, answer.status_code, said)
        return self.channel.is_taken(answer)


async def _noted(state: Store, system: str, about: str, status: int, answer: str) -> None:
    entry = {"at": beijing_time(), "system": system, "about": about, "status": status, "answer": answer}
    await state.append(TOLD, entry, keep=KEPT_TOLD)
