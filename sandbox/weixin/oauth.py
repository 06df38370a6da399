"""Web sign-in of the official account: the page, and the exchange of its code."""

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox import store
from sandbox.html import Html, join, page, render
from sandbox.outside import outside
from sandbox.store import Store
from sandbox.weixin import users
from sandbox.weixin.errors import WeixinRefusal, check_application, required
from sandbox.weixin.users import WeixinUser

AUTHORIZE = "/connect/oauth2/authorize"
ORDER = ["appid", "redirect_uri", "response_type", "scope", "state"]
SCOPES = {"snsapi_base", "snsapi_userinfo"}
TOKEN_SECONDS = 7200
REFRESH_SECONDS = 30 * 86_400


async def authorize(request: Request) -> Response:
    """The page inside WeChat that sends the browser back with a code.

    `auto` names the user who agrees at once (`new` invents one); `deny=1` sends back without
    a code, as when the resident says no.
    """
    given = parse_qsl(request.url.query, keep_blank_values=True)
    asked = dict(given)
    problem = _problem(request, [name for name, _ in given if name in ORDER], asked)
    if problem:
        return page("微信登录", render("<p class='bad'>{problem}</p>", problem=problem), status=400)
    if asked.get("deny"):
        return _back(asked, {"state": asked["state"]})
    state = store.of(request)
    appids = list(request.app.state.config.weixin_apps)
    chosen = asked.get("auto", "")
    if not chosen:
        return _choice(request, await users.everyone(state), asked)
    user = None if chosen == "new" else await users.find(state, chosen)
    if user is None:
        user = await users.create(state, appids, id="" if chosen == "new" else chosen)
    code = await users.mint_code(
        state, kind="oauth", appid=asked["appid"], user=user, seconds=users.CODE_SECONDS, scope=asked["scope"]
    )
    return _back(asked, {"code": code, "state": asked["state"]})


def _problem(request: Request, names: list[str], asked: Mapping[str, str]) -> str:
    """Why WeChat would not show the page; empty if it would."""
    config = request.app.state.config
    if names != ORDER:
        return "请求参数格式错误（10008）：参数须按 " + ", ".join(ORDER) + " 的顺序各出现一次"
    if asked["appid"] != config.official_appid:
        return "AppID 参数错误（10012）"
    if asked["response_type"] != "code":
        return "请求参数格式错误（10008）：response_type 须为 code"
    if asked["scope"] not in SCOPES:
        return "Scope 参数错误或没有 Scope 权限（10005）"
    if len(asked["state"]) > 128:
        return "请求参数格式错误（10008）：state 最长 128 个字符"
    if not _may_return_to(asked["redirect_uri"], config.redirect_hosts):
        return "redirect_uri 域名与后台配置不一致（10003）"
    return ""


