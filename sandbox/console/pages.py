"""The console's pages."""

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox import face, faults, population, sms, store
from sandbox.answers import RestRefusal
from sandbox.console.calls import explained, form_of
from sandbox.faults import KINDS, SYSTEMS
from sandbox.html import Html, join, page, render, table
from sandbox.national import centre
from sandbox.national.verification import MAGIC_ISSUERS
from sandbox.outside import beijing_time
from sandbox.weixin import users

STYLE = Path(__file__).resolve().parent.parent / "static" / "console.css"
SHOWN = 100
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")


async def overview(request: Request) -> Response:
    """Switches, messages and calls on one page."""
    return page(
        "总览",
        join(
            [
                await _fault_list(request),
                await _sms_list(request, 5),
                await _request_list(request, 10),
            ]
        ),
        here="/",
    )


async def sms_page(request: Request) -> Response:
    """Every message, with its code."""
    magic = table("特殊号码", ("手机号", "网关的反应"), sms.MAGIC_PHONES.items(), "没有特殊号码。")
    body = join([await _sms_list(request, SHOWN), magic])
    return page("短信", body, here="/console/sms")


async def _sms_list(request: Request, count: int) -> Html:
    messages = await store.of(request).newest("sms:messages", count)
    rows = [
        (
            each["at"],
            each["phone"],
            render("<strong class='code'>{code}</strong>", code=each["code"]),
            each["text"],
        )
        for each in messages
    ]
    return table(
        "已发送的短信",
        ("时间", "手机号", "验证码", "内容"),
        rows,
        "还没有短信。产品发出的短信会按时间显示在这里。",
    )


async def weixin_page(request: Request) -> Response:
    """The invented users, and codes for them."""
    if request.method == "POST":
        return await _new_code(request)
    state = store.of(request)
    people = await users.everyone(state)
    rows = [
        (user.nickname, user.id, user.phone, "、".join(_traits(user)), _code_buttons(user))
        for user in people[:SHOWN]
    ]
    recent = await state.newest("weixin:minted", 10)
    codes = [
        (each["at"], each["user"], each["kind"], render("<code>{code}</code>", code=each["code"]))
        for each in recent
    ]
    new = render(
        "<form method='post' action='/console/weixin'><button class='button main' name='kind' value='mini'>"
        "新建用户并取小程序登录码</button></form>"
    )
    body = join(
        [
            new,
            table(
                "在此取得的一次性码（5 分钟内有效）", ("时间", "用户", "种类", "码"), codes, "还没有取过码。"
            ),
            table(
                "虚构的微信用户",
                ("昵称", "名字", "手机号", "特点", "取码"),
                rows,
                "还没有用户。登录页或接口会新建。",
            ),
        ]
    )
    return page("微信", body, here="/console/weixin")


def _traits(user: users.WeixinUser) -> list[str]:
    marks = (("快照页", user.snapshot), ("高风险", user.high_risk))
    return [label for label, applies in marks if applies] or ["普通"]


def _code_buttons(user: users.WeixinUser) -> Html:
    labels = (("mini", "小程序"), ("oauth", "公众号"), ("phone", "手机号"))
    buttons = join(
        render("<button name='kind' value='{kind}'>{label}</button> ", kind=kind, label=label)
        for kind, label in labels
    )
    return render(
        "<form method='post' action='/console/weixin'>"
        "<input type='hidden' name='user' value='{id}'>{buttons}</form>",
        id=user.id,
        buttons=buttons,
    )


async def _new_code(request: Request) -> Response:
    form = await form_of(request)
    state, config = store.of(request), request.app.state.config
    kind = form.get("kind", "")
    if kind not in {"mini", "oauth", "phone"}:
        raise RestRefusal(400, "kind_unknown", "kind must be mini, oauth or phone.", "kind")
    user = await users.find(state, form["user"]) if form.get("user") else None
    if user is None:
        user = await users.create(state, list(config.weixin_apps))
    appid = config.official_appid if kind == "oauth" else config.mini_appid
    code = await users.mint_code(
        state, kind=kind, appid=appid, user=user, seconds=users.CODE_SECONDS, scope="snsapi_base"
    )
    minted = {"at": beijing_time(), "user": user.id, "kind": kind, "code": code}
    await state.append("weixin:minted", minted, keep=10)
    return RedirectResponse("/console/weixin", 303)


async def population_page(request: Request) -> Response:
    """What the population database answers to whom."""
    faces = [(name, face.MEANINGS[what]) for name, what in face.MAGIC_NAMES.items()]
    names = [(name, population.MEANINGS[what]) for name, what in population.MAGIC_NAMES.items()]
    numbers = [
        (render("<code>{number}</code>", number=number), population.MEANINGS[what])
        for number, what in population.MAGIC_NUMBERS.items()
    ]
    body = join(
        [
            render("<p>任何有效的号码配任何姓名都是「一致」，下面这些除外。号码比姓名优先。</p>"),
            table("特殊姓名", ("姓名", "人口库的反应"), names, ""),
            table("特殊号码", ("身份证号（虚构，校验位有效）", "人口库的反应"), numbers, ""),
            table("人脸核身的特殊姓名", ("姓名", "核身的反应"), faces, ""),
        ]
    )
    return page("人口库", body, here="/console/population")


