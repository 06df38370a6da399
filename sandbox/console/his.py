"""The hospitals in the console: events sent and lost, messages taken, records, schedules."""

import random
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import store
from sandbox.answers import RestRefusal, json_object, text
from sandbox.console.calls import console, explained, form_of
from sandbox.his import events, hospitals, inbox, interface, patients, payments, published, sending
from sandbox.his.hospitals import Hospital
from sandbox.html import Html, join, page, render, table

MOST_EVENTS = 1_000
SHOWN = 50
ADDRESS = "/console/his"


async def keep_hospital(request: Request) -> Response:
    """GET the hospitals, without keys; POST one with its keys."""
    state = store.of(request)
    if request.method == "POST":
        await hospitals.keep(state, hospitals.parse(await json_object(request)))
    shown = [
        {name: asdict(each)[name] for name in ("code", "name", "client")}
        for each in await hospitals.everyone(state)
    ]
    return JSONResponse({"hospitals": shown})


async def kinds(request: Request) -> Response:
    """The kinds of events, each with an example of its members."""
    made = [
        {
            "type": kind.name,
            "about": kind.about,
            "has_patient": kind.has_patient,
            "data": events.example(kind),
        }
        for kind in published.kinds().values()
    ]
    return JSONResponse({"kinds": made})


async def send_events(request: Request) -> Response:
    """POST `events` (or one by itself) of a `hospital`, by `way`; `shuffle` sends them in another order."""
    body = await json_object(request)
    hospital = await _named(request, body)
    orders = body.get("events", [body])
    if (
        not isinstance(orders, list)
        or not 0 < len(orders) <= MOST_EVENTS
        or not all(isinstance(each, dict) for each in orders)
    ):
        raise RestRefusal(400, "events_invalid", f"events is a list of 1 to {MOST_EVENTS}.", "events")
    common = body.get("way", {}) if "events" in body else {}
    made = [
        (
            await events.make(store.of(request), hospital, order),
            sending.parse({**common, **order.get("way", {})}),
        )
        for order in orders
    ]
    if body.get("shuffle"):
        random.shuffle(made)
    said = [await sending.send(request, hospital, event, way) for event, way in made]
    return JSONResponse({"events": said})


async def sent(request: Request) -> Response:
    """What was sent, newest first, with the platform's answers; `aggregate` picks one."""
    found = await store.of(request).newest(sending.SENT, sending.KEPT_SENT)
    aggregate = request.query_params.get("aggregate", "")
    return JSONResponse({"sent": [each for each in found if aggregate in {"", each["aggregate"]}]})


async def taken(request: Request) -> Response:
    """The platform's messages, newest first."""
    return JSONResponse({"messages": await store.of(request).newest(inbox.TAKEN, inbox.KEPT_TAKEN)})


async def hospital_patients(request: Request) -> Response:
    """GET the records of a `hospital`; POST one with `patient_id` and its particulars."""
    state = store.of(request)
    if request.method == "POST":
        body = await json_object(request)
        hospital = await _named(request, body)
        record = {name: str(value) for name, value in body.items() if name not in {"hospital", "patient_id"}}
        await patients.keep(state, hospital, text(body, "patient_id"), record)
    else:
        hospital = await _named(request, dict(request.query_params))
    return JSONResponse({"patients": await patients.everyone(state, hospital)})


async def hospital_payments(request: Request) -> JSONResponse:
    """The payments that a `hospital` was asked to post."""
    hospital = await _named(request, dict(request.query_params))
    return JSONResponse({"payments": await payments.everyone(store.of(request), hospital)})


async def keep_schedules(request: Request) -> Response:
    """Let a `hospital` plan these `schedules` and no others."""
    body = await json_object(request)
    hospital, said = await _named(request, body), body.get("schedules")
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        raise RestRefusal(400, "schedules_invalid", "schedules is a list of objects.", "schedules")
    return JSONResponse({"kept": await interface.keep_schedules(store.of(request), hospital, said)})


async def keep_queue(request: Request) -> Response:
    """Let a `hospital` have a queue: `queue_code` and whatever stands in it."""
    body = await json_object(request)
    hospital = await _named(request, body)
    kept = {name: value for name, value in body.items() if name != "hospital"}
    await store.of(request).set_field(f"his:{hospital.code}:queues", text(body, "queue_code"), kept)
    return JSONResponse({"kept": True})


async def _named(request: Request, body: dict[str, Any]) -> Hospital:
    return await hospitals.named(store.of(request), text(body, "hospital", longest=20))


