"""The console's pages and the request log."""

import re

import pytest
from django.conf import settings

from tests.sandbox_server import Sandbox

PAGES = [
    "/",
    "/console/sms",
    "/console/weixin",
    "/console/population",
    "/console/his",
    "/console/insurance",
    "/console/alipay",
    "/console/unionpay",
    "/console/faults",
    "/console/requests",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_served_without_script_and_inline_style(sandbox: Sandbox, path: str) -> None:
    sandbox.weixin_code()
    sandbox.fault("sms", "latency")
    answer = sandbox.http.get(path)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"<script|<style|style=|\son[a-z]+=", answer.text)
    assert f"href='{path}' aria-current='page'" in answer.text


def test_what_callers_send_is_shown_as_text(sandbox: Sandbox) -> None:
    sandbox.order("weixin/users", id="u1", nickname="<b>{x}</b>'\"")
    text = sandbox.http.get("/console/weixin").text
    assert "<b>" not in text
    assert "&lt;b&gt;{x}&lt;/b&gt;" in text


def test_the_request_log_masks_personal_data(sandbox: Sandbox) -> None:
    message = {
        "phone": "19900001234",
        "name": "林知秋",
        "id_number": "11010019900101997X",
        "template": "sign_in_code",
        "params": {"code": "402817", "minutes": 5},
        "request_id": "request-1",
    }
    sandbox.http.post("/sms/v1/messages", json=message, headers={"X-Api-Key": settings.SMS_KEY})
    sandbox.http.get("/sns/jscode2session?secret=very-secret&js_code=0abc&appid=wx1")
    newest, earlier = sandbox.show("requests")["requests"]
    assert newest["fields"] == "appid=wx1"
    assert "request_id=request-1" in earlier["fields"]
    everything = str([newest, earlier]) + sandbox.http.get("/console/requests").text
    for secret in ("19900001234", "林知秋", "11010019900101997X", "402817", "very-secret", "0abc"):
        assert secret not in everything


def test_a_fault_is_switched_on_and_off_by_the_page(sandbox: Sandbox) -> None:
    form = {"system": "population", "kind": "latency", "milliseconds": "250", "rate": "100", "seconds": "60"}
    assert sandbox.http.post("/console/faults", data=form).status_code == 303
    assert sandbox.show("faults")["faults"][0]["milliseconds"] == 250
    off = {"system": "population", "kind": "latency", "off": "1"}
    assert sandbox.http.post("/console/faults", data=off).status_code == 303
    assert sandbox.show("faults")["faults"] == []


@pytest.mark.parametrize("rate", ["--5", "many", "", "９９", "1000"])
def test_a_form_with_nonsense_is_explained_on_a_page(sandbox: Sandbox, rate: str) -> None:
    form = {"system": "sms", "kind": "error", "rate": rate, "seconds": "60"}
    answer = sandbox.http.post("/console/faults", data=form)
    # An empty field is not sent by the parser and means the default.
    assert answer.status_code == (303 if rate == "" else 400)
    assert rate == "" or "role='alert'" in answer.text


def test_the_page_gives_a_code_that_works(sandbox: Sandbox) -> None:
    assert sandbox.http.post("/console/weixin", data={"kind": "mini"}).status_code == 303
    code = re.findall(r"<code>([^<]+)</code>", sandbox.http.get("/console/weixin").text)[0]
    query = {
        "appid": settings.WEIXIN_MINI_APPID,
        "secret": settings.WEIXIN_MINI_SECRET,
        "js_code": code,
        "grant_type": "authorization_code",
    }
    assert sandbox.http.get("/sns/jscode2session", params=query).json()["openid"]


def test_a_reset_forgets_everything(sandbox: Sandbox) -> None:
    sandbox.weixin_code()
    sandbox.fault("sms", "error")
    sandbox.order("reset")
    assert sandbox.show("weixin/users")["users"] == []
    assert sandbox.show("faults")["faults"] == []
    assert sandbox.show("requests")["requests"] == []
