"""The sandbox of outside systems as a process of its own, for every test that talks to one.

`sandbox_url` is its address, once for each test process; `sandbox` is a clean one with the
product's settings pointing at it.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from foundation.core import redis

ROOT = Path(__file__).resolve().parent.parent
SHARED_SETTINGS = (
    "SMS_KEY",
    "SMS2_KEY",
    "WEIXIN_PUSH_TOKEN",
    "POPULATION_APP_ID",
    "POPULATION_KEY",
    "FACE_APP_ID",
    "FACE_KEY",
    "WEIXIN_MINI_APPID",
    "WEIXIN_MINI_SECRET",
    "WEIXIN_OFFICIAL_APPID",
    "WEIXIN_OFFICIAL_SECRET",
)


@dataclass(frozen=True)
class Sandbox:
    """The console of a running sandbox."""

    url: str
    http: httpx.Client

    def order(self, path: str, /, **body: Any) -> dict[str, Any]:
        """Post to the console; fail if it refuses."""
        answer = self.http.post(f"/console/api/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def show(self, path: str, /, **query: str) -> dict[str, Any]:
        """What the console shows."""
        answer = self.http.get(f"/console/api/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def messages(self, phone: str) -> list[dict[str, Any]]:
        """The SMS messages sent to a number, newest first."""
        return list(self.show("sms", phone=phone)["messages"])

    def sms_code(self, phone: str) -> str:
        """The code in the newest message to a number that has one."""
        return str(next(message["code"] for message in self.messages(phone) if message["code"]))

    def weixin_code(self, kind: str = "mini", **options: Any) -> str:
        """A fresh one-time code: kind mini, oauth or phone; options as in the console."""
        return str(self.order("weixin/codes", kind=kind, **options)["codes"][0])

    def fault(self, system: str, kind: str, **options: Any) -> None:
        """Switch a fault on."""
        self.order("faults", system=system, kind=kind, **options)

    def repair(self) -> None:
        """Switch every fault off."""
        self.http.delete("/console/api/faults").raise_for_status()


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """The address of a sandbox that runs as long as this test process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        environment = {
            **os.environ,
            **{name: getattr(django_settings, name) for name in SHARED_SETTINGS},
            "REDIS_URL": django_settings.REDIS_URL,
            "SANDBOX_ALLOW": "1",
            "SANDBOX_PREFIX": f"sandbox-test-{os.getpid()}",
            "SANDBOX_FD": str(listener.fileno()),
        }
        # The listener is open already, so a first call waits until the process serves.
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox"], cwd=ROOT, env=environment, pass_fds=[listener.fileno()]
        )
    try:
        url = f"http://127.0.0.1:{port}"
        httpx.get(f"{url}/health", timeout=120).raise_for_status()
        yield url
        httpx.post(f"{url}/console/api/reset", timeout=60).raise_for_status()
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def sandbox(sandbox_url: str, settings: Settings) -> Iterator[Sandbox]:
    """A sandbox without any state, at which the product's settings point."""
    settings.SMS2_BASE = f"{sandbox_url}/second"
    for name in (
        "SANDBOX_URL",
        "SMS_BASE",
        "POPULATION_BASE",
        "FACE_BASE",
        "WEIXIN_API_BASE",
        "WEIXIN_OPEN_BASE",
    ):
        setattr(settings, name, sandbox_url)
    with httpx.Client(base_url=sandbox_url, timeout=60, trust_env=False) as client:
        running = Sandbox(sandbox_url, client)
        running.order("reset")
        for appid in (settings.WEIXIN_MINI_APPID, settings.WEIXIN_OFFICIAL_APPID):
            redis.client().delete(redis.key("weixin-token", appid))
        yield running
