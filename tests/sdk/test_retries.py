"""What is sent again, what is not, and what stays the same."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import sdk
from tests.sdk.flaky import HANG_UP, Answer, Asked, Flaky, Script

TIME = {"server_time": 1_795_305_600, "beijing_time": "2026-11-21T08:00:00+08:00"}
USE = {"usage_id": "u1", "kind": "indirect", "recorded_at": "2026-11-21T00:00:00Z"}
SECRET = "5m0n2p4q6r8s0t2v4w6x8y0z1a3b5c7d9e1f3g5h7j9k1m3n5p7q"
CLIENT, KEY = "9v1x4k7n2q8r5t3w6y0z1a2b3c", "k3y0000000000001"


def problem(status: int, code: str, **members: Any) -> dict[str, Any]:
    return {
        "type": f"/problems/{code}",
        "title": "没有成功",
        "status": status,
        "detail": "没有成功。请再试",
        "code": code,
        "next_step": "请再试",
        "trace_id": "t1",
        **members,
    }


Start = Callable[[Script], tuple[Flaky, sdk.Client]]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[tuple[Flaky, sdk.Client]] = []

    def begin(script: Script) -> tuple[Flaky, sdk.Client]:
        server = Flaky(script)
        client = sdk.Client(server.url, CLIENT, KEY, SECRET, backoff=0.01, timeout=2)
        running.append((server, client))
        return server, client

    yield begin
    for server, client in running:
        client.close()
        server.stop()


def report(client: sdk.Client) -> sdk.RecordedUse:
    return client.report_usage(scene="010103", health_card_id="A" * 64)


@pytest.mark.parametrize(
    "trouble",
    [
        HANG_UP,
        Answer(503, problem(503, "verification_busy")),
        Answer(503, b"<html>upstream</html>"),
        Answer(502, b""),
        Answer(200, b"<html>please sign in to the network</html>"),
        Answer(409, problem(409, "request_in_progress"), {"Retry-After": "0"}),
        Answer(409, problem(409, "nonce_replayed")),
        Answer(429, problem(429, "too_many_requests"), {"Retry-After": "0"}),
    ],
)
def test_what_may_pass_is_sent_again_under_the_same_key(start: Start, trouble: Answer) -> None:
    server, client = start([trouble, trouble, Answer(201, USE)])
    assert report(client).usage_id == "u1"
    first, second, third = server.asked
    assert first.body == second.body == third.body
    keys = {asked.headers["idempotency-key"] for asked in server.asked}
    assert len(keys) == 1
    # Nonce and signature are new, or the platform would take the second for a replay.
    assert len({asked.headers["ehc-nonce"] for asked in server.asked}) == 3
    assert len({asked.headers["ehc-signature"] for asked in server.asked}) == 3


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (409, "code_used", sdk.CodeUsed),
        (410, "code_expired", sdk.CodeExpired),
        (403, "code_forged", sdk.CodeNotAccepted),
        (409, "card_frozen", sdk.CardNotInUse),
        (409, "identity_conflict", sdk.Conflict),
        (422, "idempotency_key_reused", sdk.InvalidRequest),
        (400, "invalid_input", sdk.InvalidRequest),
        (401, "bad_signature", sdk.SignatureRefused),
        (403, "scope_missing", sdk.ClientRefused),
        (404, "card_unknown", sdk.NotFound),
        (500, "internal_error", sdk.Unavailable),
        (418, "something_new", sdk.EhcError),
    ],
)
def test_a_refusal_is_final_and_has_a_class(
    start: Start, status: int, code: str, kind: type[sdk.EhcError]
) -> None:
    server, client = start([Answer(status, problem(status, code, field="scene"))])
    with pytest.raises(kind) as caught:
        report(client)
    error = caught.value
    assert type(error) is kind
    assert (error.code, error.status, error.trace_id, error.field) == (code, status, "t1", "scene")
    assert error.next_step == "请再试"
    assert len(server.asked) == 1


def test_after_the_last_retry_the_error_is_raised(start: Start) -> None:
    server, client = start([HANG_UP])
    with pytest.raises(sdk.Unreachable):
        report(client)
    assert len(server.asked) == 4


def test_a_platform_that_is_not_there_is_unreachable() -> None:
    with sdk.Client("http://127.0.0.1:1", CLIENT, KEY, SECRET, retries=1, backoff=0.01) as client:
        with pytest.raises(sdk.Unreachable):
            client.time()


def test_a_platform_that_hangs_is_unreachable(start: Start) -> None:
    def slow(asked: Asked) -> Answer:
        time.sleep(0.5)
        return Answer(200, TIME)

    server, _ = start([slow])
    with sdk.Client(server.url, CLIENT, KEY, SECRET, retries=0, timeout=0.1) as client:
        with pytest.raises(sdk.Unreachable):
            client.time()


def test_it_waits_as_long_as_it_is_told(start: Start) -> None:
    limited = Answer(429, problem(429, "too_many_requests"), {"Retry-After": "1"})
    _, client = start([limited, Answer(200, TIME)])
    begun = time.monotonic()
    client.time()
    assert time.monotonic() - begun >= 1


def test_a_long_wait_is_left_to_the_caller(start: Start) -> None:
    limited = Answer(429, problem(429, "too_many_requests"), {"Retry-After": "3600"})
    server, client = start([limited])
    with pytest.raises(sdk.RateLimited) as caught:
        client.time()
    assert caught.value.retry_after == 3600
    assert len(server.asked) == 1


def test_a_wrong_clock_is_corrected_once(start: Start) -> None:
    server_time = int(time.time()) + 5_000
    skewed = Answer(401, problem(401, "clock_skew", server_time=server_time))
    server, client = start([skewed, Answer(200, TIME)])
    client.time()
    assert abs(int(server.asked[1].headers["ehc-timestamp"]) - server_time) <= 60
    # The next call is right from the beginning.
    client.time()
    assert abs(int(server.asked[2].headers["ehc-timestamp"]) - server_time) <= 60


def test_a_clock_that_stays_wrong_is_an_error(start: Start) -> None:
    server, client = start([Answer(401, problem(401, "clock_skew", server_time=1))])
    with pytest.raises(sdk.SignatureRefused):
        client.time()
    assert len(server.asked) == 2


def test_what_is_signed_is_what_is_sent(start: Start) -> None:
    server, client = start([Answer(201, USE)])
    client.report_usage(scene="010103", health_card_id="A" * 64, department="内科", idempotency_key="k" * 20)
    asked = server.asked[0]
    lines = [
        "EHC1",
        "HMAC-SM3",
        "POST",
        "/api/v1/usage",
        "",
        CLIENT,
        KEY,
        asked.headers["ehc-timestamp"],
        asked.headers["ehc-nonce"],
        "k" * 20,
        hashlib.new("sm3", asked.body).hexdigest(),
    ]
    expected = hmac.digest(SECRET.encode(), "\n".join(lines).encode(), "sm3")
    import base64

    assert asked.headers["ehc-signature"] == base64.b64encode(expected).decode()
    # What was not given is not sent.
    assert set(json.loads(asked.body)) == {"health_card_id", "scene", "department"}


def test_a_strange_card_number_stays_in_its_place(start: Start) -> None:
    server, client = start([Answer(404, problem(404, "card_unknown"))])
    with pytest.raises(sdk.NotFound):
        client.read_card("../time?x=1#y")
    assert server.asked[0].path == "/api/v1/cards/..%2Ftime%3Fx%3D1%23y"


def test_an_answer_that_is_not_understood_is_an_error_of_ours(start: Start) -> None:
    _, client = start([Answer(200, {"something": "else"})])
    with pytest.raises(sdk.EhcError) as caught:
        client.time()
    assert caught.value.code == "not_understood"


def test_members_that_a_newer_platform_adds_are_ignored(start: Start) -> None:
    _, client = start([Answer(201, USE | {"new": 1})])
    assert report(client).kind == "indirect"


def test_a_client_needs_one_way_to_sign() -> None:
    with pytest.raises(ValueError, match="secret or signer"):
        sdk.Client("http://127.0.0.1:1", CLIENT, KEY)


def test_secrets_and_people_are_not_in_reprs() -> None:
    person = sdk.Person("测试甲", "01", "11010020171225006X", "1", "01", None, "13900000000", "路1号")
    assert "测试甲" not in repr(person)
    assert "11010020171225006X" not in repr(person)
