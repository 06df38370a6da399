"""Invented WeChat users, and the one-time codes that stand for them."""

import base64
import hashlib
import re
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.answers import RestRefusal
from sandbox.store import Store
from sandbox.weixin.errors import WeixinRefusal

CODE_SECONDS = 300
LONGEST_CODE_SECONDS = 3600
OPENID_SECONDS = 30 * 86_400
USER_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_GIVEN = "安宁平乐康健长青知秋晓雨云舟"


@dataclass(frozen=True)
class WeixinUser:
    """One invented user. `id` is the sandbox's own name for it."""

    id: str
    nickname: str
    phone: str
    snapshot: bool = False
    high_risk: bool = False

    def openid(self, appid: str) -> str:
        """28 characters, another for each application, as WeChat gives them."""
        return _opaque(f"{appid}|{self.id}")

    @property
    def unionid(self) -> str:
        """The same in all applications of one open-platform account."""
        return _opaque(f"union|{self.id}")


def _opaque(text: str) -> str:
    return "o" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:27]


async def create(store: Store, appids: list[str], **given: Any) -> WeixinUser:
    """Keep a user; what is not given is invented."""
    user_id = str(given.get("id") or secrets.token_hex(6))
    if not USER_NAME.fullmatch(user_id):
        raise RestRefusal(400, "user_invalid", "A user is named by 1 to 32 letters, digits, _ or -.", "id")
    invented_name = secrets.choice(_SURNAMES) + secrets.choice(_GIVEN) + secrets.choice(_GIVEN)
    user = WeixinUser(
        id=user_id,
        nickname=str(given.get("nickname") or invented_name)[:32],
        phone=str(given.get("phone") or f"1990{secrets.randbelow(10_000_000):07d}"),
        snapshot=bool(given.get("snapshot", False)),
        high_risk=bool(given.get("high_risk", False)),
    )
    await store.set_field("weixin:users", user.id, asdict(user))
    for appid in appids:
        await store.put(
            f"weixin:openid:{user.openid(appid)}", {"user": user.id, "appid": appid}, OPENID_SECONDS
        )
    return user


async def find(store: Store, user_id: str) -> WeixinUser | None:
    """The user of this name."""
    stored = await store.field("weixin:users", user_id)
    return None if stored is None else WeixinUser(**stored)


async def everyone(store: Store) -> list[WeixinUser]:
    """All users."""
    return [WeixinUser(**stored) for stored in (await store.fields("weixin:users")).values()]


async def mint_code(
    store: Store, *, kind: str, appid: str, user: WeixinUser, seconds: int, scope: str = ""
) -> str:
    """A code that can be exchanged once, by this application, in this kind of call."""
    code = "0" + secrets.token_urlsafe(24)[:31]
    fields = {"kind": kind, "appid": appid, "user": user.id, "scope": scope}
    await store.put(f"weixin:code:{code}", fields, seconds)
    return code


async def redeem_code(store: Store, *, kind: str, appid: str, code: str) -> tuple[WeixinUser, str]:
    """The user and the scope behind a code, which is used up by this."""
    name = f"weixin:code:{code}"
    stored = await store.get(name)
    if stored is not None and (stored["kind"], stored["appid"]) != (kind, appid):
        raise WeixinRefusal(40029)
    if stored is not None:
        stored = await store.take(name)
    if stored is None:
        raise WeixinRefusal(40163 if await store.was_taken(name) else 40029)
    user = await find(store, stored["user"])
    if user is None:
        raise WeixinRefusal(40029)
    return user, str(stored["scope"])
