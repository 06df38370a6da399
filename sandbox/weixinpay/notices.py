"""What WeChat Pay tells merchants of its own accord, again and again until it is taken."""

import asyncio
import contextlib
import json
import random
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import httpx
from redis.exceptions import RedisError
from starlette.requests import Request

from sandbox import faults, store
from sandbox.outside import BEIJING, beijing_time
from sandbox.store import Store
from sandbox.weixinpay import behaviour, keys, suites
from sandbox.weixinpay.behaviour import Behaviour
from sandbox.weixinpay.keys import CERTIFICATE, PUBLIC_KEY
from sandbox.weixinpay.wire import SYSTEM, headers

SENT, TOLD = "weixinpay:sent", "weixinpay:told"
KEPT = 1_000
TROUBLE = frozenset({"duplicate", "late", "drop", "probe", "badnotice", "skew", "wrongamount"})
ANSWER_SECONDS = 5.0
# The first is at once. Mixed orders are told for half a minute only.
PAUSES = (0, 15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600)
MIXED_PAUSES = (0, 2, 4, 8, 16)
PROBE = "WECHATPAY/SIGNTEST/"
SKEW_SECONDS = 900
_SUMMARIES = {
    "TRANSACTION.SUCCESS": "支付成功",
    "REFUND.SUCCESS": "退款成功",
    "REFUND.ABNORMAL": "退款异常",
    "REFUND.CLOSED": "退款关闭",
    "MEDICAL_INSURANCE.SUCCESS": "医保混合收款成功",
}
_running: set["asyncio.Task[None]"] = set()


@dataclass(frozen=True)
class Told:
    """Of what, to whom and where."""

    mchid: str
    suite: str
    number: str
    event: str
    kind: str
    url: str
    id: str = ""
    at: float = 0.0

    @property
    def pauses(self) -> Sequence[float]:
        """The pauses before each try."""
        return MIXED_PAUSES if self.event.startswith("MEDICAL_INSURANCE") else PAUSES


@dataclass(frozen=True)
class Way:
    """What happens to one notice.

    Attributes:
        copies: How many times each is sent.
        delay: Seconds before the first.
        drop: It never comes.
        badsign: Signed by a stranger.
        skew: Seconds by which its time is off.
        probe: A probe is sent before it.
        wrong_amount: It tells another amount than there is.
    """

    copies: int = 1
    delay: float = 0.0
    drop: bool = False
    badsign: bool = False
    skew: int = 0
    probe: bool = False
    wrong_amount: bool = False


async def tell(request: Request, told: Told, content: Mapping[str, Any], way: Way | None = None) -> None:
    """Tell it, after this call was answered, by the way of the console's switches or the given one."""
    if not told.url:
        return
    state = store.of(request)
    told = replace(told, id=told.id or f"EV-{secrets.token_hex(16)}", at=told.at or time.time())
    await state.set_field(TOLD, told.id, {"told": asdict(told), "content": dict(content)})
    chosen = way or await _switched(state)
    settings = await behaviour.of(request, told.mchid)
    sender = Sender(state, request.app.state.http, told, settings, chosen)
    in_background(sender.deliver(dict(content)))


async def tell_again(request: Request, notice_id: str, way: Way) -> bool:
    """Tell an earlier notice once more by a given way; whether there is one."""
    kept = await store.of(request).field(TOLD, notice_id)
    if kept is None:
        return False
    await tell(request, Told(**kept["told"]), kept["content"], way)
    return True


