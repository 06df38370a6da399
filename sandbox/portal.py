"""What carriers tell the platform afterwards, some time after its own call was answered."""

import asyncio
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

import httpx
from starlette.requests import Request

from sandbox import store

TRIES = 4
_running: set["asyncio.Task[None]"] = set()


async def address(request: Request) -> str:
    """Where the platform is: as the console was told, else as the settings say."""
    told = await store.of(request).get("portal")
    return str(told["url"]) if told is not None else str(request.app.state.config.portal)


async def tell(request: Request, path: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Post to the platform after this call is answered; a few tries, as real carriers make."""
    base = await address(request)
    if base:
        task = asyncio.create_task(_post(request.app.state.http, f"{base}{path}", body, headers))
        _running.add(task)
        task.add_done_callback(_running.discard)


async def receipt(request: Request, supplier: str, key: str, said: Mapping[str, Any]) -> None:
    """Say what became of an SMS, signed with the supplier's key."""
    body, stamp = json.dumps(said).encode(), str(int(time.time()))
    signature = hmac.new(key.encode(), f"{stamp}.".encode() + body, "sm3").hexdigest()
    headers = {"Content-Type": "application/json", "X-Timestamp": stamp, "X-Signature": signature}
    await tell(request, f"/carriers/sms/{supplier}", body, headers)


async def _post(client: httpx.AsyncClient, url: str, body: bytes, headers: Mapping[str, str]) -> None:
    for pause in range(TRIES):
        try:
            answer = await client.post(url, content=body, headers=dict(headers))
        except httpx.HTTPError:
            answer = None
        if answer is not None and answer.status_code < 500:
            return
        await asyncio.sleep(pause + 1)
