"""The WeChat client against WeChat's servers as the sandbox plays them, over the wire."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_django import Settings

from foundation.carriers import weixin
from foundation.carriers.errors import (
    CarrierError,
    CarrierMisconfigured,
    CarrierRefused,
    CarrierTemporary,
    WeixinCodeRejected,
    WeixinSnapshotUser,
    WeixinUserBlocked,
)
from foundation.core import redis
from tests.sandbox_server import Sandbox


def token_calls(sandbox: Sandbox) -> int:
    """How often WeChat was asked for an access token."""
    return sum(each["path"] == "/cgi-bin/stable_token" for each in sandbox.show("requests")["requests"])


def test_a_mini_program_code_names_its_user(sandbox: Sandbox) -> None:
    user = sandbox.order("weixin/users", id="u1")
    identity = weixin.code_to_session(sandbox.weixin_code(user="u1"))
    assert identity == weixin.WeixinIdentity(openid=user["openid_mini"], unionid=user["unionid"])


def test_the_session_key_goes_nowhere() -> None:
    assert [field.name for field in dataclasses.fields(weixin.WeixinIdentity)] == ["openid", "unionid"]


def test_a_code_works_once(sandbox: Sandbox) -> None:
    code = sandbox.weixin_code()
    weixin.code_to_session(code)
    with pytest.raises(WeixinCodeRejected) as refused:
        weixin.code_to_session(code)
    assert refused.value.code == "40163"


@pytest.mark.parametrize("code", ["made-up", "码", "a&secret=b#c", "x" * 2000])
def test_a_made_up_code_is_rejected(sandbox: Sandbox, code: str) -> None:
    with pytest.raises(WeixinCodeRejected):
        weixin.code_to_session(code)


def test_an_empty_code_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(CarrierRefused):
        weixin.code_to_session("")


def test_a_blocked_user_is_told_apart(sandbox: Sandbox) -> None:
    sandbox.order("weixin/users", id="risky", high_risk=True)
    with pytest.raises(WeixinUserBlocked):
        weixin.code_to_session(sandbox.weixin_code(user="risky"))


@pytest.mark.parametrize("setting", ["WEIXIN_MINI_APPID", "WEIXIN_MINI_SECRET"])
def test_a_wrong_application_is_our_own_mistake(sandbox: Sandbox, settings: Settings, setting: str) -> None:
    setattr(settings, setting, "wrong")
    with pytest.raises(CarrierMisconfigured):
        weixin.code_to_session(sandbox.weixin_code())


@pytest.mark.parametrize(
    ("errcode", "error"),
    [(45011, CarrierTemporary), (-1, CarrierTemporary), (40226, WeixinUserBlocked), (99999, CarrierRefused)],
)
def test_error_codes_are_sorted(sandbox: Sandbox, errcode: int, error: type[CarrierError]) -> None:
    sandbox.fault("weixin", "errcode", errcode=errcode)
    with pytest.raises(error) as raised:
        weixin.code_to_session("any")
    assert raised.value.code == str(errcode)


@pytest.mark.parametrize("kind", ["error", "outage"])
def test_a_broken_wechat_is_a_matter_of_time(sandbox: Sandbox, kind: str) -> None:
    sandbox.fault("weixin", kind)
    with pytest.raises(CarrierTemporary):
        weixin.oauth_exchange("any")


def test_garbage_signs_nobody_in(sandbox: Sandbox) -> None:
    sandbox.fault("weixin", "garbage")
    with pytest.raises(CarrierRefused):
        weixin.code_to_session("any")


def come_back(sandbox: Sandbox, user: str, scope: str) -> dict[str, list[str]]:
    """Follow the address as a browser would, with the user agreeing at once."""
    address = weixin.authorize_url(
        redirect_uri="http://127.0.0.1:8000/back/?a=1&b=2", state="state-1", scope=scope
    )
    page, _, fragment = address.partition("#")
    assert fragment == "wechat_redirect"
    response = sandbox.http.get(f"{page}&auto={user}")
    assert response.status_code == 302
    return parse_qs(urlsplit(response.headers["location"]).query)


@pytest.mark.parametrize("scope", ["snsapi_base", "snsapi_userinfo"])
def test_the_official_account_signs_in(sandbox: Sandbox, scope: str) -> None:
    user = sandbox.order("weixin/users", id="u1")
    back = come_back(sandbox, "u1", scope)
    assert (back["state"], back["a"], back["b"]) == (["state-1"], ["1"], ["2"])
    identity = weixin.oauth_exchange(back["code"][0])
    assert identity.openid == user["openid_official"]
    assert identity.unionid == (user["unionid"] if scope == "snsapi_userinfo" else "")
    with pytest.raises(WeixinCodeRejected):
        weixin.oauth_exchange(back["code"][0])


def test_a_snapshot_user_is_nobody(sandbox: Sandbox) -> None:
    sandbox.order("weixin/users", id="snap", snapshot=True)
    back = come_back(sandbox, "snap", "snsapi_userinfo")
    with pytest.raises(WeixinSnapshotUser):
        weixin.oauth_exchange(back["code"][0])


def test_a_code_of_the_mini_program_is_none_of_the_official_account(sandbox: Sandbox) -> None:
    with pytest.raises(WeixinCodeRejected):
        weixin.oauth_exchange(sandbox.weixin_code("mini"))


def phone(sandbox: Sandbox) -> str:
    return weixin.phone_number(sandbox.weixin_code("phone", user="u1")).number


@pytest.fixture
def resident(sandbox: Sandbox) -> Sandbox:
    sandbox.order("weixin/users", id="u1", phone="19900007777")
    return sandbox


def test_the_phone_button_tells_the_number(resident: Sandbox) -> None:
    number = weixin.phone_number(resident.weixin_code("phone", user="u1"))
    assert number == weixin.PhoneNumber(number="19900007777", country_code="86")


def test_the_access_token_is_asked_for_once(resident: Sandbox) -> None:
    for _ in range(3):
        phone(resident)
    assert token_calls(resident) == 1


def test_twenty_callers_ask_for_one_token(resident: Sandbox) -> None:
    codes = resident.order("weixin/codes", kind="phone", user="u1", count=20)["codes"]
    with ThreadPoolExecutor(20) as callers:
        numbers = {found.number for found in callers.map(weixin.phone_number, codes)}
    assert numbers == {"19900007777"}
    assert token_calls(resident) == 1


def test_a_token_that_another_program_ended_is_renewed_and_the_call_made_again(
    resident: Sandbox, settings: Settings
) -> None:
    phone(resident)
    body = {
        "grant_type": "client_credential",
        "appid": settings.WEIXIN_MINI_APPID,
        "secret": settings.WEIXIN_MINI_SECRET,
        "force_refresh": True,
    }
    assert resident.http.post("/cgi-bin/stable_token", json=body).json()["access_token"]
    assert phone(resident) == "19900007777"


def test_an_expired_token_is_renewed_and_the_call_made_again(resident: Sandbox, settings: Settings) -> None:
    phone(resident)
    resident.order("weixin/tokens/age", appid=settings.WEIXIN_MINI_APPID, seconds=7200)
    assert phone(resident) == "19900007777"


@pytest.mark.parametrize("errcode", [40001, 42001])
def test_a_token_that_is_never_good_is_tried_twice_and_no_more(resident: Sandbox, errcode: int) -> None:
    path = "/wxa/business/getuserphonenumber"
    resident.fault("weixin", "errcode", errcode=errcode, path=path)
    with pytest.raises(CarrierTemporary):
        weixin.phone_number("any")
    assert sum(each["path"] == path for each in resident.show("requests")["requests"]) == 2


def test_the_token_does_not_lie_open_in_valkey(resident: Sandbox, settings: Settings) -> None:
    phone(resident)
    kept = redis.client().get(redis.key("weixin-token", settings.WEIXIN_MINI_APPID))
    assert isinstance(kept, bytes)
    body = {
        "grant_type": "client_credential",
        "appid": settings.WEIXIN_MINI_APPID,
        "secret": settings.WEIXIN_MINI_SECRET,
    }
    token = resident.http.post("/cgi-bin/stable_token", json=body).json()["access_token"]
    assert token.encode() not in kept
    assert redis.client().ttl(redis.key("weixin-token", settings.WEIXIN_MINI_APPID)) <= 7200


def test_no_secret_and_no_person_is_logged(
    resident: Sandbox,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = resident.weixin_code(user="u1")
    with caplog.at_level("INFO"):
        identity = weixin.code_to_session(code)
        number = phone(resident)
    written = caplog.text + "".join(capsys.readouterr())
    assert "/sns/jscode2session" in written
    for secret in (code, settings.WEIXIN_MINI_SECRET, identity.openid, number, "access_token"):
        assert secret not in written
