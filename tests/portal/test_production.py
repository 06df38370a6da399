"""An installation for real people: what it refuses, and how it says what is missing."""

import os
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

VARIABLES = {
    "EHC_IGNORE_RUN_FILE": "1",
    "SECRET_KEY": "5f0c-jk9-Qz7-wmvR-unlike-any-other-4418-and-long-enough-for-Django",
    "EHC_ROOT_KEY": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "REDIS_URL": settings.REDIS_URL,
    "BASE_URL": "https://card.example.org",
    "ALLOWED_HOSTS": "card.example.org",
    "CSRF_TRUSTED_ORIGINS": "https://card.example.org",
    "WS_ALLOWED_ORIGINS": "https://card.example.org",
    "WS_URL": "wss://card.example.org/ws",
    "TRUSTED_PROXIES": "1",
    "EHCAPPID": "11010100001",
}
pytestmark = pytest.mark.django_db


def database_url() -> str:
    """The database of this test process."""
    found = connection.settings_dict
    host, port = str(found["HOST"]), str(found["PORT"] or "")
    login = f"{found['USER']}:{quote(found['PASSWORD'] or '')}"
    if host.startswith("/"):
        return f"postgres://{login}@/{found['NAME']}?host={host}"
    return f"postgres://{login}@{host}{':' + port if port else ''}/{found['NAME']}"


def run(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Run Python as production does; None takes a variable away."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    given = {**kept, **VARIABLES, "DATABASE_URL": database_url(), **changes}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env={name: value for name, value in given.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def manage(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    return run("manage.py", *arguments, **changes)


def test_djangos_check_for_deployment_finds_nothing() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("name", ["SECRET_KEY", "EHCAPPID", "DATABASE_URL", "REDIS_URL"])
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_missing_is_said_in_one_sentence(name: str, value: str | None) -> None:
    done = manage("check", **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name} is not set")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "command", [["ensure_keys"], ["shell", "-v0", "-c", "from gmcrypto import keystore; keystore.ring()"]]
)
def test_a_missing_root_key_stops_a_command_with_one_sentence(command: list[str]) -> None:
    done = manage(*command, EHC_ROOT_KEY=None)
    assert done.returncode == 1
    assert "root key" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["demo_credentials", "load_demo"])
def test_the_demos_commands_refuse(command: str) -> None:
    done = manage(command)
    assert done.returncode == 1
    assert "DEMO is not set" in done.stderr
    assert done.stdout == ""


def test_the_sandbox_with_its_magic_values_and_its_console_refuses() -> None:
    done = run("-m", "sandbox")
    assert done.returncode != 0
    assert "DEMO=1" in done.stderr
    assert "Traceback" not in done.stderr


def test_only_a_demo_makes_sessions_by_itself() -> None:
    program = "from portal.celery import app; print('demo-days' in app.conf.beat_schedule)"
    assert run("-c", program).stdout.strip() == "False"
    assert run("-c", program, DEMO="1").stdout.strip() == "True"


def test_nothing_of_the_demo_is_a_default() -> None:
    names = [
        *("SANDBOX_URL", "SMS_KEY", "POPULATION_APP_ID", "POPULATION_KEY", "ALLOWED_HOSTS"),
        *("WEIXIN_MINI_APPID", "WEIXIN_MINI_SECRET", "WEIXIN_OFFICIAL_APPID", "WEIXIN_OFFICIAL_SECRET"),
    ]
    program = f"from portal import settings; print([getattr(settings, n) for n in {names}])"
    done = run("-c", program, ALLOWED_HOSTS=None)
    assert done.stdout.strip() == str(["", "", "", "", [], "", "", "", ""]), done.stderr


def test_cookies_and_transport_are_secure() -> None:
    names = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_CONTENT_TYPE_NOSNIFF"]
    names += ["SESSION_COOKIE_HTTPONLY", "SECURE_HSTS_SECONDS", "SECURE_PROXY_SSL_HEADER"]
    program = f"from portal import settings as s; print(all(getattr(s, n) for n in {names}), s.DEBUG, s.DEMO)"
    assert run("-c", program).stdout.strip() == "True False False"
