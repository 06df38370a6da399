"""The population database (人口库): does this name belong to this number?

Every valid number matches every name, save the magic values below.
"""

import asyncio
import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import faults, identity_numbers, store
from sandbox.answers import RestRefusal, json_object, text
from sandbox.outside import BEIJING, outside
from sandbox.signed import authenticate

PATH = "/population/v1/check"
SLOW_SECONDS = 3.0
_ID_TYPE = re.compile(r"[0-9]{2}")


class Behaviour(StrEnum):
    """What the database does for one person."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"
    TIMEOUT = "timeout"
    ERROR = "error"
    SLOW = "slow"
    GARBAGE = "garbage"


MEANINGS = {
    Behaviour.MISMATCH: "姓名与号码不一致",
    Behaviour.NOT_FOUND: "查无此人",
    Behaviour.TIMEOUT: "挂起 30 秒",
    Behaviour.ERROR: "返回 500",
    Behaviour.SLOW: "3 秒后一致",
    Behaviour.GARBAGE: "返回乱码",
}
MAGIC_NAMES: Mapping[str, Behaviour] = {
    "测不符": Behaviour.MISMATCH,
    "测无此人": Behaviour.NOT_FOUND,
    "测超时": Behaviour.TIMEOUT,
    "测故障": Behaviour.ERROR,
    "测缓慢": Behaviour.SLOW,
    "测乱码": Behaviour.GARBAGE,
}
# Whole numbers, never a pattern, so that no other valid number can meet one by chance.
MAGIC_NUMBERS: Mapping[str, Behaviour] = {
    "110100199001019910": Behaviour.MISMATCH,
    "110100199001019929": Behaviour.NOT_FOUND,
    "110100199001019937": Behaviour.TIMEOUT,
    "110100199001019945": Behaviour.ERROR,
    "110100199001019953": Behaviour.SLOW,
    "110100199001019961": Behaviour.GARBAGE,
}


async def check(request: Request) -> Response:
    """Answer match, mismatch or not_found; a repeat of a request_id gets the stored answer."""
    await _authenticate(request)
    body = await json_object(request)
    request_id = text(body, "request_id")
    id_type = text(body, "id_type", longest=2)
    number = text(body, "id_number", longest=32).strip().upper()
    name = text(body, "name", longest=128).strip()
    if not _ID_TYPE.fullmatch(id_type):
        raise RestRefusal(
            400, "id_type_invalid", "id_type must be the two digits of a certificate type.", "id_type"
        )
    if id_type == "01" and not identity_numbers.is_valid(number):
        raise RestRefusal(
            400, "id_number_invalid", "id_number is no identity number by GB 11643.", "id_number"
        )
    behaviour = MAGIC_NUMBERS.get(number) or MAGIC_NAMES.get(name) or Behaviour.MATCH
    match behaviour:
        case Behaviour.TIMEOUT:
            return await faults.hang()
        case Behaviour.ERROR:
            return faults.broken()
        case Behaviour.GARBAGE:
            return faults.garbage()
        case Behaviour.SLOW:
            await asyncio.sleep(SLOW_SECONDS)
            behaviour = Behaviour.MATCH
    digest = hashlib.new("sm3", f"{id_type}|{number}|{name}".encode()).hexdigest()
    return JSONResponse(await _answer(request, request_id, digest, behaviour))


async def _authenticate(request: Request) -> None:
    config = request.app.state.config
    await authenticate(request, "population", config.population_app, config.population_key)


async def _answer(request: Request, request_id: str, digest: str, behaviour: Behaviour) -> dict[str, str]:
    answer = {
        "request_id": request_id,
        "result": behaviour.value,
        "reference": f"RK{secrets.token_hex(8).upper()}",
        "checked_at": _timestamp(),
    }
    key = f"population:request:{request_id}"
    if await store.of(request).put_once(key, {"digest": digest, "answer": answer}, store.DAY_SECONDS):
        return answer
    earlier = await store.of(request).get(key)
    if earlier is None or earlier["digest"] != digest:
        raise RestRefusal(
            409, "request_id_reused", "This request_id came before with other content.", "request_id"
        )
    return dict(earlier["answer"])


def _timestamp() -> str:
    return datetime.fromtimestamp(time.time(), BEIJING).isoformat(timespec="seconds")


routes = [Route(PATH, outside("population", check), methods=["POST"])]
