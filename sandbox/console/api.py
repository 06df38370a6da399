"""The console as JSON: for tests, for the demo's commands, and behind the forms of the pages."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import faults, store
from sandbox.answers import RestRefusal, json_object, text, whole_number
from sandbox.console.calls import console
from sandbox.national import centre, reports
from sandbox.national.verification import CARDS
from sandbox.outside import KEPT_REQUESTS
from sandbox.sms import KEPT_MESSAGES
from sandbox.weixin import push, subscribe, tokens, users
from sandbox.weixin.users import WeixinUser

MOST_CODES = 1000
CODE_KINDS = ("mini", "oauth", "phone")


async def sms(request: Request) -> Response:
    """The messages sent, newest first; `phone` picks one number."""
    phone = request.query_params.get("phone", "")
    messages = await store.of(request).newest("sms:messages", KEPT_MESSAGES)
    return JSONResponse({"messages": [each for each in messages if phone in {"", each["phone"]}]})


async def show_requests(request: Request) -> Response:
    """The newest calls to the played systems, masked."""
    return JSONResponse({"requests": await store.of(request).newest("requests", KEPT_REQUESTS)})


async def fault_switches(request: Request) -> Response:
    """GET what is on; POST to switch on; DELETE (`system`, `kind`) to switch off."""
    state = store.of(request)
    if request.method == "POST":
        fault, seconds = faults.parse(await json_object(request))
        await faults.switch_on(state, fault, seconds)
    elif request.method == "DELETE":
        await faults.switch_off(
            state, request.query_params.get("system", ""), request.query_params.get("kind", "")
        )
    on = [asdict(fault) | {"seconds_left": left} for fault, left in await faults.active(state)]
    return JSONResponse({"faults": on})


async def faults_met(request: Request) -> Response:
    """How many calls and notices the switches have met, by system and kind."""
    return JSONResponse({"met": await faults.met(store.of(request))})


async def mint_codes(request: Request) -> Response:
    """One-time codes of `kind` mini, oauth or phone, each of a new user unless `user` names one."""
    body = await json_object(request)
    kind = text(body, "kind") if "kind" in body else "mini"
    if kind not in CODE_KINDS:
        raise RestRefusal(400, "kind_unknown", f"kind must be one of {', '.join(CODE_KINDS)}.", "kind")
    scope = text(body, "scope") if "scope" in body else "snsapi_base"
    count = whole_number(body, "count", default=1, least=1, most=MOST_CODES)
    seconds = whole_number(body, "ttl", default=users.CODE_SECONDS, least=1, most=users.LONGEST_CODE_SECONDS)
    config = request.app.state.config
    appid = config.official_appid if kind == "oauth" else config.mini_appid
    minted = []
    for _ in range(count):
        user = await _user_for_code(request, body)
        code = await users.mint_code(
            store.of(request), kind=kind, appid=appid, user=user, seconds=seconds, scope=scope
        )
        minted.append((code, user))
    return JSONResponse({"codes": [code for code, _ in minted], "users": [user.id for _, user in minted]})


async def _user_for_code(request: Request, body: dict[str, Any]) -> WeixinUser:
    if "user" not in body:
        return await users.create(store.of(request), list(request.app.state.config.weixin_apps))
    return await _named_user(request, body)


async def _named_user(request: Request, body: dict[str, Any]) -> WeixinUser:
    user = await users.find(store.of(request), text(body, "user"))
    if user is None:
        raise RestRefusal(404, "user_unknown", "There is no WeChat user of this name.", "user")
    return user


async def weixin_users(request: Request) -> Response:
    """GET all; POST (`id`, `nickname`, `phone`, `snapshot`, `high_risk`) keeps one."""
    config = request.app.state.config
    if request.method == "POST":
        body = await json_object(request)
        allowed = {"id", "nickname", "phone", "snapshot", "high_risk"}
        given = {name: body[name] for name in allowed & body.keys()}
        return JSONResponse(
            _shown(request, await users.create(store.of(request), list(config.weixin_apps), **given))
        )
    return JSONResponse(
        {"users": [_shown(request, user) for user in await users.everyone(store.of(request))]}
    )


def _shown(request: Request, user: WeixinUser) -> dict[str, Any]:
    config = request.app.state.config
    return asdict(user) | {
        "unionid": user.unionid,
        "openid_mini": user.openid(config.mini_appid),
        "openid_official": user.openid(config.official_appid),
    }


async def grants(request: Request) -> Response:
    """Let a user grant (or, with a negative count, withdraw) subscribe messages."""
    body = await json_object(request)
    user = await _named_user(request, body)
    template = text(body, "template_id")
    count = whole_number(body, "count", default=1, least=-100, most=100)
    appid = request.app.state.config.mini_appid
    openid = user.openid(appid)
    left = await store.of(request).increase(f"weixin:grants:{openid}:{template}", count)
    for _ in range(count):
        inside = push.listed(
            "SubscribeMsgPopupEvent", TemplateId=template, SubscribeStatusString="accept", PopupScene="0"
        )
        await push.event(request, appid=appid, openid=openid, name="subscribe_msg_popup_event", inside=inside)
    return JSONResponse({"left": left})


async def templates(request: Request) -> Response:
    """Add a subscribe-message template with its field names."""
    body = await json_object(request)
    template = text(body, "template_id")
    fields = body.get("fields")
    if not isinstance(fields, list) or not fields or not all(subscribe.is_field(each) for each in fields):
        raise RestRefusal(
            400, "fields_invalid", "fields must be a list of names such as thing1, time2.", "fields"
        )
    await store.of(request).set_field("weixin:templates", template, {"fields": fields})
    return JSONResponse({"template_id": template, "fields": fields})


async def weixin_messages(request: Request) -> Response:
    """The subscribe messages sent, newest first."""
    messages = await store.of(request).newest("weixin:messages", subscribe.KEPT_MESSAGES)
    return JSONResponse({"messages": messages})


async def age_token(request: Request) -> Response:
    """Make the present access token of an application older by `seconds`."""
    body = await json_object(request)
    seconds = whole_number(body, "seconds", default=tokens.TOKEN_SECONDS, least=1, most=tokens.TOKEN_SECONDS)
    if not await tokens.age(store.of(request), text(body, "appid"), seconds):
        raise RestRefusal(404, "token_unknown", "This application has no token now.", "appid")
    return JSONResponse({"aged": seconds})


async def national(request: Request) -> Response:
    """The national centre: its number and public keys, the centres it knows, its last receipts."""
    state = store.of(request)
    return JSONResponse(
        {
            "node_id": centre.NODE_ID,
            "keys": centre.public_keys(),
            "nodes": await state.fields(centre.NODES),
            "receipts": await state.newest("national:receipts", reports.KEPT_RECEIPTS),
        }
    )


async def national_cards(request: Request) -> Response:
    """Put a card into the national centre's own record: `health_card_id` and `person`."""
    body = await json_object(request)
    person = body.get("person")
    if not isinstance(person, dict):
        raise RestRefusal(400, "person_invalid", "person must be an object.", "person")
    await store.of(request).set_field(CARDS, text(body, "health_card_id").upper(), person)
    return JSONResponse({"kept": True})