class Sender:
    """One notice on its way."""

    def __init__(
        self, state: Store, http: httpx.AsyncClient, told: Told, settings: Behaviour, way: Way
    ) -> None:
        self._state, self._http = state, http
        self._told, self._settings, self._way = told, settings, way

    async def deliver(self, content: dict[str, Any]) -> None:
        """Try until it is taken, or until the last try."""
        if self._way.wrong_amount:
            amounts = content["amount"]
            content |= {"amount": amounts | {"total": amounts["total"] + 1}}
        body = self._envelope(content)
        if self._way.drop:
            await self._noted(0, 0, "dropped")
            return
        await asyncio.sleep(self._way.delay)
        if self._way.probe:
            await self._probe(content)
        for tried, pause in enumerate(self._told.pauses):
            await asyncio.sleep(pause * self._settings.pace)
            taken = False
            for _ in range(self._way.copies):
                taken = await self._try(body, tried + 1) or taken
            if taken:
                return

    async def _try(self, body: bytes, tried: int) -> bool:
        signer = suites.STRANGER if self._way.badsign else self._signer()
        status, answer = await self._post(body, headers(self._told.suite, signer, body, skew=self._way.skew))
        await self._noted(tried, status, answer)
        return status in {200, 204}

    async def _probe(self, content: Mapping[str, Any]) -> None:
        """A notice that is right but for its signature: whoever takes it does not check."""
        body = self._envelope(content, f"EV-{secrets.token_hex(16)}")
        status, answer = await self._post(body, headers(self._told.suite, self._signer(), body, prefix=PROBE))
        await self._noted(0, status, f"probe {'TAKEN' if status in {200, 204} else 'refused'} {answer}")

    async def _post(self, body: bytes, signed: Mapping[str, str]) -> tuple[int, str]:
        sent = {
            "Content-Type": "application/json",
            "User-Agent": "Mozilla/4.0",
            **signed,
        }
        try:
            answer = await self._http.post(self._told.url, content=body, headers=sent, timeout=ANSWER_SECONDS)
        except httpx.HTTPError as exc:
            return 0, type(exc).__name__
        return answer.status_code, answer.text[:200]

    def _envelope(self, content: Mapping[str, Any], notice_id: str = "") -> bytes:
        told = self._told
        plain = json.dumps(content, ensure_ascii=False).encode()
        sealed = suites.seal(told.suite, keys.api_key(told.mchid), plain, told.kind)
        body = {
            "id": notice_id or told.id,
            "create_time": datetime.fromtimestamp(told.at, BEIJING).isoformat(timespec="seconds"),
            "resource_type": "encrypt-resource",
            "event_type": told.event,
            "summary": _SUMMARIES[told.event],
            "resource": {"original_type": told.kind, **sealed},
        }
        return json.dumps(body, ensure_ascii=False).encode()

    def _signer(self) -> str:
        match self._settings.callbacks:
            case "public_key":
                return PUBLIC_KEY
            case "certificate":
                return CERTIFICATE
        return random.choice((PUBLIC_KEY, CERTIFICATE))  # noqa: S311

    async def _noted(self, tried: int, status: int, answer: str) -> None:
        told = self._told
        entry = {
            "at": beijing_time(),
            "id": told.id,
            "mchid": told.mchid,
            "number": told.number,
            "event": told.event,
            "try": tried,
            "status": status,
            "answer": answer,
        }
        # A store that is away for a moment must not end the tries.
        with contextlib.suppress(RedisError):
            await self._state.append(SENT, entry, keep=KEPT)


async def _switched(state: Store) -> Way:
    """The way as the switches of the console make it."""
    changed: dict[str, Any] = {}
    for fault, _ in await faults.active(state, SYSTEM):
        if fault.kind not in TROUBLE or not await faults.meets(state, fault):
            continue
        match fault.kind:
            case "duplicate":
                changed["copies"] = 2
            case "late":
                changed["delay"] = fault.milliseconds / 1000
            case "drop" | "probe":
                changed[fault.kind] = True
            case "badnotice":
                changed["badsign"] = True
            case "skew":
                changed["skew"] = -SKEW_SECONDS
            case "wrongamount":
                changed["wrong_amount"] = True
    return Way(**changed)


def in_background(work: Any) -> None:
    """Do something that nobody waits for; the set keeps it from being forgotten."""
    task: asyncio.Task[None] = asyncio.create_task(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
