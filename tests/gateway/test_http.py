"""The door as clients see it: answers, problem documents, bodies."""

import json
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import translation

from foundation.gateway import credentials, services
from tests.gateway import views
from tests.gateway.conftest import CENTRE
from tests.gateway.signing import Signer

pytestmark = pytest.mark.urls("tests.gateway.views")

VERIFY = "/api/v1/verify"


def post(
    signer: Signer, path: str, body: bytes, content_type: str = "application/json", **headers: Any
) -> Any:
    signed = signer.headers("POST", path, body)
    http = Client(raise_request_exception=False)
    return http.generic("POST", path, body, "application/json", **{**signed, **headers})


def test_a_rest_view_knows_its_caller(client: Client, hmac_signer: Signer) -> None:
    path = "/api/v1/me"
    answer = client.get(
        path + "?b=2&a=%E7%A0%81", **hmac_signer.headers("GET", path, query="b=2&a=%E7%A0%81")
    )
    assert answer.json() == {"client": hmac_signer.client, "kid": hmac_signer.kid}


def test_a_plain_view_knows_its_caller(sm2_signer: Signer) -> None:
    answer = post(sm2_signer, VERIFY, '{"text":"码"}'.encode())
    assert answer.json() == {"client": sm2_signer.client, "payload": {"text": "码"}}


def test_a_problem_says_what_happened_and_what_to_do(hmac_signer: Signer) -> None:
    stranger = Signer(client=hmac_signer.client, kid=hmac_signer.kid, secret="guessed")
    answer = post(stranger, VERIFY, b"{}")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "EHC1"
    problem = answer.json()
    assert problem["type"] == "/problems/bad_signature"
    assert problem["code"] == "bad_signature"
    assert problem["status"] == 401
    assert problem["title"] in problem["detail"]
    assert problem["next_step"]
    assert problem["trace_id"] == answer["X-Request-Id"]


def test_the_callers_own_trace_id_is_kept_if_it_is_sane(client: Client, db: None) -> None:
    assert (
        client.get("/api/v1/me", headers={"X-Request-Id": "his-2026.0001"})["X-Request-Id"] == "his-2026.0001"
    )
    assert client.get("/api/v1/me", headers={"X-Request-Id": "<script>"})["X-Request-Id"] != "<script>"


def test_an_unsigned_call_is_asked_for_a_signature(client: Client, db: None) -> None:
    for path in ("/api/v1/me", "/api/v1/clients", VERIFY):
        answer = client.post(path, {}, "application/json") if path != "/api/v1/me" else client.get(path)
        assert answer.json()["code"] == "missing_signature"


@pytest.mark.parametrize("path", [VERIFY, "/api/v1/clients"])
@pytest.mark.parametrize("is_remembered", [True, False])
def test_without_valkey_the_caller_is_asked_to_come_back(
    hmac_signer: Signer, path: str, is_remembered: bool, without_valkey: None
) -> None:
    if not is_remembered:
        credentials._cache.clear()
    answer = post(hmac_signer, path, b"{}")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert answer.json()["code"] == "gateway_unavailable"


def test_a_view_without_authentication_is_shut(client: Client, db: None) -> None:
    assert client.get("/api/v1/closed").json()["code"] == "authentication_required"


@pytest.mark.parametrize("path", [VERIFY, "/api/v1/clients"])
def test_a_client_without_the_scope_is_told_which(hmac_signer: Signer, path: str) -> None:
    services.set_scopes(client=hmac_signer.client, scopes=["card:read"], actor=CENTRE, reason="收回")
    answer = post(hmac_signer, path, b"{}")
    assert answer.status_code == 403
    assert answer.json()["code"] == "scope_missing"
    assert answer.json()["scope"] in {"code:verify", "card:register"}


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"text"',
        b"{",
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\u0000"}',
        b'{"\\ud800":1}',
        b'{"a":"\xff"}',
        b'{"a":' + b"[" * 13 + b"]" * 13 + b"}",
        b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b'{"a":' + b"9" * 5_000 + b"}",
    ],
)
@pytest.mark.parametrize("path", [VERIFY, "/api/v1/clients"])
def test_a_body_that_is_no_proper_object_is_refused(hmac_signer: Signer, path: str, body: bytes) -> None:
    headers = hmac_signer.headers("POST", path, body, idempotency_key="key-" + "0" * 20)
    answer = Client().generic("POST", path, body, "application/json", **headers)
    assert answer.status_code == 400
    assert answer.json()["code"] == "not_json"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
@pytest.mark.parametrize("path", [VERIFY, "/api/v1/clients"])
def test_a_body_of_another_type_is_refused(hmac_signer: Signer, path: str, content_type: str) -> None:
    headers = hmac_signer.headers("POST", path, b"{}", idempotency_key="key-" + "0" * 20)
    answer = Client().generic("POST", path, b"{}", content_type, **headers)
    assert answer.status_code == 415
    assert answer.json()["code"] == "unsupported_content_type"


@pytest.mark.parametrize("path", [VERIFY, "/api/v1/clients"])
def test_a_body_that_is_too_large_is_refused(hmac_signer: Signer, path: str) -> None:
    answer = post(hmac_signer, path, json.dumps({"a": "x" * 70_000}).encode())
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"


def test_a_body_without_a_length_is_refused(hmac_signer: Signer) -> None:
    answer = post(hmac_signer, VERIFY, b"{}", HTTP_TRANSFER_ENCODING="chunked")
    assert answer.json()["code"] == "length_required"


def test_all_wrong_fields_are_listed(hmac_signer: Signer) -> None:
    path, body = "/api/v1/clients", json.dumps({"name": "长" * 30, "places": [1, "二"]}).encode()
    headers = hmac_signer.headers("POST", path, body, idempotency_key="key-" + "0" * 20)
    problem = Client().generic("POST", path, body, "application/json", **headers).json()
    assert problem["code"] == "invalid_input"
    assert {error["field"] for error in problem["errors"]} == {"name", "places.1"}
    assert all(error["code"] and error["message"] for error in problem["errors"])


@pytest.mark.parametrize(("method", "path", "status"), [("GET", VERIFY, 405), ("PUT", "/api/v1/me", 405)])
def test_a_wrong_method_is_named(hmac_signer: Signer, method: str, path: str, status: int) -> None:
    headers = hmac_signer.headers(method, path)
    answer = Client().generic(method, path, b"", "application/json", **headers)
    assert answer.status_code == status
    assert answer.json()["code"] == "method_not_allowed"


def test_an_unknown_address_of_an_interface_gets_a_problem(client: Client, db: None) -> None:
    answer = client.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("path", [VERIFY, "/api/v1/clients"])
def test_a_defect_shows_nothing_internal(hmac_signer: Signer, path: str) -> None:
    body = b'{"break":true,"name":"broken"}'
    headers = hmac_signer.headers("POST", path, body, idempotency_key="key-" + "0" * 20)
    http = Client(raise_request_exception=False)
    answer = http.generic("POST", path, body, "application/json", **headers)
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert "secret detail" not in answer.content.decode()


@pytest.mark.parametrize(("wanted", "spoken"), [("en", "en"), ("zh-CN", "zh-hans"), ("", "zh-hans")])
def test_a_plain_view_refuses_in_the_callers_language(rf: RequestFactory, wanted: str, spoken: str) -> None:
    with translation.override("en" if spoken != "en" else "zh-hans"):  # left over from another request
        views.verify(rf.post(VERIFY, headers={"Accept-Language": wanted}))
        assert translation.get_language() == spoken
