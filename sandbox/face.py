"""The face check (人脸核身): a page on which an invented person shows a face, between two signed calls."""

import secrets
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox import faults, identity_numbers, store
from sandbox.answers import RestRefusal, json_object, text
from sandbox.html import join, page, render
from sandbox.outside import outside
from sandbox.signed import authenticate

BEGIN, RESULT, PAGE = "/face/v1/sessions", "/face/v1/result", "/face/v1/page/{session}"
SECONDS = 1_800


class Behaviour(StrEnum):
    """What the check comes to, whatever is pressed."""

    FAIL = "fail"
    ERROR = "error"


MEANINGS = {Behaviour.FAIL: "总是不通过", Behaviour.ERROR: "取结果时返回 500"}
MAGIC_NAMES: Mapping[str, Behaviour] = {"测人脸不符": Behaviour.FAIL, "测人脸故障": Behaviour.ERROR}
ANSWERS = {"pass": "通过", "fail": "不通过", "cancelled": "取消"}


async def begin(request: Request) -> Response:
    """A session, with the address of its page."""
    await _authenticate(request)
    body = await json_object(request)
    number = text(body, "id_number", longest=32).strip().upper()
    if text(body, "id_type", longest=2) == "01" and not identity_numbers.is_valid(number):
        raise RestRefusal(400, "id_number_invalid", "id_number is no identity number.", "id_number")
    back = text(body, "return_url", longest=500)
    if urlsplit(back).hostname not in request.app.state.config.redirect_hosts:
        raise RestRefusal(400, "return_url_unknown", "return_url is on an unknown host.", "return_url")
    session = secrets.token_hex(16)
    kept = {
        "name": text(body, "name", longest=128).strip(),
        "request_id": text(body, "request_id"),
        "back": back,
        "result": "pending",
        "reference": f"RL{secrets.token_hex(8).upper()}",
    }
    await store.of(request).put(f"face:{session}", kept, SECONDS)
    url = str(request.url.replace(path=PAGE.format(session=session), query=""))
    return JSONResponse({"session_id": session, "url": url})


async def result(request: Request) -> Response:
    """What came of a session."""
    await _authenticate(request)
    session = text(await json_object(request), "session_id")
    kept = await store.of(request).get(f"face:{session}")
    if kept is None:
        raise RestRefusal(404, "session_unknown", "There is no such session.", "session_id")
    if MAGIC_NAMES.get(kept["name"]) is Behaviour.ERROR:
        return faults.broken()
    return JSONResponse({"session_id": session, "result": kept["result"], "reference": kept["reference"]})


async def show(request: Request) -> Response:
    """The page; `answer` says what the invented face comes to. Links, so that any policy lets them pass."""
    session = request.path_params["session"]
    kept = await store.of(request).get(f"face:{session}")
    if kept is None:
        return page("人脸核身", render("<p class='bad'>没有这次核身，或已过期。</p>"), status=404)
    answer = request.query_params.get("answer", "")
    if answer not in ANSWERS:
        links = join(
            render(
                "<p><a class='button {kind}' href='?answer={name}'>{label}</a></p>",
                kind="main" if name == "pass" else "plain",
                name=name,
                label=label,
            )
            for name, label in ANSWERS.items()
        )
        said = render("<p>沙箱没有摄像头，请选择核身的结果，随后回到原来的页面。</p>{links}", links=links)
        return page("人脸核身", said)
    fails = MAGIC_NAMES.get(kept["name"]) is Behaviour.FAIL and answer == "pass"
    kept["result"] = "fail" if fails else answer
    await store.of(request).put(f"face:{session}", kept, SECONDS)
    return RedirectResponse(kept["back"], 302)


async def _authenticate(request: Request) -> None:
    config = request.app.state.config
    await authenticate(request, "face", config.face_app, config.face_key)


routes = [
    Route(BEGIN, outside("face", begin), methods=["POST"]),
    Route(RESULT, outside("face", result), methods=["POST"]),
    Route(PAGE, outside("face", show), methods=["GET"]),
]
