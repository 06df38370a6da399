"""Switches that make a played system slow, broken or wrong for a while."""

import asyncio
import math
import random
import time
from dataclasses import asdict, dataclass
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.answers import RestRefusal, text, whole_number
from sandbox.store import Store

HANG_SECONDS = 30.0
MET = "faults:met"
# Done in front of every system, whatever is called.
ANSWERED = frozenset({"latency", "error", "hang", "outage", "garbage", "errcode"})
SYSTEMS = {
    "sms": "短信网关",
    "sms2": "第二家短信网关",
    "population": "人口库",
    "face": "人脸核身",
    "weixin": "微信",
    "weixinpay": "微信支付",
    "national": "国家卡管",
    "his": "医院系统",
    "alipay": "支付宝",
    "unionpay": "银联",
    "insurance": "医保",
}
KINDS = {
    "latency": "变慢（毫秒）",
    "error": "按比例返回 500",
    "hang": "挂起 30 秒",
    "outage": "停机（503）",
    "garbage": "返回乱码",
    "errcode": "返回微信错误码",
    "reject": "拒收某个手机号",
    "silent": "不发回执",
    "badsign": "由他人签名",
    "wrongcode": "答的是另一张卡",
    "unroute": "找不到发卡机构",
    "loop": "把请求转回原处",
    "duplicate": "事件发送两次",
    "reorder": "事件被下一条超过",
    "late": "事件迟到（毫秒）",
    "drop": "事件丢失",
    "skew": "时钟慢一刻钟",
    "lost": "已办理但不应答",
    "code": "返回渠道的错误代码",
    "badnotice": "通知由他人签名",
    "wrongamount": "通知里的金额不符",
    "poor": "商户余额不足",
    "slow": "退款很久才完成",
    "probe": "先发一个探测签名的通知",
    "abnormal": "退款变为异常",
    "closed": "退款被关闭",
    "tamper": "账单文件与摘要不符",
}
# Kinds that only some systems know; those of the national centre, the hospitals and WeChat Pay are done by
# themselves, on the events and notices that they send.
ONLY = {
    "errcode": {"weixin"},
    "reject": {"sms", "sms2"},
    "silent": {"sms", "sms2", "weixin", "insurance"},
    "badsign": {"national", "his", "insurance", "weixinpay", "alipay", "unionpay"},
    "wrongcode": {"national"},
    "unroute": {"national"},
    "loop": {"national"},
    "duplicate": {"his", "insurance", "weixinpay", "alipay", "unionpay"},
    "reorder": {"his"},
    "late": {"his", "insurance", "weixinpay", "alipay", "unionpay"},
    "drop": {"his", "weixinpay", "alipay", "unionpay"},
    "skew": {"his", "weixinpay"},
    "lost": {"his", "insurance", "weixinpay", "alipay", "unionpay"},
    "code": {"weixinpay"},
    "badnotice": {"weixinpay"},
    "wrongamount": {"weixinpay", "alipay", "unionpay"},
    "probe": {"weixinpay"},
    "abnormal": {"weixinpay"},
    "closed": {"weixinpay"},
    "tamper": {"weixinpay"},
    "poor": {"alipay"},
    "slow": {"unionpay"},
}


@dataclass(frozen=True)
class Fault:
    """One switch. `rate` is the share of calls it meets, in percent."""

    system: str
    kind: str
    milliseconds: int = 0
    rate: int = 100
    errcode: int = 0
    path: str = ""
    phone: str = ""
    code: str = ""

    @property
    def name(self) -> str:
        """The switch's place: one for each system and kind."""
        return f"{self.system}:{self.kind}"


def kinds_of(system: str) -> list[str]:
    """The kinds of faults that a system knows."""
    return [kind for kind in KINDS if system in ONLY.get(kind, {system})]