async def national_forget(request: Request) -> Response:
    """Let the national centre lose `count` of the records of `kind` that `node` sent for `day`."""
    body = await json_object(request)
    lost = await reports.forget(
        store.of(request),
        node=text(body, "node"),
        day=text(body, "day"),
        kind=text(body, "kind"),
        count=whole_number(body, "count", default=1, least=1, most=10_000),
    )
    return JSONResponse({"lost": lost})


async def portal(request: Request) -> Response:
    """Say where the platform is (`url`), for what carriers tell it afterwards."""
    body = await json_object(request)
    url = text(body, "url", longest=200).rstrip("/")
    await store.of(request).put("portal", {"url": url}, store.DAY_SECONDS)
    return JSONResponse({"url": url})


async def reset(request: Request) -> Response:
    """Forget all state: messages, users, codes, tokens, faults, requests."""
    await store.of(request).clear()
    return JSONResponse({"reset": True})


routes = [
    Route("/console/api/sms", console(sms), methods=["GET"]),
    Route("/console/api/requests", console(show_requests), methods=["GET"]),
    Route("/console/api/faults/met", console(faults_met), methods=["GET"]),
    Route("/console/api/faults", console(fault_switches), methods=["GET", "POST", "DELETE"]),
    Route("/console/api/weixin/codes", console(mint_codes), methods=["POST"]),
    Route("/console/api/weixin/users", console(weixin_users), methods=["GET", "POST"]),
    Route("/console/api/weixin/grants", console(grants), methods=["POST"]),
    Route("/console/api/weixin/templates", console(templates), methods=["POST"]),
    Route("/console/api/weixin/messages", console(weixin_messages), methods=["GET"]),
    Route("/console/api/weixin/tokens/age", console(age_token), methods=["POST"]),
    Route("/console/api/national", console(national), methods=["GET"]),
    Route("/console/api/national/cards", console(national_cards), methods=["POST"]),
    Route("/console/api/national/forget", console(national_forget), methods=["POST"]),
    Route("/console/api/portal", console(portal), methods=["POST"]),
    Route("/console/api/reset", console(reset), methods=["POST"]),
]