async def national_page(request: Request) -> Response:
    """The national centre: who is enrolled, its receipts, and the magic issuers."""
    state = store.of(request)
    nodes = [
        (node_id, node["name"], node["url"], node["at"])
        for node_id, node in (await state.fields(centre.NODES)).items()
    ]
    receipts = [
        (each["at"], each["node"], each["kind"], each["accepted"], each["refused"], each["receipt"])
        for each in await state.newest("national:receipts", SHOWN)
    ]
    magic = [(render("<code>{issuer}</code>", issuer=issuer), what) for issuer, what in MAGIC_ISSUERS.items()]
    body = join(
        [
            render("<p>国家卡管的标识是 <code>{id}</code>。</p>", id=centre.NODE_ID),
            table("已登记的卡管", ("标识", "名称", "地址", "登记时间"), nodes, "还没有卡管登记。"),
            table(
                "上报回执",
                ("时间", "卡管", "种类", "接收", "拒收", "回执编号"),
                receipts,
                "还没有收到上报。",
            ),
            table("特殊发卡机构标识", ("标识", "国家卡管的反应"), magic, ""),
        ]
    )
    return page("国家卡管", body, here="/console/national")


async def faults_page(request: Request) -> Response:
    """The switches, one form for each system."""
    if request.method == "POST":
        return await _switch(request)
    body = join([await _fault_list(request), *(_fault_form(system) for system in SYSTEMS)])
    return page("故障", body, here="/console/faults")


async def _fault_list(request: Request) -> Html:
    rows = [
        (SYSTEMS[fault.system], KINDS[fault.kind], _measure(fault), f"{left} 秒", _off_button(fault))
        for fault, left in await faults.active(store.of(request))
    ]
    return table("打开的故障开关", ("系统", "故障", "程度", "还剩", "开关"), rows, "所有系统正常。")


def _measure(fault: faults.Fault) -> str:
    details = {
        "latency": f"{fault.milliseconds} 毫秒",
        "errcode": str(fault.errcode),
        "reject": fault.phone,
        "code": fault.code,
    }
    return "，".join(part for part in (details.get(fault.kind, ""), f"{fault.rate}%", fault.path) if part)


def _off_button(fault: faults.Fault) -> Html:
    return render(
        "<form method='post' action='/console/faults'><input type='hidden' name='system' value='{system}'>"
        "<input type='hidden' name='kind' value='{kind}'><button name='off' value='1'>关闭</button></form>",
        system=fault.system,
        kind=fault.kind,
    )


def _fault_form(system: str) -> Html:
    options = join(
        render("<option value='{kind}'>{label}</option>", kind=kind, label=KINDS[kind])
        for kind in faults.kinds_of(system)
    )
    extra = {
        "weixin": ("errcode", "微信错误码", "45011"),
        "sms": ("phone", "拒收的手机号", ""),
        "weixinpay": ("code", "渠道的错误代码", "SYSTEM_ERROR"),
    }.get(system)
    fields = [
        ("milliseconds", "变慢的毫秒数", "3000"),
        ("rate", "影响的比例（%）", "100"),
        ("seconds", "持续秒数", "60"),
    ]
    inputs = join(
        render(
            "<label>{label}"
            "<input name='{name}' value='{value}' inputmode='numeric' autocomplete='off'></label>",
            label=label,
            name=name,
            value=value,
        )
        for name, label, value in [*fields, *([extra] if extra else [])]
    )
    return render(
        "<h2>{title}</h2><form class='switch' method='post' action='/console/faults'>"
        "<input type='hidden' name='system' value='{system}'>"
        "<label>故障<select name='kind'>{options}</select></label>{inputs}"
        "<button class='button main'>打开</button></form>",
        title=SYSTEMS[system],
        system=system,
        options=options,
        inputs=inputs,
    )


async def _switch(request: Request) -> Response:
    form = await form_of(request)
    if form.get("off"):
        await faults.switch_off(store.of(request), form.get("system", ""), form.get("kind", ""))
        return RedirectResponse("/console/faults", 303)
    numbers = {"milliseconds", "rate", "seconds", "errcode"}
    fault, seconds = faults.parse(
        {name: _number(value) if name in numbers else value for name, value in form.items()}
    )
    await faults.switch_on(store.of(request), fault, seconds)
    return RedirectResponse("/console/faults", 303)


async def requests_page(request: Request) -> Response:
    """The newest calls."""
    return page("请求", await _request_list(request, SHOWN), here="/console/requests")


async def _request_list(request: Request, count: int) -> Html:
    rows = [
        (
            each["at"],
            SYSTEMS[each["system"]],
            f"{each['method']} {each['path']}",
            each["status"],
            each["outcome"],
            f"{each['ms']} ms",
            each["fields"],
        )
        for each in await store.of(request).newest("requests", count)
    ]
    heads = ("时间", "系统", "调用", "状态", "结果", "用时", "参数（已遮盖）")
    return table("最近的请求", heads, rows, "还没有请求。产品调用外部系统时会记在这里。")


async def style(_request: Request) -> Response:
    """The one style sheet."""
    return FileResponse(STYLE, media_type="text/css")


def _number(value: str) -> object:
    return int(value) if _WHOLE_NUMBER.fullmatch(value) else value


routes = [
    Route("/", overview, methods=["GET"]),
    Route("/console/sms", sms_page, methods=["GET"]),
    Route("/console/weixin", explained(weixin_page), methods=["GET", "POST"]),
    Route("/console/population", population_page, methods=["GET"]),
    Route("/console/national", national_page, methods=["GET"]),
    Route("/console/faults", explained(faults_page), methods=["GET", "POST"]),
    Route("/console/requests", requests_page, methods=["GET"]),
    Route("/console/console.css", style, methods=["GET"]),
]