def _may_return_to(address: str, hosts: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and parts.hostname in hosts
    except ValueError:
        return False


def _back(asked: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    target = urlsplit(asked["redirect_uri"])
    query = "&".join(part for part in (target.query, urlencode(answer)) if part)
    return RedirectResponse(target._replace(query=query, fragment="").geturl(), 302)


def _choice(request: Request, known: list[WeixinUser], asked: Mapping[str, str]) -> Response:
    base = [(name, asked[name]) for name in ORDER]

    def link(label: str, extra: tuple[str, str], kind: str) -> Html:
        address = f"{AUTHORIZE}?{urlencode([*base, extra])}"
        return render(
            "<p><a class='button {kind}' href='{address}'>{label}</a></p>",
            kind=kind,
            address=address,
            label=label,
        )

    people = [link(f"{user.nickname}（{user.id}）", ("auto", user.id), "plain") for user in known[:30]]
    return page(
        "微信登录",
        render(
            "<p>沙箱里的微信。请选择用哪个虚构的微信用户登录，随后回到原来的页面。</p>{new}{people}{deny}",
            new=link("新建一个用户并同意", ("auto", "new"), "main"),
            people=join(people),
            deny=link("不同意", ("deny", "1"), "plain"),
        ),
    )


async def exchange(request: Request) -> Response:
    """The code for the web token and the openid."""
    appid = check_application(request, request.query_params)
    code = required(request.query_params, "code", 41008)
    if request.query_params.get("grant_type") != "authorization_code":
        raise WeixinRefusal(40002)
    user, scope = await users.redeem_code(store.of(request), kind="oauth", appid=appid, code=code)
    # In snapshot mode WeChat answers with an openid that stands for nobody and never comes again.
    openid = "o" + secrets.token_urlsafe(24)[:27] if user.snapshot else user.openid(appid)
    answer = await _web_tokens(store.of(request), appid, user, openid, scope)
    if user.snapshot:
        answer["is_snapshotuser"] = 1
    elif scope == "snsapi_userinfo":
        answer["unionid"] = user.unionid
    return JSONResponse(answer)


async def _web_tokens(
    state: Store, appid: str, user: WeixinUser, openid: str, scope: str
) -> dict[str, object]:
    token, refresh = (f"{number}_{secrets.token_urlsafe(60)}" for number in (88, 89))
    fields = {"appid": appid, "user": user.id, "openid": openid, "scope": scope}
    await state.put(f"weixin:web:{token}", fields, TOKEN_SECONDS)
    await state.put(f"weixin:refresh:{refresh}", fields, REFRESH_SECONDS)
    return {
        "access_token": token,
        "expires_in": TOKEN_SECONDS,
        "refresh_token": refresh,
        "openid": openid,
        "scope": scope,
    }


async def refresh_token(request: Request) -> Response:
    """A new web token for the refresh token."""
    appid = required(request.query_params, "appid", 41002)
    if request.query_params.get("grant_type") != "refresh_token":
        raise WeixinRefusal(40002)
    refresh = required(request.query_params, "refresh_token", 41003)
    known = await store.of(request).get(f"weixin:refresh:{refresh}")
    if known is None or known["appid"] != appid:
        raise WeixinRefusal(40030)
    token = f"88_{secrets.token_urlsafe(60)}"
    await store.of(request).put(f"weixin:web:{token}", known, TOKEN_SECONDS)
    return JSONResponse(
        {
            "access_token": token,
            "expires_in": TOKEN_SECONDS,
            "refresh_token": refresh,
            "openid": known["openid"],
            "scope": known["scope"],
        }
    )


async def userinfo(request: Request) -> Response:
    """The user's public particulars, for scope snsapi_userinfo."""
    web = await _web_token(request)
    if web["scope"] != "snsapi_userinfo":
        raise WeixinRefusal(48001)
    user = await users.find(store.of(request), web["user"])
    if user is None:
        raise WeixinRefusal(40003)
    return JSONResponse(
        {
            "openid": web["openid"],
            "nickname": user.nickname,
            "sex": 0,
            "province": "",
            "city": "",
            "country": "",
            "headimgurl": "",
            "privilege": [],
            "unionid": user.unionid,
        }
    )


async def auth(request: Request) -> Response:
    """Whether a web token is good for an openid."""
    await _web_token(request)
    return JSONResponse({"errcode": 0, "errmsg": "ok"})


async def _web_token(request: Request) -> dict[str, str]:
    token = required(request.query_params, "access_token", 41001)
    openid = required(request.query_params, "openid", 41009)
    known = await store.of(request).get(f"weixin:web:{token}")
    if known is None:
        raise WeixinRefusal(40001)
    if known["openid"] != openid:
        raise WeixinRefusal(40003)
    return known


routes = [
    Route(AUTHORIZE, outside("weixin", authorize), methods=["GET"]),
    Route("/sns/oauth2/access_token", outside("weixin", exchange), methods=["GET"]),
    Route("/sns/oauth2/refresh_token", outside("weixin", refresh_token), methods=["GET"]),
    Route("/sns/userinfo", outside("weixin", userinfo), methods=["GET"]),
    Route("/sns/auth", outside("weixin", auth), methods=["GET"]),
]
