"""UnionPay in the console: its merchants, its transactions, who pays, its days."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import notices, store
from sandbox.answers import RestRefusal, json_object, text
from sandbox.console.alipay import DAYS, told_table
from sandbox.console.calls import console, explained, form_of
from sandbox.html import join, page, render, table
from sandbox.unionpay import gateway, messages, notify, transactions
from sandbox.unionpay.transactions import DONE, Transaction

ADDRESS = "/console/unionpay"
SHOWN = 50


async def keep_merchant(request: Request) -> Response:
    """GET the merchants' numbers; POST `number` and `public_key`: the answer has the certificates."""
    state = store.of(request)
    if request.method == "POST":
        return JSONResponse(await messages.keep(state, await json_object(request)))
    return JSONResponse({"merchants": await messages.everyone(state)})


async def show_transactions(request: Request) -> Response:
    """The transactions, newest first."""
    found = await transactions.everyone(store.of(request))
    return JSONResponse({"transactions": [asdict(each) for each in found]})


async def act(request: Request) -> Response:
    """POST `order_id` and `act`: pay or notify, with a `way` for the notice."""
    body = await json_object(request)
    done = await _act(request, text(body, "order_id"), body.get("act", "pay"), body.get("way", {}))
    return JSONResponse(asdict(done))


async def _act(request: Request, number: str, wanted: str, way: dict[str, Any]) -> Transaction:
    state, how = store.of(request), notices.parse(way)
    found = next((each for each in await transactions.everyone(state) if each.order_id == number), None)
    if found is None:
        raise RestRefusal(404, "transaction_unknown", "There is no such transaction.", "order_id")
    if wanted == "pay":
        return await gateway.settle(request, found, way=how)
    if wanted != "notify" or found.result != DONE:
        raise RestRefusal(400, "act_unknown", "act is pay, or notify of what is paid.", "act")
    await notify.send(request, found, way=how)
    return found


async def days(request: Request) -> Response:
    """POST `day` (``MMDD``) and `state`: ready, not_ready or empty, whatever the time."""
    body = await json_object(request)
    told = text(body, "state")
    if told not in DAYS:
        raise RestRefusal(400, "state_unknown", f"state is one of {', '.join(DAYS)}.", "state")
    await store.of(request).set_field("unionpay:days", text(body, "day"), {"state": told})
    return JSONResponse({"state": told})


async def show(request: Request) -> Response:
    """The transactions with buttons, the notices, the codes that do something."""
    if request.method == "POST":
        form = await form_of(request)
        await _act(request, form.get("order_id", ""), form.get("act", ""), {})
        return RedirectResponse(ADDRESS, 303)
    rows = [
        (
            each.txn_time,
            render("<a href='/unionpay/qr/{token}'>{no}</a>", token=each.token, no=each.order_id)
            if each.token
            else each.order_id,
            f"{each.txn_type}/{each.sub_type}",
            f"{each.fen // 100}.{each.fen % 100:02d}",
            each.result or "待扫码",
            render(
                "<form method='post'><input type='hidden' name='order_id' value='{no}'>"
                "<button name='act' value='{act}'>{label}</button></form>",
                no=each.order_id,
                act="notify" if each.result == DONE else "pay",
                label="再通知一次" if each.result == DONE else "支付",
            ),
        )
        for each in (await transactions.everyone(store.of(request)))[:SHOWN]
    ]
    heads = ("时间", "商户订单号", "类型", "金额", "结果", "操作")
    body = join(
        [
            table("交易", heads, rows, "还没有交易。"),
            table("特殊付款码", ("付款码", "结果"), gateway.MAGIC_CODES.items(), "没有特殊付款码。"),
            await told_table(request, "unionpay"),
        ]
    )
    return page("银联", body, here=ADDRESS)


routes: list[BaseRoute] = [
    Route(ADDRESS, explained(show), methods=["GET", "POST"]),
    Route("/console/api/unionpay/merchants", console(keep_merchant), methods=["GET", "POST"]),
    Route("/console/api/unionpay/transactions", console(show_transactions), methods=["GET"]),
    Route("/console/api/unionpay/act", console(act), methods=["POST"]),
    Route("/console/api/unionpay/days", console(days), methods=["POST"]),
]
