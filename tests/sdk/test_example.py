"""The example of twenty lines, as a visitor runs it."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from cards.models import UsageRecord
from foundation.events.models import InboxMessage
from portal import demo
from tests.sandbox_server import Sandbox

ROOT = Path(__file__).resolve().parents[2]


def same_database(url: str) -> str:
    """The address of the database that this test uses."""
    parts = urlsplit(url)
    return parts._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def example(
    module: str, live_server: LiveServer, sandbox: Sandbox, settings: LazySettings
) -> subprocess.CompletedProcess[str]:
    """Run one of the SDK's examples against the running demo."""
    environment = {
        **os.environ,
        "DATABASE_URL": same_database(os.environ["DATABASE_URL"]),
        "DEMO": "1",
        "BASE_URL": live_server.url,
        "SANDBOX_URL": sandbox.url,
        "SECRET_KEY": settings.SECRET_KEY,
        "EHC_ROOT_KEY": settings.EHC_ROOT_KEY,
    }
    return subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.row("HI-01")
@pytest.mark.django_db(transaction=True)
def test_the_example_verifies_a_code_in_the_demo(
    live_server: LiveServer, sandbox: Sandbox, settings: LazySettings
) -> None:
    demo.load()
    shown = example("sdk.examples.verify", live_server, sandbox, settings)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("测试 11010020171225006X")
    assert UsageRecord.objects.filter(operation="verify").exists()


@pytest.mark.row("HI-01")
@pytest.mark.django_db(transaction=True)
def test_the_example_sends_events_to_the_demo(
    live_server: LiveServer, sandbox: Sandbox, settings: LazySettings
) -> None:
    demo.load()
    shown = example("sdk.examples.events", live_server, sandbox, settings)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count("accepted") == 3
    assert "with a wrong key: bad_signature" in shown.stdout
    assert list(InboxMessage.objects.order_by("seq").values_list("topic", "seq")) == [
        ("connection.test", 1),
        ("connection.test", 2),
    ]
