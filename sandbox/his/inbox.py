"""Messages that the platform posts to a hospital, checked as a hospital should check them."""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import store
from sandbox.his import hospitals
from sandbox.his.signing import webhook_objection
from sandbox.outside import beijing_time, outside

TAKEN = "his:taken"
KEPT_TAKEN = 500
LARGEST_BODY_BYTES = 20_000
REMEMBERED_SECONDS = 86_400


async def take(request: Request) -> Response:
    """204 for what is signed by the platform, the first time and again; 401 for the rest."""
    hospital = await hospitals.of(request)
    state, body = store.of(request), await request.body()
    objection, versions = webhook_objection(request.headers, body, hospital.checks)
    if not objection and len(body) > LARGEST_BODY_BYTES:
        objection = "too_large"
    message_id = request.headers.get("webhook-id", "")[:100]
    is_new = not objection and await state.put_once(
        f"his:{hospital.code}:took:{message_id}", {}, REMEMBERED_SECONDS
    )
    entry = {
        "at": beijing_time(),
        "hospital": hospital.code,
        "id": message_id,
        "objection": objection,
        "versions": versions,
        "is_new": bool(is_new),
        "message": _message(body) if not objection else {},
    }
    await state.append(TAKEN, entry, keep=KEPT_TAKEN)
    return JSONResponse({"code": objection}, 401) if objection else Response(status_code=204)


def _message(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return {}


routes: list[BaseRoute] = [
    Route("/his/{hospital}/messages", outside("his", take), methods=["POST"]),
]
