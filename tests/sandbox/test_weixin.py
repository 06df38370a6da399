"""WeChat's servers as the sandbox plays them."""

import threading
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from django.conf import settings

from tests.sandbox_server import Sandbox

RETURN_TO = "http://127.0.0.1:8000/sign-in/weixin/?next=%2F"


def answer(response: httpx.Response) -> dict[str, Any]:
    """WeChat's answers are JSON with HTTP 200, errors too."""
    assert response.status_code == 200
    return dict(response.json())


def mini(**changes: str) -> dict[str, str]:
    return {
        "appid": settings.WEIXIN_MINI_APPID,
        "secret": settings.WEIXIN_MINI_SECRET,
        "grant_type": "authorization_code",
        **changes,
    }


def session(sandbox: Sandbox, code: str, **changes: str) -> dict[str, Any]:
    return answer(sandbox.http.get("/sns/jscode2session", params=mini(js_code=code, **changes)))


def token(sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    body = {**mini(grant_type="client_credential"), **changes}
    return answer(sandbox.http.post("/cgi-bin/stable_token", json=body))


def authorize(sandbox: Sandbox, *extra: tuple[str, str], **changes: str) -> httpx.Response:
    asked = {
        "appid": settings.WEIXIN_OFFICIAL_APPID,
        "redirect_uri": RETURN_TO,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "state-1",
        **changes,
    }
    return sandbox.http.get("/connect/oauth2/authorize?" + urlencode([*asked.items(), *extra]))


def returned(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 302
    return {
        name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()
    }


def exchange(sandbox: Sandbox, code: str, **changes: str) -> dict[str, Any]:
    query = {
        "appid": settings.WEIXIN_OFFICIAL_APPID,
        "secret": settings.WEIXIN_OFFICIAL_SECRET,
        "code": code,
        "grant_type": "authorization_code",
        **changes,
    }
    return answer(sandbox.http.get("/sns/oauth2/access_token", params=query))


def test_a_code_opens_one_session(sandbox: Sandbox) -> None:
    code = sandbox.weixin_code()
    got = session(sandbox, code)
    assert len(got["openid"]) == 28
    assert got["session_key"]
    assert "errcode" not in got
    assert session(sandbox, code)["errcode"] == 40163


def test_of_many_callers_with_one_code_one_gets_the_session(sandbox: Sandbox) -> None:
    code = sandbox.weixin_code()
    answers: list[dict[str, Any]] = []

    def call() -> None:
        got = httpx.get(f"{sandbox.url}/sns/jscode2session", params=mini(js_code=code), timeout=10)
        answers.append(got.json())

    callers = [threading.Thread(target=call) for _ in range(12)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sum("openid" in each for each in answers) == 1
    assert sum(each.get("errcode") == 40163 for each in answers) == 11


def test_a_code_ends(sandbox: Sandbox) -> None:
    code = sandbox.weixin_code(ttl=1)
    time.sleep(1.1)
    assert session(sandbox, code)["errcode"] == 40029


def test_one_user_has_another_openid_in_each_application(sandbox: Sandbox) -> None:
    sandbox.order("weixin/users", id="u1")
    in_mini = session(sandbox, sandbox.weixin_code(user="u1"))
    again = session(sandbox, sandbox.weixin_code(user="u1"))
    in_official = exchange(sandbox, sandbox.weixin_code("oauth", user="u1", scope="snsapi_userinfo"))
    assert in_mini["openid"] == again["openid"] != in_official["openid"]
    assert in_mini["unionid"] == in_official["unionid"]


def test_codes_are_of_fresh_users(sandbox: Sandbox) -> None:
    minted = sandbox.order("weixin/codes", count=20, ttl=3600)
    assert len(set(minted["codes"])) == len(set(minted["users"])) == 20


@pytest.mark.parametrize("kind", ["oauth", "phone"])
def test_a_code_is_good_for_its_own_call_only(sandbox: Sandbox, kind: str) -> None:
    code = sandbox.weixin_code(kind)
    assert session(sandbox, code)["errcode"] == 40029


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"appid": "wx-unknown"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "wrong"}, 40125),
        ({"js_code": ""}, 41008),
        ({"js_code": "never-made"}, 40029),
        ({"grant_type": "password"}, 40002),
    ],
)
def test_a_wrong_parameter_has_its_code(sandbox: Sandbox, changes: dict[str, str], errcode: int) -> None:
    query = {**mini(js_code=sandbox.weixin_code()), **changes}
    got = answer(sandbox.http.get("/sns/jscode2session", params=query))
    assert got["errcode"] == errcode
    assert "rid: " in got["errmsg"]


