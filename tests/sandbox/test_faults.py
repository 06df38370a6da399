"""Switches that break a played system for a while."""

import time
from typing import Any

import httpx
import pytest

from tests.sandbox_server import Sandbox


def call(sandbox: Sandbox) -> httpx.Response:
    return sandbox.http.get("/sns/jscode2session")


@pytest.mark.parametrize(("kind", "status"), [("error", 500), ("outage", 503)])
def test_a_broken_system_answers_so_until_it_is_repaired(sandbox: Sandbox, kind: str, status: int) -> None:
    sandbox.fault("weixin", kind)
    assert call(sandbox).status_code == status
    sandbox.repair()
    assert call(sandbox).status_code == 200


def test_a_fault_of_one_system_spares_the_others(sandbox: Sandbox) -> None:
    sandbox.fault("weixin", "outage")
    assert sandbox.http.post("/sms/v1/messages").status_code == 401


def test_a_fault_ends_by_itself(sandbox: Sandbox) -> None:
    sandbox.fault("weixin", "outage", seconds=4)
    assert call(sandbox).status_code == 503
    time.sleep(4.1)
    assert call(sandbox).status_code == 200
    assert sandbox.show("faults")["faults"] == []


def test_a_slow_system_answers_late(sandbox: Sandbox) -> None:
    sandbox.fault("weixin", "latency", milliseconds=300)
    started = time.monotonic()
    assert call(sandbox).status_code == 200
    assert time.monotonic() - started >= 0.3


def test_a_hanging_system_keeps_the_caller_waiting(sandbox: Sandbox) -> None:
    sandbox.fault("weixin", "hang")
    with pytest.raises(httpx.ReadTimeout):
        sandbox.http.get("/sns/jscode2session", timeout=1)


def test_garbage_is_no_json(sandbox: Sandbox) -> None:
    sandbox.fault("weixin", "garbage")
    with pytest.raises(ValueError, match="Expecting value"):
        call(sandbox).json()


def test_an_error_rate_meets_some_calls(sandbox: Sandbox) -> None:
    sandbox.fault("weixin", "error", rate=50)
    statuses = {call(sandbox).status_code for _ in range(60)}
    assert statuses == {200, 500}


@pytest.mark.parametrize("errcode", [40226, 45011, -1])
def test_a_wechat_error_can_be_injected_for_one_path(sandbox: Sandbox, errcode: int) -> None:
    sandbox.fault("weixin", "errcode", errcode=errcode, path="/sns/jscode2session")
    assert call(sandbox).json()["errcode"] == errcode
    assert sandbox.http.get("/sns/auth").json()["errcode"] == 41001


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"system": "post", "kind": "error"},
        {"system": "sms", "kind": "earthquake"},
        {"system": "sms", "kind": "errcode"},
        {"system": "weixin", "kind": "reject", "phone": "1"},
        {"system": "sms", "kind": "reject"},
        {"system": "sms", "kind": "error", "rate": 101},
        {"system": "sms", "kind": "error", "seconds": 4000},
        {"system": "sms", "kind": "latency", "milliseconds": "3"},
        {"system": "sms", "kind": "latency", "milliseconds": True},
    ],
)
def test_a_switch_that_makes_no_sense_is_refused(sandbox: Sandbox, body: dict[str, Any]) -> None:
    answer = sandbox.http.post("/console/api/faults", json=body)
    assert answer.status_code == 400
    assert sandbox.show("faults")["faults"] == []
