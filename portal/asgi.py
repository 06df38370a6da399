"""Entry point of the socket process: ``/ws`` and nothing else. Pages are served by WSGI."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

# After the set-up: the rooms need their settings when they are imported.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402

from notifications.live import hub  # noqa: E402
from notifications.live.consumer import LiveConsumer  # noqa: E402

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_routes: App = URLRouter([path("ws", LiveConsumer.as_asgi())])


async def websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """Let pages of ours in. The refusal comes before the socket is taken, as HTTP 403."""
    if scope["path"] != "/ws" or not _is_allowed(scope):
        await receive()
        await send({"type": "websocket.close", "code": 4403})
        return
    await _routes(scope, receive, send)


def _is_allowed(scope: Scope) -> bool:
    origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    # Every browser names the page's origin. An application names none, and holds no cookie
    # that a foreign page could borrow: it comes in by its ticket alone.
    return all(origin in settings.WS_ALLOWED_ORIGINS for origin in origins)


async def http(scope: Scope, receive: Receive, send: Send) -> None:
    """There are no pages here."""
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b"Not found\n"})


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """Subscribe when the process starts, so that the first page need not wait."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            hub.current()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await hub.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


application: App = ProtocolTypeRouter({"websocket": websocket, "http": http, "lifespan": lifespan})