def test_a_refused_call_leaves_the_code_usable(sandbox: Sandbox) -> None:
    code = sandbox.weixin_code()
    assert session(sandbox, code, secret="wrong")["errcode"] == 40125
    assert session(sandbox, code)["openid"]


def test_a_high_risk_user_is_blocked(sandbox: Sandbox) -> None:
    sandbox.order("weixin/users", id="risky", high_risk=True)
    assert session(sandbox, sandbox.weixin_code(user="risky"))["errcode"] == 40226


def test_the_normal_mode_gives_the_same_token(sandbox: Sandbox) -> None:
    first = token(sandbox)
    assert token(sandbox)["access_token"] == first["access_token"]
    assert 7100 < first["expires_in"] <= 7200


def works(sandbox: Sandbox, access_token: str) -> int:
    """The errcode of a call with this token; 0 if the token is good."""
    query = {"access_token": access_token, "type": "jsapi"}
    return int(answer(sandbox.http.get("/cgi-bin/ticket/getticket", params=query))["errcode"])


def test_near_its_end_the_old_token_and_the_new_one_both_work(sandbox: Sandbox) -> None:
    old = token(sandbox)["access_token"]
    sandbox.order("weixin/tokens/age", appid=settings.WEIXIN_MINI_APPID, seconds=6880)
    assert token(sandbox)["access_token"] == old
    sandbox.order("weixin/tokens/age", appid=settings.WEIXIN_MINI_APPID, seconds=30)
    new = token(sandbox)["access_token"]
    assert new != old
    assert works(sandbox, old) == works(sandbox, new) == 0


def test_a_token_ends(sandbox: Sandbox) -> None:
    old = token(sandbox)["access_token"]
    sandbox.order("weixin/tokens/age", appid=settings.WEIXIN_MINI_APPID, seconds=7200)
    assert works(sandbox, old) == 42001
    assert works(sandbox, "made-up") == 40001
    assert works(sandbox, "") == 41001


def test_the_forced_mode_ends_the_old_token_but_not_twice_within_30_seconds(sandbox: Sandbox) -> None:
    old = token(sandbox)["access_token"]
    new = token(sandbox, force_refresh=True)["access_token"]
    assert new != old
    assert works(sandbox, old) == 40001
    assert token(sandbox, force_refresh=True)["access_token"] == new


@pytest.mark.parametrize(
    ("request_of", "errcode"),
    [
        ({"content": b""}, 44002),
        ({"content": b"grant_type=client_credential"}, 47001),
        ({"content": b"[1]"}, 47001),
        ({"json": {"grant_type": "other"}}, 40002),
        ({"json": {"grant_type": "client_credential", "appid": 7}}, 41002),
    ],
)
def test_a_wrong_body_for_the_token_has_its_code(
    sandbox: Sandbox, request_of: dict[str, Any], errcode: int
) -> None:
    assert answer(sandbox.http.post("/cgi-bin/stable_token", **request_of))["errcode"] == errcode


def test_the_token_must_be_posted_for(sandbox: Sandbox) -> None:
    assert answer(sandbox.http.get("/cgi-bin/stable_token"))["errcode"] == 43002


def test_the_ticket_stays_the_same(sandbox: Sandbox) -> None:
    query = {"access_token": token(sandbox)["access_token"], "type": "jsapi"}
    first = answer(sandbox.http.get("/cgi-bin/ticket/getticket", params=query))
    second = answer(sandbox.http.get("/cgi-bin/ticket/getticket", params=query))
    assert first["ticket"] == second["ticket"]


