"""Alipay in the console: its applications, its trades, who pays, its days."""

import time
from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import notices, store
from sandbox.alipay import apps, calls, notify, trades
from sandbox.alipay.answers import trade_absent
from sandbox.alipay.trades import FINISHED, Trade, moment, yuan
from sandbox.answers import RestRefusal, json_object, text
from sandbox.console.calls import console, explained, form_of
from sandbox.html import Html, join, page, render, table

ADDRESS = "/console/alipay"
SHOWN = 50
DAYS = ("ready", "not_ready", "empty")


async def keep_app(request: Request) -> Response:
    """GET the applications; POST one (`app_id`, `seller_id`, `public_key`, `mode` key or certificate)."""
    state = store.of(request)
    if request.method == "POST":
        return JSONResponse(await apps.keep(state, await json_object(request)))
    return JSONResponse({"apps": [each.app_id for each in await apps.everyone(state)]})


async def show_trades(request: Request) -> Response:
    """The trades, newest first."""
    return JSONResponse({"trades": [asdict(each) for each in await trades.everyone(store.of(request))]})


async def act(request: Request) -> Response:
    """POST `out_trade_no` and `act`: pay, finish, expire or notify, with a `way` for the notice."""
    body = await json_object(request)
    trade = await _act(request, text(body, "out_trade_no"), body.get("act", "pay"), body.get("way", {}))
    return JSONResponse(asdict(trade))


async def _act(request: Request, number: str, wanted: str, way: dict[str, Any]) -> Trade:
    state, how = store.of(request), notices.parse(way)
    found = next((each for each in await trades.everyone(state) if each.out_trade_no == number), None)
    if found is None:
        raise RestRefusal(404, "trade_unknown", trade_absent().told["sub_msg"], "out_trade_no")
    match wanted:
        case "pay":
            return await calls.settle(request, found, buyer="", way=how)
        case "finish" if found.is_paid:
            found = await trades.keep(state, replace(found, status=FINISHED))
        case "expire":
            return await trades.keep(state, replace(found, expires=time.time() - 1))
        case "notify":
            pass
        case _:
            raise RestRefusal(400, "act_unknown", "act is pay, finish, expire or notify.", "act")
    await notify.send(request, found, way=how)
    return await trades.find(state, found.app_id, number) or found


async def days(request: Request) -> Response:
    """POST `day` and `state`: ready, not_ready or empty, whatever the time."""
    body = await json_object(request)
    told = text(body, "state")
    if told not in DAYS:
        raise RestRefusal(400, "state_unknown", f"state is one of {', '.join(DAYS)}.", "state")
    await store.of(request).set_field("alipay:days", text(body, "day"), {"state": told})
    return JSONResponse({"state": told})


async def told(request: Request) -> Response:
    """The notices of all channels, newest first; `system` picks one."""
    system = request.query_params.get("system", "")
    found = await store.of(request).newest(notices.TOLD, notices.KEPT_TOLD)
    return JSONResponse({"told": [each for each in found if system in {"", each["system"]}]})


async def show(request: Request) -> Response:
    """The trades with buttons, the notices, the codes that do something."""
    state = store.of(request)
    if request.method == "POST":
        form = await form_of(request)
        await _act(request, form.get("out_trade_no", ""), form.get("act", ""), {})
        return RedirectResponse(ADDRESS, 303)
    rows = [
        (
            moment(each.created) if each.created else "—",
            render("<a href='/alipay/cashier/{token}'>{no}</a>", token=each.token, no=each.out_trade_no),
            each.subject,
            yuan(each.total),
            each.status or "待扫码",
            yuan(each.refunded) if each.refunds else "",
            _buttons(each),
        )
        for each in (await trades.everyone(state))[:SHOWN]
    ]
    heads = ("时间", "商户订单号", "标题", "金额", "状态", "已退", "操作")
    body = join(
        [
            table("交易", heads, rows, "还没有交易。"),
            table("特殊付款码", ("付款码", "结果"), calls.MAGIC_CODES.items(), "没有特殊付款码。"),
            await told_table(request, "alipay"),
        ]
    )
    return page("支付宝", body, here=ADDRESS)


def _buttons(trade: Trade) -> Html:
    labels = (("finish", "超过退款期"), ("notify", "再通知一次")) if trade.is_paid else (("pay", "支付"),)
    buttons = join(
        render("<button name='act' value='{act}'>{label}</button> ", act=act_, label=label)
        for act_, label in labels
    )
    return render(
        "<form method='post'><input type='hidden' name='out_trade_no' value='{no}'>{buttons}</form>",
        no=trade.out_trade_no,
        buttons=buttons,
    )


async def told_table(request: Request, system: str) -> Html:
    """What a channel told the platform."""
    found = await store.of(request).newest(notices.TOLD, notices.KEPT_TOLD)
    rows = [
        (each["at"], each["about"], each["status"] or "—", each["answer"])
        for each in found
        if each["system"] == system
    ]
    return table("发出的通知", ("时间", "内容", "状态", "应答"), rows[:SHOWN], "还没有通知。")


routes: list[BaseRoute] = [
    Route(ADDRESS, explained(show), methods=["GET", "POST"]),
    Route("/console/api/alipay/apps", console(keep_app), methods=["GET", "POST"]),
    Route("/console/api/alipay/trades", console(show_trades), methods=["GET"]),
    Route("/console/api/alipay/act", console(act), methods=["POST"]),
    Route("/console/api/alipay/days", console(days), methods=["POST"]),
    Route("/console/api/notices", console(told), methods=["GET"]),
]
