"""A page's end of the socket, without a network (channels.testing would need daphne)."""

import asyncio
from typing import Any

import orjson
from asgiref.testing import ApplicationCommunicator

from portal.asgi import application


class Page:
    """Speaks to the application as a browser does."""

    def __init__(self, *, path: str = "/ws", origin: str | None = None) -> None:
        headers = [] if origin is None else [(b"origin", origin.encode())]
        scope: dict[str, Any] = {
            "type": "websocket",
            "path": path,
            "headers": headers,
            "query_string": b"",
            "subprotocols": [],
        }
        communicator: Any = ApplicationCommunicator
        self._app = communicator(application, scope)

    async def connect(self) -> bool:
        """Open the socket; False if it was refused before it opened."""
        await self._app.send_input({"type": "websocket.connect"})
        output = await self._app.receive_output(60)
        return bool(output["type"] == "websocket.accept")

    async def say(self, message: str | bytes) -> None:
        """Send one message."""
        kind = "text" if isinstance(message, str) else "bytes"
        await self._app.send_input({"type": "websocket.receive", kind: message})

    async def hear(self, *, seconds: float = 60) -> dict[str, Any]:
        """The next notice."""
        output = await self._app.receive_output(seconds)
        assert output["type"] == "websocket.send", output
        return dict(orjson.loads(output["text"]))

    async def hears_nothing(self) -> bool:
        """Whether the application stays quiet for a moment."""
        return bool(await self._app.receive_nothing(0.2))

    async def closed_with(self) -> int:
        """The code with which the application closes."""
        output = await self._app.receive_output(60)
        assert output["type"] == "websocket.close", output
        return int(output["code"])

    async def leave(self) -> None:
        """Close the page."""
        await self._app.send_input({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self._app.wait(60), 60)