def test_the_phone_button_tells_the_number_once(sandbox: Sandbox) -> None:
    sandbox.order("weixin/users", id="u1", phone="19900007777")
    query = {"access_token": token(sandbox)["access_token"]}
    body = {"code": sandbox.weixin_code("phone", user="u1")}
    got = answer(sandbox.http.post("/wxa/business/getuserphonenumber", params=query, json=body))
    assert got["phone_info"]["purePhoneNumber"] == "19900007777"
    assert got["phone_info"]["watermark"]["appid"] == settings.WEIXIN_MINI_APPID
    again = answer(sandbox.http.post("/wxa/business/getuserphonenumber", params=query, json=body))
    assert again["errcode"] == 40163


def test_the_wechat_page_sends_back_with_code_and_state(sandbox: Sandbox) -> None:
    response = authorize(sandbox, ("auto", "new"))
    back = returned(response)
    assert response.headers["location"].startswith(RETURN_TO)
    assert back["state"] == "state-1"
    assert back["next"] == "/"
    got = exchange(sandbox, back["code"])
    assert got["scope"] == "snsapi_base"
    assert "unionid" not in got
    assert exchange(sandbox, back["code"])["errcode"] == 40163


def test_the_same_chosen_user_comes_back_with_the_same_openid(sandbox: Sandbox) -> None:
    first, second = (
        exchange(sandbox, returned(authorize(sandbox, ("auto", "linda")))["code"])["openid"] for _ in range(2)
    )
    assert first == second


def test_without_a_choice_the_page_offers_the_users(sandbox: Sandbox) -> None:
    sandbox.order("weixin/users", id="u1", nickname="晓雨")
    page = authorize(sandbox)
    assert page.status_code == 200
    assert "晓雨" in page.text
    assert "auto=u1" in page.text


def test_who_does_not_agree_comes_back_without_a_code(sandbox: Sandbox) -> None:
    assert returned(authorize(sandbox, ("deny", "1"))) == {"next": "/", "state": "state-1"}