async def show(request: Request) -> Response:
    """Send an event, and see what came of those before."""
    if request.method == "POST":
        return await _send_one(request)
    state = store.of(request)
    known = await hospitals.everyone(state)
    body = join(
        [
            _form(known),
            _sent_table(await state.newest(sending.SENT, SHOWN)),
            _taken_table(await state.newest(inbox.TAKEN, SHOWN)),
        ]
    )
    return page("医院系统", body, here=ADDRESS)


async def _send_one(request: Request) -> Response:
    form = await form_of(request)
    hospital = await _named(request, dict(form))
    number = form.get("patient", "").strip()
    name = "health_card_id" if len(number) == 64 else "patient_id"
    order = {
        "type": form.get("type", ""),
        "number": form.get("number", "").strip(),
        "patient": {name: number} if number else None,
    }
    wrong = form.get("way", "")
    ways = {
        "copies": 3,
        "late": 5,
        "drop": True,
        "badsign": True,
        "skew": -sending.SKEW_SECONDS,
        "form": "hl7",
    }
    chosen = {("delay" if wrong == "late" else wrong): ways[wrong]} if wrong in ways else {}
    event = await events.make(store.of(request), hospital, order)
    await sending.send(request, hospital, event, sending.parse({"retry": True, **chosen}))
    return RedirectResponse(ADDRESS, 303)


def _form(known: list[Hospital]) -> Html:
    if not known:
        return render("<p class='quiet'>还没有医院。产品启动后会自行登记，或由接口登记。</p>")
    ways = (
        ("", "正常"),
        ("copies", "重复三次"),
        ("late", "迟五秒"),
        ("drop", "丢失"),
        ("badsign", "签名错误"),
        ("skew", "时钟慢一刻钟"),
        ("form", "用 HL7 v2 消息发送"),
    )
    return render(
        "<h2>发送事件</h2><form class='switch' method='post' action='{address}'>"
        "<label>医院<select name='hospital'>{hospitals}</select></label>"
        "<label>事件<select name='type'>{kinds}</select></label>"
        "<label>就诊人（卡号或院内号）<input name='patient' autocomplete='off'></label>"
        "<label>单号（同一单号的事件依次编号）<input name='number' autocomplete='off'></label>"
        "<label>路上<select name='way'>{ways}</select></label>"
        "<button class='button main'>发送</button></form>",
        address=ADDRESS,
        hospitals=_options((each.code, each.name) for each in known),
        kinds=_options((kind.name, f"{kind.label} {kind.name}") for kind in published.kinds().values()),
        ways=_options(ways),
    )


def _options(pairs: Any) -> Html:
    return join(
        render("<option value='{value}'>{label}</option>", value=value, label=label) for value, label in pairs
    )


def _sent_table(sent_events: list[dict[str, Any]]) -> Html:
    rows = [
        (
            each["at"],
            each["hospital"],
            each["type"],
            f"{each['aggregate']} #{each['seq']}",
            each["status"] or "—",
            each["answer"],
        )
        for each in sent_events
    ]
    heads = ("时间", "医院", "事件", "对象与序号", "状态", "应答")
    return table("医院发出的事件", heads, rows, "还没有发出事件。")


def _taken_table(messages: list[dict[str, Any]]) -> Html:
    rows = [
        (
            each["at"],
            each["hospital"],
            each["message"].get("type", ""),
            each["id"],
            each["objection"] or "、".join(each["versions"]),
            "首次" if each["is_new"] else "重复或拒收",
        )
        for each in messages
    ]
    heads = ("时间", "医院", "消息", "编号", "签名", "结果")
    return table("医院收到的平台消息", heads, rows, "还没有收到消息。")


routes: list[BaseRoute] = [
    Route(ADDRESS, explained(show), methods=["GET", "POST"]),
    Route("/console/api/his/hospitals", console(keep_hospital), methods=["GET", "POST"]),
    Route("/console/api/his/kinds", console(kinds), methods=["GET"]),
    Route("/console/api/his/events", console(send_events), methods=["POST"]),
    Route("/console/api/his/sent", console(sent), methods=["GET"]),
    Route("/console/api/his/messages", console(taken), methods=["GET"]),
    Route("/console/api/his/patients", console(hospital_patients), methods=["GET", "POST"]),
    Route("/console/api/his/payments", console(hospital_payments), methods=["GET"]),
    Route("/console/api/his/schedules", console(keep_schedules), methods=["POST"]),
    Route("/console/api/his/queues", console(keep_queue), methods=["POST"]),
]
