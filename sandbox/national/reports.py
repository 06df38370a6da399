"""Reports of other centres: kept once by their ids, with a receipt; counted by day."""

import secrets
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox import store
from sandbox.national import centre, wire
from sandbox.national.centre import NODE_ID, Refused
from sandbox.national.wire import Head, WireError
from sandbox.outside import beijing_time

MOST_RECORDS = 500
KEPT_RECEIPTS = 200
KINDS = ("registration", "use")
_NEEDED = {
    "registration": ("id", "day", "change", "health_card_id", "state"),
    "use": ("id", "day", "health_card_id", "used_at", "scene", "use_kind", "institution"),
}
# A record whose department says so is refused, for good.
MAGIC_DEPARTMENT = "拒收"


async def take(request: Request, head: Head, message: Mapping[str, Any]) -> Response:
    """Keep a batch; a record that came before is acknowledged again and kept once."""
    kind = str(message.get("kind", ""))
    if kind not in KINDS:
        raise Refused(400, "kind_unknown")
    try:
        sealed = wire.unseal(
            message.get("sealed") or {}, private=centre.opening_key(), sender=head.sender, receiver=NODE_ID
        )
    except WireError as exc:
        raise Refused(400, str(exc)) from exc
    records = sealed.get("records")
    if not isinstance(records, list) or len(records) > MOST_RECORDS:
        raise Refused(400, "records_invalid")
    state = store.of(request)
    accepted, refused = [], []
    for record in records:
        fault = _fault(kind, record)
        if fault:
            refused.append({"id": record.get("id"), "code": fault})
            continue
        await state.set_field(_place(head.sender, record["day"], kind), record["id"], {"at": beijing_time()})
        accepted.append(record["id"])
    receipt = {
        "receipt": f"HZ{secrets.token_hex(10).upper()}",
        "batch_id": message.get("batch_id"),
        "accepted": accepted,
        "refused": refused,
    }
    entry = {
        "at": beijing_time(),
        "node": head.sender,
        "kind": kind,
        "receipt": receipt["receipt"],
        "accepted": len(accepted),
        "refused": len(refused),
    }
    await state.append("national:receipts", entry, keep=KEPT_RECEIPTS)
    forged = await centre.switched_on(state, "badsign")
    return centre.answer(request, head, receipt, forged=forged)


async def held(request: Request, head: Head, message: Mapping[str, Any]) -> Response:
    """How many records are held of a day, by kind; with a kind, also which."""
    state, day = store.of(request), str(message.get("day", ""))
    found = {kind: await state.fields(_place(head.sender, day, kind)) for kind in KINDS}
    whole: dict[str, Any] = {"day": day, "counts": {kind: len(each) for kind, each in found.items()}}
    if message.get("kind") in KINDS:
        whole["ids"] = sorted(found[str(message["kind"])])
    return centre.answer(request, head, whole)


async def forget(state: store.Store, *, node: str, day: str, kind: str, count: int) -> int:
    """Lose some records, as a restore from an old backup would."""
    place = _place(node, day, kind)
    lost = sorted(await state.fields(place))[:count]
    for record_id in lost:
        await state.drop_field(place, record_id)
    return len(lost)


def _place(node: str, day: str, kind: str) -> str:
    return f"national:held:{node}:{day}:{kind}"


def _fault(kind: str, record: Any) -> str:
    if not isinstance(record, dict) or not all(record.get(name) for name in _NEEDED[kind]):
        return "record_incomplete"
    return "department_refused" if record.get("department") == MAGIC_DEPARTMENT else ""
