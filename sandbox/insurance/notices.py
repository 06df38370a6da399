"""What the centre says of an order: in its answers, and of its own accord once it is settled."""

import asyncio
import json
import random
from typing import Any

import httpx
from starlette.requests import Request

from sandbox import faults, store
from sandbox.insurance import apps, envelope
from sandbox.insurance.apps import App
from sandbox.insurance.fields import yuan
from sandbox.insurance.orders import Order
from sandbox.outside import beijing_time
from sandbox.store import Store

SENT, KEPT = "insurance:notices", 200
# Seconds between the tries; how a real centre repeats is not public.
LADDER = (1, 2, 4, 8, 15, 30, 60)
_running: set["asyncio.Task[None]"] = set()


def told(order: Order) -> dict[str, Any]:
    """The amounts of an order, as placing it answers."""
    return {
        "payOrdId": order.order_id,
        "ordStas": order.state,
        "feeSumamt": yuan(order.total),
        "ownPayAmt": yuan(order.own),
        "psnAcctPay": yuan(order.account),
        "fundPay": yuan(order.fund),
    }


def content(order: Order) -> dict[str, Any]:
    """An order, as asking for it answers."""
    if not order.is_divided:
        return {"payOrdId": order.order_id, "ordStas": order.state, "medOrgOrd": order.number, "extData": ""}
    insurance = order.fund + order.account
    return {
        **told(order),
        "setlType": "CASH" if insurance == 0 else ("HI" if order.own == 0 else "ALL"),
        "callType": "02",
        "medOrgOrd": order.number,
        "traceTime": order.traced_at,
        "revsToken": order.reversal,
        "extData": "",
    }


async def switched_on(state: Store, kind: str) -> list[faults.Fault]:
    """The faults of this kind at the insurance."""
    return [fault for fault, _ in await faults.active(state, "insurance") if fault.kind == kind]


async def lost(state: Store, place: str) -> bool:
    """Whether the answer to what was done is lost; `place` is the path or the transaction's number."""
    return any(
        place.startswith(fault.path) and fault.rate > random.randrange(100)  # noqa: S311
        for fault in await switched_on(state, "lost")
    )


async def tell(request: Request, app: App, order: Order) -> None:
    """Post the result to the application's address after this call is answered."""
    state = store.of(request)
    if not app.notify_url or await switched_on(state, "silent"):
        return
    late = sum(fault.milliseconds for fault in await switched_on(state, "late")) / 1000
    for _ in range(2 if await switched_on(state, "duplicate") else 1):
        task = asyncio.create_task(_post(request.app.state.http, state, app, order, late))
        _running.add(task)
        task.add_done_callback(_running.discard)


async def _post(client: httpx.AsyncClient, state: Store, app: App, order: Order, late: float) -> None:
    await asyncio.sleep(late)
    for pause in (*LADDER, 0):
        key = apps.STRANGER_KEY if await switched_on(state, "badsign") else apps.CENTRE_KEY
        body = json.dumps(envelope.sealed(app, content(order), key)).encode()
        status, said = 0, ""
        try:
            answer = await client.post(
                app.notify_url, content=body, headers={"Content-Type": "application/json; charset=utf-8"}
            )
            status, said = answer.status_code, answer.text[:200]
        except httpx.HTTPError as exc:
            said = type(exc).__name__
        entry = {"at": beijing_time(), "order": order.order_id, "status": status, "answer": said}
        await state.append(SENT, entry, keep=KEPT)
        if status == 200 and _is_kept(said):
            return
        await asyncio.sleep(pause)


def _is_kept(said: str) -> bool:
    try:
        return bool(json.loads(said).get("success"))
    except (ValueError, AttributeError):
        return False
