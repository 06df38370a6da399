"""The insurance in the console: applications, permissions, orders that wait, balances, totals of a day."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import store
from sandbox.answers import RestRefusal, json_object, text, whole_number
from sandbox.console.calls import console, explained, form_of
from sandbox.html import Html, join, page, render, table
from sandbox.insurance import apps, fields, notices, orders, people, permissions, steps
from sandbox.insurance.fields import yuan
from sandbox.insurance.orders import NAMES, Order
from sandbox.insurance.rules import RULES
from sandbox.outside import BEIJING

ADDRESS = "/console/insurance"
SHOWN = 50


async def centre(request: Request) -> Response:
    """GET the centre's public key and the demo's application; POST an application of one's own."""
    if request.method == "POST":
        await apps.keep(store.of(request), apps.parse(await json_object(request)))
    return JSONResponse(
        {
            "centre_key": apps.centre_public(),
            "demo": asdict(apps.demo()) | {"private_key": apps.DEMO_KEY},
        }
    )


async def permit(request: Request) -> Response:
    """A permission of `id_number`: `kind` payAuthNo (default) or ecToken, living `seconds`."""
    body = await json_object(request)
    kind = text(body, "kind") if "kind" in body else "payAuthNo"
    if kind not in {"payAuthNo", "ecToken"}:
        raise RestRefusal(400, "kind_unknown", "kind must be payAuthNo or ecToken.", "kind")
    seconds = whole_number(body, "seconds", default=permissions.SECONDS, least=1, most=permissions.LONGEST)
    id_number = text(body, "id_number", longest=32)
    return JSONResponse(
        {kind: await permissions.mint(store.of(request), id_number, seconds=seconds, kind=kind)}
    )


async def list_orders(request: Request) -> Response:
    """GET all; `number` picks one. POST `order_id` and `step`: own, insurance, both or end."""
    state = store.of(request)
    if request.method == "POST":
        body = await json_object(request)
        await steps.take(request, text(body, "order_id"), text(body, "step"))
    number = request.query_params.get("number", "")
    found = [asdict(order) for order in await orders.everyone(state) if number in {"", order.number}]
    return JSONResponse({"orders": found})


async def hold(request: Request) -> Response:
    """How many `seconds` an order waits for the own share from now on."""
    seconds = whole_number(await json_object(request), "seconds", default=1_800, least=1, most=86_400)
    await store.of(request).set_field(orders.SETTINGS, "hold", {"seconds": seconds})
    return JSONResponse({"seconds": seconds})


async def accounts(request: Request) -> Response:
    """Let a person (`id_number`, `name`) have `balance`, `spent` and `fund_paid`, in fen."""
    body = await json_object(request)
    state = store.of(request)
    person = await people.find(state, text(body, "id_number", longest=32), text(body, "name"))
    changed = replace(
        person,
        balance=whole_number(body, "balance", default=person.balance, least=0, most=10**11),
        spent=whole_number(body, "spent", default=person.spent, least=0, most=10**11),
        fund_paid=whole_number(body, "fund_paid", default=person.fund_paid, least=0, most=10**11),
    )
    if changed != person:
        await people.keep(state, changed)
    return JSONResponse(asdict(changed) | {"number": changed.number})


async def totals(request: Request) -> Response:
    """What was settled and given back on `day`, for each institution."""
    day = request.query_params.get("day", "")
    return JSONResponse({"totals": _totals(await orders.everyone(store.of(request)), day)})


async def told(request: Request) -> Response:
    """The results that were told, the newest first, each try."""
    return JSONResponse({"notices": await store.of(request).newest(notices.SENT, notices.KEPT)})


def _totals(found: list[Order], day: str) -> dict[str, dict[str, int]]:
    sums: dict[str, dict[str, int]] = {}
    for order in found:
        settled = _day(order.settled_at) == day
        refunds = [each for each in order.refunds.values() if _day(each["at"]) == day]
        if not settled and not refunds:
            continue
        kept = sums.setdefault(order.organisation, dict.fromkeys(_COUNTED, 0))
        if settled:
            kept["count"] += 1
            for name in ("total", "fund", "account", "own"):
                kept[name] += getattr(order, name)
        for each in refunds:
            kept["refunds"] += 1
            for name in ("fund", "account", "own"):
                kept[f"{name}_back"] += each[name]
    return sums


_COUNTED = ("count", "total", "fund", "account", "own", "refunds", "fund_back", "account_back", "own_back")


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, BEIJING).strftime("%Y-%m-%d") if moment else ""


async def show(request: Request) -> Response:
    """Orders with the buttons that move them, rules, magic names, codes."""
    if request.method == "POST":
        form = await form_of(request)
        await steps.take(request, form.get("order_id", ""), form.get("step", ""))
        return RedirectResponse(ADDRESS, 303)
    state = store.of(request)
    sent = [
        (each["at"], each["order"], each["status"] or "—", each["answer"])
        for each in await state.newest(notices.SENT, SHOWN)
    ]
    rules = [
        (code, rule.name, yuan(rule.deductible), f"{rule.percent}%", yuan(rule.ceiling))
        for code, rule in RULES.items()
    ]
    body = join(
        [
            _order_table((await orders.everyone(state))[:SHOWN]),
            table("结算结果通知", ("时间", "订单", "状态", "应答"), sent, "还没有发出通知。"),
            table("分割规则（虚构）", ("险种", "名称", "年起付线", "比例", "年封顶线"), rules, ""),
            table(
                "特殊姓名",
                ("姓名", "医保的反应"),
                [(n, what) for n, (_, what) in people.MAGIC_NAMES.items()],
                "",
            ),
            table("返回码（虚构）", ("返回码", "含义"), fields.MEANINGS.items(), ""),
        ]
    )
    return page("医保", body, here=ADDRESS)


def _order_table(found: list[Order]) -> Html:
    rows: list[tuple[Any, ...]] = [
        (
            order.order_id,
            order.number,
            f"{order.state} {NAMES.get(order.state, '')}",
            yuan(order.total),
            f"{yuan(order.fund)} / {yuan(order.account)} / {yuan(order.own)}" if order.is_divided else "—",
            _buttons(order) if order.state in {"1", "2", "3", "4"} else "",
        )
        for order in found
    ]
    heads = ("订单", "医院单号", "状态", "总额", "统筹 / 个人账户 / 自费", "下一步")
    return table("移动支付订单", heads, rows, "还没有订单。")


def _buttons(order: Order) -> Html:
    buttons = join(
        render("<button name='step' value='{step}'>{label}</button> ", step=step, label=label)
        for step, label in steps.STEPS.items()
    )
    return render(
        "<form method='post' action='{address}'>"
        "<input type='hidden' name='order_id' value='{order}'>{buttons}</form>",
        address=ADDRESS,
        order=order.order_id,
        buttons=buttons,
    )


routes: list[BaseRoute] = [
    Route(ADDRESS, explained(show), methods=["GET", "POST"]),
    Route("/console/api/insurance", console(centre), methods=["GET", "POST"]),
    Route("/console/api/insurance/permissions", console(permit), methods=["POST"]),
    Route("/console/api/insurance/orders", console(list_orders), methods=["GET", "POST"]),
    Route("/console/api/insurance/hold", console(hold), methods=["POST"]),
    Route("/console/api/insurance/people", console(accounts), methods=["POST"]),
    Route("/console/api/insurance/totals", console(totals), methods=["GET"]),
    Route("/console/api/insurance/notices", console(told), methods=["GET"]),
]
