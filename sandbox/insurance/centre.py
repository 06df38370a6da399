"""The gateway of the mobile-payment centre: opens envelopes, calls the business, seals its answer."""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import faults, store
from sandbox.answers import RestRefusal, json_object
from sandbox.insurance import apps, envelope, fields, notices
from sandbox.insurance.envelope import Unsigned
from sandbox.insurance.fields import CentreRefusal
from sandbox.insurance.mobile import CALLS, Call
from sandbox.outside import Handler, outside


def served(call: Call) -> Handler:
    """One of the centre's calls."""

    async def handle(request: Request) -> Response:
        state = store.of(request)
        try:
            message = await json_object(request)
            app = await apps.find(state, str(message.get("appId", "")))
            if app is None:
                raise Unsigned(1002, fields.MEANINGS[1002])
            data = envelope.opened(app, message)
        except RestRefusal as refusal:
            return JSONResponse({"code": 1004, "message": str(refusal)})
        except Unsigned as refusal:
            return JSONResponse({"code": refusal.code, "message": str(refusal)})
        code, text, said = 0, "成功", None
        try:
            said, is_answered = await call(request, app, data)
        except CentreRefusal as refusal:
            code, text, is_answered = refusal.code, str(refusal), True
        if not is_answered or await notices.lost(state, request.url.path):
            return await faults.hang()
        key = apps.STRANGER_KEY if await notices.switched_on(state, "badsign") else apps.CENTRE_KEY
        body = envelope.sealed(app, said, key, code=code, message=text)
        return Response(json.dumps(body, ensure_ascii=False), media_type="application/json")

    return handle


routes = [Route(path, outside("insurance", served(call)), methods=["POST"]) for path, call in CALLS.items()]
