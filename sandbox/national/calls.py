"""The calls of the national centre."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import store
from sandbox.answers import json_object
from sandbox.national import centre, reports, verification
from sandbox.national.centre import NODES, Refused
from sandbox.national.wire import Head, WireError
from sandbox.outside import Handler, beijing_time, outside

Call = Callable[[Request, Head, Mapping[str, Any]], Awaitable[Response]]
LARGEST_KEYS = 8


def signed(call: Call) -> Handler:
    """Make a call one that takes only signed messages of centres that are enrolled."""

    async def handle(request: Request) -> Response:
        try:
            head = await centre.admit(request)
            return await call(request, head, await json_object(request))
        except (Refused, WireError) as exc:
            return JSONResponse({"code": str(exc)}, getattr(exc, "status", 400))

    return handle


async def hello(request: Request, head: Head, message: Mapping[str, Any]) -> Response:
    """Whether the centre is there."""
    return centre.answer(request, head, {"time": beijing_time()})


async def enrol(request: Request) -> Response:
    """Take a centre into the routing table, or its new keys; the first time, with the code."""
    try:
        message = await json_object(request)
        node_id, keys = str(message.get("node_id", "")), _keys(message)
        known = await centre.known(store.of(request), node_id)
        by_code = message.get("enrolment_code") == request.app.state.config.national_code
        if known is None and not by_code:
            raise Refused(403, "enrolment_code_wrong")
        # With the code a centre may come with keys that nobody has seen; without, only one that
        # signs with a key on file.
        head = await centre.admit(request, keys=keys["sign"] if by_code else None)
        if head.sender != node_id:
            raise Refused(401, "signature_wrong")
    except Refused as exc:
        return JSONResponse({"code": str(exc)}, exc.status)
    entry = {
        "name": str(message.get("name", "")),
        "url": str(message.get("base_url", "")).rstrip("/"),
        "keys": keys,
        "at": beijing_time(),
    }
    await store.of(request).set_field(NODES, node_id, entry)
    return centre.answer(request, head, {"enrolled": node_id})


def _keys(message: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    given = message.get("keys")
    try:
        found = {
            use: {str(each["kid"]): str(each["public_key"]) for each in given[use][:LARGEST_KEYS]}  # type: ignore[index]
            for use in ("sign", "seal")
        }
    except (KeyError, TypeError) as exc:
        raise Refused(400, "keys_invalid") from exc
    if not all(found.values()):
        raise Refused(400, "keys_invalid")
    return found


def _route(path: str, handler: Handler) -> Route:
    return Route(path, outside("national", handler), methods=["POST"])


routes = [
    _route("/node/v1/enrol", enrol),
    _route("/node/v1/hello", signed(hello)),
    _route(verification.PATH, signed(verification.verify)),
    _route("/node/v1/reports", signed(reports.take)),
    _route("/node/v1/held", signed(reports.held)),
]
