"""How WeChat Pay is with one merchant, as the console says."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from starlette.requests import Request

from sandbox import store
from sandbox.answers import RestRefusal, text
from sandbox.store import Store
from sandbox.weixinpay import keys
from sandbox.weixinpay.keys import RSA, SM

NUMBER = re.compile(r"1[0-9]{9}")
KEPT = "weixinpay:merchants"
SIGNERS = ("mixed", "public_key", "certificate")
BILLS = ("clock", "ready", "creating")


@dataclass(frozen=True)
class Behaviour:
    """What may differ from merchant to merchant.

    Attributes:
        callbacks: Which key signs notices: ``mixed``, ``public_key`` or ``certificate``.
        certificates: Whether there are platform certificates; merchants opened lately have none.
        bills: ``clock`` as in life, ``ready`` at once, also of today, or ``creating``.
        balance_fen: What refunds are paid from; below zero is without end.
        fee_rate: Of 10,000.
        pace: By what the pauses between notices and refunds are multiplied; below zero is the sandbox's.
    """

    callbacks: str = "mixed"
    certificates: bool = True
    bills: str = "clock"
    balance_fen: int = -1
    fee_rate: int = 60
    pace: float = -1.0


async def of(request: Request, mchid: str) -> Behaviour:
    """The behaviour towards a merchant."""
    found = await stored(store.of(request), mchid)
    return replace(found, pace=request.app.state.config.payment_pace) if found.pace < 0 else found


async def stored(state: Store, mchid: str) -> Behaviour:
    """The behaviour as it was said."""
    return Behaviour(**(await state.field(KEPT, mchid) or {}))


async def change(state: Store, body: Mapping[str, Any]) -> Behaviour:
    """Change some of it, from a console request.

    Raises:
        RestRefusal: A member is unknown or out of range.
    """
    mchid = merchant_number(text(dict(body), "mchid"))
    given = {name: value for name, value in body.items() if name != "mchid"}
    known = asdict(await stored(state, mchid))
    if not given.keys() <= known.keys() or not all(
        type(value) is type(known[name]) or (name == "pace" and isinstance(value, int))
        for name, value in given.items()
    ):
        raise RestRefusal(400, "behaviour_invalid", f"A merchant has {', '.join(known)}.")
    changed = Behaviour(**{**known, **given})
    if changed.callbacks not in SIGNERS or changed.bills not in BILLS or not 0 <= changed.fee_rate <= 10_000:
        raise RestRefusal(400, "behaviour_invalid", "callbacks, bills or fee_rate is out of range.")
    await state.set_field(KEPT, mchid, asdict(changed))
    return changed


def merchant_number(mchid: str) -> str:
    """A number that a merchant may have: ten figures, the first is 1.

    Raises:
        RestRefusal: It is none.
    """
    if not NUMBER.fullmatch(mchid):
        raise RestRefusal(400, "mchid_invalid", "A merchant has ten figures, the first is 1.", "mchid")
    return mchid


def set_up(request: Request, mchid: str, algorithms: str) -> dict[str, Any]:
    """What a merchant gets when it is opened, under the names of the product's settings.

    Raises:
        RestRefusal: The number or the algorithms are none.
    """
    merchant_number(mchid)
    if algorithms not in {RSA, SM}:
        raise RestRefusal(400, "algorithms_unknown", "algorithms is RSA or SM.", "algorithms")
    config = request.app.state.config
    return {
        "number": mchid,
        "base_url": str(request.base_url).rstrip("/"),
        "values": {
            "appid": config.official_appid,
            "mini_appid": config.mini_appid,
            "algorithms": algorithms,
            "serial_no": keys.serial(algorithms, keys.merchant_key(mchid)),
            "public_key_id": keys.public_key_id(),
            "public_key": keys.public_pem(algorithms, keys.PUBLIC_KEY),
        },
        "secrets": {
            "private_key": keys.private_pem(algorithms, keys.merchant_key(mchid)),
            "api_v3_key": keys.api_key(mchid),
        },
    }