@pytest.mark.parametrize(
    "changes",
    [
        {"appid": "wx-unknown"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://[broken"},
        {"response_type": "token"},
        {"scope": "everything"},
        {"state": "s" * 200},
    ],
)
def test_the_wechat_page_says_what_is_wrong(sandbox: Sandbox, changes: dict[str, str]) -> None:
    response = authorize(sandbox, ("auto", "new"), **changes)
    assert response.status_code == 400
    assert "class='bad'" in response.text


def test_the_wechat_page_wants_its_parameters_in_order(sandbox: Sandbox) -> None:
    query = "redirect_uri=http://127.0.0.1/&appid=x&response_type=code&scope=snsapi_base&state=1"
    assert sandbox.http.get(f"/connect/oauth2/authorize?{query}").status_code == 400


def test_a_snapshot_user_has_another_openid_each_time(sandbox: Sandbox) -> None:
    sandbox.order("weixin/users", id="snap", snapshot=True)
    first, second = (exchange(sandbox, sandbox.weixin_code("oauth", user="snap")) for _ in range(2))
    assert first["is_snapshotuser"] == second["is_snapshotuser"] == 1
    assert first["openid"] != second["openid"]


def test_the_web_token_opens_the_particulars_of_its_own_scope(sandbox: Sandbox) -> None:
    base = exchange(sandbox, sandbox.weixin_code("oauth"))
    full = exchange(sandbox, sandbox.weixin_code("oauth", scope="snsapi_userinfo"))

    def ask(path: str, web: dict[str, Any], **changes: str) -> dict[str, Any]:
        query = {"access_token": web["access_token"], "openid": web["openid"], **changes}
        return answer(sandbox.http.get(path, params=query))

    assert ask("/sns/userinfo", full)["nickname"]
    assert ask("/sns/userinfo", base)["errcode"] == 48001
    assert ask("/sns/auth", base)["errcode"] == 0
    assert ask("/sns/auth", base, openid=full["openid"])["errcode"] == 40003
    assert ask("/sns/auth", base, access_token="made-up")["errcode"] == 40001


def test_the_web_token_is_refreshed(sandbox: Sandbox) -> None:
    web = exchange(sandbox, sandbox.weixin_code("oauth"))
    query = {
        "appid": settings.WEIXIN_OFFICIAL_APPID,
        "grant_type": "refresh_token",
        "refresh_token": web["refresh_token"],
    }
    fresh = answer(sandbox.http.get("/sns/oauth2/refresh_token", params=query))
    assert fresh["openid"] == web["openid"]
    assert fresh["access_token"] != web["access_token"]
    wrong = {**query, "refresh_token": "made-up"}
    assert answer(sandbox.http.get("/sns/oauth2/refresh_token", params=wrong))["errcode"] == 40030


def push(sandbox: Sandbox, openid: str, **changes: Any) -> dict[str, Any]:
    body = {
        "touser": openid,
        "template_id": "sandbox-card-issued",
        "data": {
            "thing1": {"value": "电子健康卡"},
            "time2": {"value": "2026年11月20日 09:30"},
            "phrase3": {"value": "已发卡"},
        },
        **changes,
    }
    query = {"access_token": token(sandbox)["access_token"]}
    return answer(sandbox.http.post("/cgi-bin/message/subscribe/send", params=query, json=body))


def test_one_grant_lets_one_message_through(sandbox: Sandbox) -> None:
    user = sandbox.order("weixin/users", id="u1")
    assert push(sandbox, user["openid_mini"])["errcode"] == 43101
    sandbox.order("weixin/grants", user="u1", template_id="sandbox-card-issued")
    assert push(sandbox, user["openid_mini"])["errcode"] == 0
    assert push(sandbox, user["openid_mini"])["errcode"] == 43101
    assert len(sandbox.show("weixin/messages")["messages"]) == 1


def test_a_bad_field_is_named_and_costs_no_grant(sandbox: Sandbox) -> None:
    user = sandbox.order("weixin/users", id="u1")
    sandbox.order("weixin/grants", user="u1", template_id="sandbox-card-issued")
    data = {
        "thing1": {"value": "长" * 21},
        "time2": {"value": "2026年11月20日"},
        "phrase3": {"value": "已发卡"},
    }
    got = push(sandbox, user["openid_mini"], data=data)
    assert got["errcode"] == 47003
    assert "data.thing1.value" in got["errmsg"]
    assert push(sandbox, user["openid_mini"])["errcode"] == 0


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"touser": "o-nobody"}, 40003),
        ({"template_id": "unknown"}, 40037),
        ({"miniprogram_state": "beta"}, 47003),
        ({"lang": "tlh"}, 47003),
        ({"data": "text"}, 47003),
        ({"data": {"thing1": "text"}}, 47003),
    ],
)
def test_a_wrong_message_has_its_code(sandbox: Sandbox, changes: dict[str, Any], errcode: int) -> None:
    user = sandbox.order("weixin/users", id="u1")
    sandbox.order("weixin/grants", user="u1", template_id="sandbox-card-issued")
    assert push(sandbox, user["openid_mini"], **changes)["errcode"] == errcode


def test_a_template_can_be_added(sandbox: Sandbox) -> None:
    user = sandbox.order("weixin/users", id="u1")
    sandbox.order("weixin/templates", template_id="added", fields=["amount1"])
    sandbox.order("weixin/grants", user="u1", template_id="added")
    data = {"amount1": {"value": "¥12.00"}}
    assert push(sandbox, user["openid_mini"], template_id="added", data=data)["errcode"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"count": 0},
        {"count": 1001},
        {"kind": "web"},
        {"ttl": 3601},
        {"ttl": "300"},
        {"user": ""},
    ],
)
def test_the_console_refuses_codes_that_make_no_sense(sandbox: Sandbox, body: dict[str, Any]) -> None:
    assert sandbox.http.post("/console/api/weixin/codes", json=body).status_code == 400


def test_the_console_knows_no_code_for_a_stranger(sandbox: Sandbox) -> None:
    assert sandbox.http.post("/console/api/weixin/codes", json={"user": "nobody"}).status_code == 404
