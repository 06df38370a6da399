"""Who the national centre is, whom it knows, and where codes are routed."""

import asyncio
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response

from sandbox import faults, store
from sandbox.national import sm2
from sandbox.national.wire import Head, WireError
from sandbox.store import Store

NODE_ID = "00000000001"
SIGN_KID, SEAL_KID = "national-sign-1", "national-seal-1"
# Invented, and worth nothing: they are printed here. A stranger's key signs on demand.
_SIGN = "3b0f6a4d1c2e5f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8"
_SEAL = "5d1e2f3a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6"
_STRANGER = "7c6b5a49382716051423324150697887a6b5c4d3e2f10918273645546372818f"
NODES = "national:nodes"


class Refused(Exception):
    """The centre does not take a message: status and code of the answer, which is not signed."""

    def __init__(self, status: int, code: str) -> None:
        self.status = status
        super().__init__(code)


@cache
def public_keys() -> dict[str, dict[str, str]]:
    """What other centres are told, by use."""
    return {
        "sign": {"kid": SIGN_KID, "public_key": sm2.public_of(_SIGN)},
        "seal": {"kid": SEAL_KID, "public_key": sm2.public_of(_SEAL)},
    }


def opening_key() -> str:
    """The private key under which things are sealed for the centre."""
    return _SEAL


async def known(state: Store, node_id: str) -> dict[str, Any] | None:
    """What is known of a centre: name, url, keys by use and number."""
    return await state.field(NODES, node_id)


async def admit(request: Request, *, keys: Mapping[str, str] | None = None) -> Head:
    """Check a message's signature, time and nonce.

    Args:
        keys: Signing keys by number; those on file, if not given.

    Raises:
        Refused: It is not let in.
    """
    try:
        head, signature = Head.read(request.headers)
    except WireError as exc:
        raise Refused(401, str(exc)) from exc
    if not head.is_of_now:
        raise Refused(401, "clock_skew")
    state = store.of(request)
    node = await known(state, head.sender)
    offered = keys if keys is not None else (node or {}).get("keys", {}).get("sign", {})
    public = offered.get(head.kid, "")
    text = head.text("request", request.method, request.url.path, await request.body())
    if head.receiver != NODE_ID or not public or not _verifies(public, text, signature):
        raise Refused(401, "signature_wrong")
    if not await state.put_once(f"national:nonce:{head.sender}:{head.nonce}", {}, 600):
        raise Refused(409, "message_replayed")
    return head


def answer(request: Request, head: Head, found: Mapping[str, Any], *, forged: bool = False) -> Response:
    """A signed answer to a question; a forged one is signed by somebody else."""
    body = json.dumps(found, ensure_ascii=False).encode()
    own = Head.fresh(NODE_ID, head.sender, SIGN_KID, head.nonce)
    text = own.text("response", "200", request.url.path, body)
    return Response(body, headers=own.headers(sm2.sign(_STRANGER if forged else _SIGN, text)))


async def ask(
    http: httpx.AsyncClient,
    node_id: str,
    *,
    node: Mapping[str, Any],
    path: str,
    message: Mapping[str, Any],
    seconds: float,
) -> dict[str, Any]:
    """Ask another centre, and check its answer.

    Raises:
        WireError: ``issuer_no_answer`` or ``issuer_unavailable``.
    """
    body = json.dumps(message, ensure_ascii=False).encode()
    head = Head.fresh(NODE_ID, node_id, SIGN_KID)
    headers = head.headers(sm2.sign(_SIGN, head.text("request", "POST", path, body)))
    try:
        async with asyncio.timeout(seconds):
            got = await http.post(f"{node['url']}{path}", content=body, headers=headers)
    except (TimeoutError, httpx.TimeoutException) as exc:
        raise WireError("issuer_no_answer") from exc
    except httpx.HTTPError as exc:
        raise WireError("issuer_unavailable") from exc
    if got.status_code != 200:
        raise WireError("issuer_unavailable")
    theirs, signature = Head.read(got.headers)
    public = node["keys"]["sign"].get(theirs.kid, "")
    text = theirs.text("response", "200", path, got.content)
    fits = (theirs.sender, theirs.receiver, theirs.nonce) == (node_id, NODE_ID, head.nonce)
    if not fits or not public or not _verifies(public, text, signature):
        raise WireError("issuer_unavailable")
    found = got.json()
    if not isinstance(found, dict):
        raise WireError("issuer_unavailable")
    return found


def _verifies(public: str, text: bytes, signature: bytes) -> bool:
    try:
        return sm2.verifies(public, text, signature)
    except sm2.Sm2Error:
        return False


async def switched_on(state: Store, kind: str) -> bool:
    """Whether a fault of the protocol is switched on."""
    return any(fault.kind == kind for fault, _ in await faults.active(state, "national"))
