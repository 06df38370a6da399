"""WeChat Pay in the console: set-ups of merchants, orders, refunds, notices, bills."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import store
from sandbox.answers import RestRefusal, json_object, text, whole_number
from sandbox.console.calls import console, explained, form_of
from sandbox.html import Html, join, page, render, table
from sandbox.weixinpay import behaviour, mixed, notices, orders, refunds
from sandbox.weixinpay.bill_files import Changes, yuan
from sandbox.weixinpay.certificates import certificate
from sandbox.weixinpay.keys import CERTIFICATE, OLD_CERTIFICATE
from sandbox.weixinpay.notices import Way
from sandbox.weixinpay.orders import NotPayable, Order

ADDRESS = "/console/weixinpay"
API = "/console/api/weixinpay"
SHOWN = 50
OUTCOMES = ("SUCCESS", "ABNORMAL", "CLOSED")


async def merchant(request: Request) -> Response:
    """The set-up of a merchant, as it would be taken from the merchant's pages; `algorithms` is RSA or SM."""
    mchid, algorithms = request.path_params["mchid"], request.query_params.get("algorithms", "RSA")
    made = behaviour.set_up(request, mchid, algorithms)
    certificates = [certificate(algorithms, name) for name in (OLD_CERTIFICATE, CERTIFICATE)]
    return JSONResponse(made | {"certificates": certificates})


async def behave(request: Request) -> Response:
    """Say how WeChat Pay is with the merchant `mchid`."""
    return JSONResponse(asdict(await behaviour.change(store.of(request), await json_object(request))))


async def listed(request: Request) -> Response:
    """The orders of a merchant `mchid`, or of all, with their refunds."""
    found = await orders.everyone(store.of(request), request.query_params.get("mchid", ""))
    return JSONResponse({"orders": found})


async def pay(request: Request) -> Response:
    """Let the payer pay the order `number` of `mchid`; `amount` is another amount, `openid` another payer."""
    body = await json_object(request)
    amount = whole_number(body, "amount", default=0, least=0, most=10**9) or None
    openid = text(body, "openid") if "openid" in body else ""
    try:
        order = await orders.pay(
            request, text(body, "mchid"), text(body, "number"), openid=openid, amount=amount
        )
    except NotPayable as exc:
        raise RestRefusal(409, "not_payable", str(exc)) from exc
    return JSONResponse(orders.as_answer(order))


async def confirm(request: Request) -> Response:
    """Let the payer confirm the mixed order `mix_trade_no`; `fails` is empty, insurance, own or both."""
    body = await json_object(request)
    fails = body.get("fails", "")
    try:
        done = await mixed.confirm(
            request,
            text(body, "mix_trade_no"),
            insurance_fails=fails in {"insurance", "both"},
            own_fails=fails in {"own", "both"},
        )
    except NotPayable as exc:
        raise RestRefusal(409, "not_payable", str(exc)) from exc
    return JSONResponse({"mix_trade_no": done["mix_trade_no"]})


async def age(request: Request) -> Response:
    """Make the order `number` of `mchid` older by `seconds`: its creation, code, end, payment and refunds."""
    body, state = await json_object(request), store.of(request)
    seconds = whole_number(body, "seconds", default=7_200, least=1, most=400 * 86_400)
    order = await orders.find(state, text(body, "mchid"), text(body, "number"))
    if order is None:
        raise RestRefusal(404, "order_unknown", "This merchant has no such order.", "number")
    for part in (order, *order["refunds"]):
        for name in ("created_at", "token_at", "expires_at", "paid_at", "ends_at"):
            if name in part:
                part[name] -= seconds
    await orders.keep(state, order)
    return JSONResponse({"aged": seconds})


async def told(request: Request) -> Response:
    """GET every try, the newest first; POST `id` to tell that notice again, by a `way`."""
    if request.method == "POST":
        body = await json_object(request)
        try:
            way = Way(**body.get("way", {}))
        except TypeError as exc:
            raise RestRefusal(400, "way_invalid", f"way has {', '.join(asdict(Way()))}.", "way") from exc
        if not await notices.tell_again(request, text(body, "id"), way):
            raise RestRefusal(404, "notice_unknown", "There was no such notice.", "id")
    tries = await store.of(request).newest(notices.SENT, notices.KEPT)
    number = request.query_params.get("number", "")
    return JSONResponse({"notices": [each for each in tries if number in {"", each["number"]}]})


