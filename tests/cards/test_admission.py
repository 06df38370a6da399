"""Calls of the hot path are let in together, and none is answered that was not let in."""

from collections.abc import Iterator

import orjson
import pytest
from django.conf import LazySettings
from django.db import connections
from django.test import Client

from cards.models import UsageRecord
from cards.verification.committer import committer
from foundation.core import redis
from foundation.gateway import authenticate, credentials
from foundation.gateway import services as gateway
from foundation.gateway.authenticate import SignedCall
from foundation.gateway.errors import ClientSuspended, NonceReplayed, ScopeMissing
from tests.cards.world import CENTRE, Holder, Hospital, code_of, holder, hospital

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/v1/codes/verify"


@pytest.fixture(params=["inline", "batch"], autouse=True)
def writer(request: pytest.FixtureRequest, settings: LazySettings, transactional_db: None) -> Iterator[str]:
    settings.USAGE_WRITER = request.param
    yield request.param
    committer().stop()
    connections.close_all()


@pytest.fixture
def here(transactional_db: None) -> Hospital:
    return hospital()


@pytest.fixture
def somebody(transactional_db: None) -> Holder:
    return holder()


def send(where: Hospital, text: str, *, nonce: str = "") -> tuple[int, str]:
    body = orjson.dumps({"code": text, "scene": "0101012", "terminal_id": "W01"})
    headers = where.signer.headers("POST", PATH, body, nonce=nonce)
    response = Client().generic("POST", PATH, body, content_type="application/json", **headers)
    return response.status_code, response.json().get("code", "")


def test_a_nonce_serves_one_verification(here: Hospital, somebody: Holder) -> None:
    assert send(here, code_of(somebody), nonce="n" * 20)[0] == 200
    assert send(here, code_of(somebody), nonce="n" * 20) == (409, "nonce_replayed")
    assert UsageRecord.objects.count() == 1


def test_a_refused_call_uses_its_nonce_up_too(here: Hospital, somebody: Holder) -> None:
    assert send(here, "nonsense", nonce="n" * 20) == (400, "code_malformed")
    assert send(here, "nonsense", nonce="n" * 20) == (409, "nonce_replayed")
    assert send(here, code_of(somebody), nonce="n" * 20) == (409, "nonce_replayed")
    assert not UsageRecord.objects.exists()


def test_a_client_that_was_suspended_consumes_no_code(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    credentials.find(here.signer.kid)
    gateway.suspend_client(client=here.signer.client, actor=CENTRE, reason="测试")
    assert send(here, text) == (403, "client_suspended")
    assert not UsageRecord.objects.exists()


def test_without_valkey_nobody_is_let_in(here: Hospital, somebody: Holder, settings: LazySettings) -> None:
    text = code_of(somebody)
    credentials.find(here.signer.kid)
    address = settings.REDIS_URL
    settings.REDIS_URL = "unix:///nonexistent/valkey.sock"
    redis.client.cache_clear()
    try:
        assert send(here, text) == (503, "gateway_unavailable")
    finally:
        settings.REDIS_URL = address
        redis.client.cache_clear()
    assert not UsageRecord.objects.exists()
    assert send(here, text)[0] == 200


def test_of_calls_that_come_together_each_has_its_own_outcome(here: Hospital) -> None:
    credential = credentials.load(here.signer.kid)
    assert credential is not None
    calls = [SignedCall(credential, nonce) for nonce in ("a" * 16, "b" * 16, "a" * 16)]
    outcomes = authenticate.admit_many(calls)
    assert [type(outcome) for outcome in outcomes] == [type(None), type(None), NonceReplayed]
    redis.client().script_flush()
    assert authenticate.admit_many([SignedCall(credential, "c" * 16)]) == [None]


def test_a_change_of_the_client_holds_for_calls_that_were_checked_before(here: Hospital) -> None:
    credential = credentials.load(here.signer.kid)
    assert credential is not None
    call = SignedCall(credential, "a" * 16)
    call.require("code:verify")
    gateway.set_scopes(client=here.signer.client, scopes=["card:read"], actor=CENTRE, reason="测试")
    assert isinstance(authenticate.admit_many([call])[0], ScopeMissing)
    late = SignedCall(credential, "b" * 16)
    gateway.suspend_client(client=here.signer.client, actor=CENTRE, reason="测试")
    assert isinstance(authenticate.admit_many([late])[0], ClientSuspended)
