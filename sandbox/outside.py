"""What surrounds every call to a played system: its faults, its refusals, and the request log."""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from sandbox import faults, masks, store
from sandbox.answers import Refusal

Handler = Callable[[Request], Awaitable[Response]]
BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
KEPT_REQUESTS = 200


def beijing_time() -> str:
    """The present in Beijing, to the second, as the console shows it."""
    return datetime.fromtimestamp(time.time(), BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def outside(system: str, handler: Handler) -> Handler:
    """Make a handler one of a played system's calls."""

    async def call(request: Request) -> Response:
        # Only the end of the process cancels a call, and then a hanging one has nothing to report.
        with contextlib.suppress(asyncio.CancelledError):
            return await _logged(system, handler, request)
        return Response(status_code=503)

    return call


async def _logged(system: str, handler: Handler, request: Request) -> Response:
    started = time.monotonic()
    answer = await faults.apply(store.of(request), system, request.url.path)
    outcome = "fault"
    if answer is None:
        outcome = "answered"
        try:
            answer = await handler(request)
        except Refusal as refusal:
            outcome = str(refusal)
            answer = refusal.response()
    entry = {
        "at": beijing_time(),
        "system": system,
        "method": request.method,
        "path": request.url.path,
        "status": answer.status_code,
        "outcome": outcome,
        "ms": round((time.monotonic() - started) * 1000),
        "fields": masks.summary(await _fields(request)),
    }
    await store.of(request).append("requests", entry, keep=KEPT_REQUESTS)
    return answer


async def _fields(request: Request) -> Mapping[str, object]:
    fields: dict[str, object] = dict(parse_qsl(request.url.query))
    try:
        body = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError):
        return fields
    return fields | body if isinstance(body, dict) else fields
