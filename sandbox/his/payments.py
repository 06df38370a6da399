"""What a hospital does with payments that the platform took for its bills: post, refuse, take back.

Magic bill numbers, by what they contain: ``-NO-`` is refused, ``-WAIT-`` stays under way, ``-LATE-`` is
posted only after it was asked about twice, ``-KEEP-`` is not given up again once it was posted.
``-HUSH-`` is posted, and the answer never comes. The fault ``lost`` does the last with every bill.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.answers import RestRefusal, text
from sandbox.his.hospitals import Hospital
from sandbox.store import Store

KEY_SECONDS = 86_400
REFUSAL = "BILL_CLOSED"
PATIENCE = 2


async def post(state: Store, hospital: Hospital, asked: Mapping[str, Any], key: str) -> dict[str, str]:
    """Post a payment once for each key; what was said before is said again."""
    payment_id, bill_no = text(dict(asked), "payment_id"), text(dict(asked), "bill_no")
    amount = asked.get("amount_fen")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
        raise RestRefusal(422, "amount_invalid", "amount_fen is a number of fen.", "amount_fen")
    known = await of_payment(state, hospital, payment_id)
    if known["state"] != "unknown":
        return known
    if not await state.put_once(f"his:{hospital.code}:posting:{key}", {"payment": payment_id}, KEY_SECONDS):
        return await of_payment(state, hospital, payment_id)
    said: dict[str, Any] = {"bill_no": bill_no, "amount_fen": amount, "key": key, "questions": 0}
    if "-NO-" in bill_no:
        said |= {"state": "refused", "reason": REFUSAL}
    elif "-WAIT-" in bill_no or "-LATE-" in bill_no:
        said |= {"state": "pending"}
    else:
        said |= {"state": "posted", "receipt_no": await _receipt(state, hospital)}
    await state.set_field(_payments(hospital), payment_id, said)
    return _shown(said)


async def of_payment(state: Store, hospital: Hospital, payment_id: str) -> dict[str, str]:
    """How a payment stands."""
    known = await state.field(_payments(hospital), payment_id)
    return {"state": "unknown"} if known is None else _shown(known)


async def asked_about(state: Store, hospital: Hospital, payment_id: str) -> dict[str, str]:
    """The same for a question of the platform, which some payments wait for."""
    known = await state.field(_payments(hospital), payment_id)
    if known is not None and known["state"] == "pending":
        known["questions"] += 1
        if "-LATE-" in known["bill_no"] and known["questions"] >= PATIENCE:
            known |= {"state": "posted", "receipt_no": await _receipt(state, hospital)}
        await state.set_field(_payments(hospital), payment_id, known)
    return await of_payment(state, hospital, payment_id)


async def take_back(state: Store, hospital: Hospital, asked: Mapping[str, Any]) -> dict[str, str]:
    """Hold nothing of a payment that went back, and post it never again."""
    payment_id, bill_no = text(dict(asked), "payment_id"), text(dict(asked), "bill_no")
    known = await state.field(_payments(hospital), payment_id)
    if known is not None and known["state"] == "posted" and "-KEEP-" in bill_no:
        return _shown(known)
    said = {**(known or {"bill_no": bill_no, "questions": 0}), "state": "refused", "reason": "RETURNED"}
    await state.set_field(_payments(hospital), payment_id, said)
    return _shown(said)


async def everyone(state: Store, hospital: Hospital) -> dict[str, dict[str, Any]]:
    """All payments, by number."""
    return await state.fields(_payments(hospital))


async def _receipt(state: Store, hospital: Hospital) -> str:
    return f"SJ{hospital.code}{await state.increase(f'his:{hospital.code}:receipts:last'):06}"


def _shown(kept: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(kept[name]) for name in ("state", "receipt_no", "reason") if name in kept}


def _payments(hospital: Hospital) -> str:
    return f"his:{hospital.code}:payments"