def parse(body: dict[str, Any]) -> tuple[Fault, int]:
    """A switch and the seconds it stays on, from a console request."""
    system = text(body, "system")
    kind = text(body, "kind")
    if system not in SYSTEMS:
        raise RestRefusal(400, "system_unknown", f"system must be one of {', '.join(SYSTEMS)}.", "system")
    if kind not in kinds_of(system):
        raise RestRefusal(400, "kind_unknown", f"{system} has no fault of this kind.", "kind")
    fault = Fault(
        system=system,
        kind=kind,
        milliseconds=whole_number(body, "milliseconds", default=3000, least=0, most=60_000),
        rate=whole_number(body, "rate", default=100, least=0, most=100),
        errcode=whole_number(body, "errcode", default=45011, least=-1, most=9_999_999),
        path=text(body, "path") if body.get("path") else "",
        phone=text(body, "phone") if kind == "reject" else "",
        code=text(body, "code") if kind == "code" else "",
    )
    return fault, whole_number(body, "seconds", default=60, least=1, most=3600)


async def switch_on(store: Store, fault: Fault, seconds: int) -> None:
    """Switch on for some seconds; the same switch again replaces itself."""
    await store.set_field("faults", fault.name, {"until": time.time() + seconds, "fault": asdict(fault)})


async def switch_off(store: Store, system: str = "", kind: str = "") -> None:
    """Switch off one fault, all of one system, or all."""
    for fault, _ in await active(store):
        if system in {"", fault.system} and kind in {"", fault.kind}:
            await store.drop_field("faults", fault.name)


async def active(store: Store, system: str = "") -> list[tuple[Fault, int]]:
    """The faults that are on, each with the seconds it has left, in the order of `KINDS`."""
    now = time.time()
    found = [
        (Fault(**stored["fault"]), math.ceil(stored["until"] - now))
        for stored in (await store.fields("faults")).values()
        if stored["until"] > now and system in {"", stored["fault"]["system"]}
    ]
    return sorted(found, key=lambda each: list(KINDS).index(each[0].kind))


async def meets(store: Store, fault: Fault) -> bool:
    """Whether a switch meets this call or notice, by its share; those that it met are counted."""
    if fault.rate <= random.randrange(100):  # noqa: S311
        return False
    await store.increase(f"{MET}:{fault.name}")
    return True


async def met(store: Store) -> dict[str, dict[str, int]]:
    """How many calls and notices each switch has met since the last reset, by system and kind."""
    found: dict[str, dict[str, int]] = {}
    for system in SYSTEMS:
        for kind in kinds_of(system):
            count = await store.count(f"{MET}:{Fault(system, kind).name}")
            if count:
                found.setdefault(system, {})[kind] = count
    return found


async def apply(store: Store, system: str, path: str) -> Response | None:
    """Do what the switches of a system say; an answer if it must not come from the system itself."""
    for fault, _ in await active(store, system):
        if fault.kind in ANSWERED and path.startswith(fault.path) and await meets(store, fault):
            answer = await _meet(fault)
            if answer is not None:
                return answer
    return None


async def _meet(fault: Fault) -> Response | None:
    match fault.kind:
        case "latency":
            await asyncio.sleep(fault.milliseconds / 1000)
            return None
        case "hang":
            return await hang()
        case "error":
            return broken()
        case "outage":
            return JSONResponse({"code": "outage", "message": "Switched off in the sandbox."}, 503)
        case "garbage":
            return garbage()
        case "errcode":
            return JSONResponse({"errcode": fault.errcode, "errmsg": "switched on in the sandbox"})
        case _:
            return None


async def hang() -> Response:
    """Keep the caller waiting far longer than it should wait."""
    await asyncio.sleep(HANG_SECONDS)
    return JSONResponse({"code": "timeout", "message": "The sandbox was told to hang."}, 504)


def broken() -> Response:
    """An error of the server."""
    return JSONResponse({"code": "internal_error", "message": "The sandbox was told to fail."}, 500)


def garbage() -> Response:
    """An answer that is no JSON."""
    return PlainTextResponse("\u0000\ufffd<html>系统繁忙")