async def end_refund(request: Request) -> Response:
    """End the refund `number` of `mchid` now, with the outcome SUCCESS, ABNORMAL or CLOSED."""
    body = await json_object(request)
    outcome = text(body, "outcome")
    if outcome not in OUTCOMES:
        raise RestRefusal(400, "outcome_unknown", f"outcome is one of {', '.join(OUTCOMES)}.", "outcome")
    found = await refunds.end(request, text(body, "mchid"), text(body, "number"), outcome)
    if found is None:
        raise RestRefusal(404, "refund_unknown", "This merchant has no such refund.", "number")
    return JSONResponse(refunds.as_answer(found))


async def change_bill(request: Request) -> Response:
    """Let the bill of a `day` of `mchid` differ: `leave_out`, `amounts` by number, `strangers`."""
    body = await json_object(request)
    mchid, day = text(body, "mchid"), text(body, "day")
    leave_out, amounts = body.get("leave_out", []), body.get("amounts", {})
    if not isinstance(leave_out, list) or not isinstance(amounts, dict):
        raise RestRefusal(400, "changes_invalid", "leave_out is a list, amounts an object.")
    changes = Changes(leave_out, amounts, whole_number(body, "strangers", default=0, least=0, most=100))
    await store.of(request).set_field(f"weixinpay:bills:{mchid}", day, asdict(changes))
    return JSONResponse(asdict(changes))


async def show(request: Request) -> Response:
    """Orders of one merchant or of all, with a button to pay, and what merchants were told."""
    mchid = request.query_params.get("mchid", "")
    if request.method == "POST":
        form = await form_of(request)
        try:
            await orders.pay(request, form.get("mchid", ""), form.get("number", ""))
        except NotPayable as exc:
            raise RestRefusal(409, "not_payable", str(exc)) from exc
        return RedirectResponse(f"{ADDRESS}?mchid={form.get('mchid', '')}", 303)
    state = store.of(request)
    body = join(
        [
            _form(mchid),
            _order_table(await orders.everyone(state, mchid)),
            _notice_table(await state.newest(notices.SENT, SHOWN)),
        ]
    )
    return page("微信支付", body, here=ADDRESS)


def _form(mchid: str) -> Html:
    return render(
        "<form class='switch' method='get' action='{address}'><label>商户号（不填是全部）"
        "<input name='mchid' value='{mchid}' inputmode='numeric' autocomplete='off'></label>"
        "<button class='button main'>查看订单</button></form>",
        address=ADDRESS,
        mchid=mchid,
    )


def _order_table(found: list[Order]) -> Html:
    rows = [
        (
            order["number"],
            order["title"],
            f"¥{yuan(order['total'])}",
            orders.STATES[order["state"]],
            "、".join(f"¥{yuan(each['amount'])} {refunds.state_of(each)}" for each in order["refunds"]),
            _pay_button(order) if order["state"] == "NOTPAY" else "",
        )
        for order in reversed(found[-SHOWN:])
    ]
    return table("订单", ("订单号", "商品", "金额", "状态", "退款", "付款"), rows, "还没有订单。")


def _pay_button(order: Order) -> Html:
    return render(
        "<form method='post' action='{address}'><input type='hidden' name='mchid' value='{mchid}'>"
        "<input type='hidden' name='number' value='{number}'><button>付款</button></form>",
        address=ADDRESS,
        mchid=order["mchid"],
        number=order["number"],
    )


def _notice_table(tries: list[dict[str, Any]]) -> Html:
    rows = [
        (each["at"], each["event"], each["number"], each["try"] or "—", each["status"] or "—", each["answer"])
        for each in tries
    ]
    return table(
        "发给商户的通知", ("时间", "事件", "单号", "第几次", "状态", "应答"), rows, "还没有发过通知。"
    )


routes: list[BaseRoute] = [
    Route(ADDRESS, explained(show), methods=["GET", "POST"]),
    Route(f"{API}/merchants", console(behave), methods=["POST"]),
    Route(f"{API}/merchants/{{mchid}}", console(merchant), methods=["GET"]),
    Route(f"{API}/orders", console(listed), methods=["GET"]),
    Route(f"{API}/pay", console(pay), methods=["POST"]),
    Route(f"{API}/confirm", console(confirm), methods=["POST"]),
    Route(f"{API}/age", console(age), methods=["POST"]),
    Route(f"{API}/notices", console(told), methods=["GET", "POST"]),
    Route(f"{API}/refunds", console(end_refund), methods=["POST"]),
    Route(f"{API}/bills", console(change_bill), methods=["POST"]),
]
