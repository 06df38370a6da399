"""Where the sandbox runs and where it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.sandbox_server import Sandbox

ROOT = Path(__file__).resolve().parent.parent.parent


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "EHC_IGNORE_RUN_FILE": "1",
        "REDIS_URL": settings.REDIS_URL,
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-c", "import sandbox.app"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("variables", [{}, {"DEMO": "0"}, {"DEMO": ""}, {"SANDBOX_ALLOW": "no"}])
def test_outside_the_demo_it_refuses_with_one_sentence(variables: dict[str, str]) -> None:
    ended = start(**variables)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "DEMO=1" in ended.stderr


@pytest.mark.parametrize("variables", [{"REDIS_URL": ""}, {"SANDBOX_PORT": "eighty"}, {"SANDBOX_PORT": "0"}])
def test_a_setting_that_cannot_work_is_said_in_one_sentence(variables: dict[str, str]) -> None:
    ended = start(DEMO="1", **variables)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1


def test_in_the_demo_it_loads_and_needs_no_django() -> None:
    code = "import sandbox.app, sys; sys.exit('django' in sys.modules)"
    environment = {**os.environ, "DEMO": "1", "REDIS_URL": settings.REDIS_URL}
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, timeout=120, check=False)
    assert ended.returncode == 0


def test_it_says_that_it_serves(sandbox: Sandbox) -> None:
    assert sandbox.http.get("/health").json() == {"status": "ok"}


def test_it_listens_on_the_loopback_address_only(sandbox: Sandbox) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/sms/v1/messages", 405)]
)
def test_a_wrong_address_is_answered_in_json(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    answer = sandbox.http.request(method, path)
    assert answer.status_code == status
    assert answer.json()["code"]


def test_an_oversized_body_is_refused(sandbox: Sandbox) -> None:
    assert sandbox.http.post("/sms/v1/messages", content=b"x" * 1_100_000).status_code in {401, 413}
    assert sandbox.http.post("/console/api/faults", content=b"x" * 1_100_000).status_code == 413


def test_a_page_of_another_origin_presses_no_buttons(sandbox: Sandbox) -> None:
    answer = sandbox.http.post("/console/api/reset", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
