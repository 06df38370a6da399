"""The whole product as processes of its own, started by the commands of ``make run``.

It has a database of its own beside the test database: what a browser does is committed, and
must neither meet the rows of other tests nor be emptied with them.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from cards import centre
from foundation.core import redis
from gmcrypto import keystore
from tests.sandbox_server import SHARED_SETTINGS
from tools import messages
from tools.launcher import plan
from tools.launcher.ports import HOST, Ports
from tools.launcher.processes import Command, bound
from tools.launcher.state import State

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 300.0
STOP_SECONDS = 15.0
# Beat only repeats what the tests order themselves, and costs a process.
LEFT_OUT = {"beat"}
# One process each: the tests ask for one thing at a time, on a machine that does much else.
SIZES = {"WEB_WORKERS": "1", "WEB_THREADS": "8", "WORKER_PROCESSES": "1"}


class Product:
    """A running product: its address, its environment and what its processes have said."""

    def __init__(self, database: str, sandbox_url: str, folder: Path) -> None:
        http, ws = _free_ports(2)
        self.ports = Ports(http, ws, urlsplit(sandbox_url).port or 0)
        self.url = f"http://{HOST}:{http}"
        self.prefix = f"e2e-{os.getpid()}"
        self.folder = folder
        self.state = State(folder)
        # What marks a test process must not reach the product's own.
        given = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        self.environment = {
            **given,
            **SIZES,
            **{name: getattr(settings, name) for name in SHARED_SETTINGS},
            "DATABASE_URL": urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}")),
            "REDIS_URL": settings.REDIS_URL,
            "REDIS_PREFIX": self.prefix,
            "DEMO": "1",
            "SECRET_KEY": settings.SECRET_KEY,
            "EHC_ROOT_KEY": settings.EHC_ROOT_KEY,
            "EHC_IGNORE_RUN_FILE": "1",
            "BASE_URL": self.url,
            "WS_URL": f"ws://{HOST}:{ws}/ws",
            "SANDBOX_URL": sandbox_url,
            "AUDIT_CHECKPOINT_FILE": str(folder / "checkpoints.jsonl"),
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._read: dict[str, int] = {}

    def start(self) -> None:
        """Start every process and load the demo data meanwhile; return when pages come."""
        self.state.folder.mkdir(parents=True, exist_ok=True)
        for command in plan.processes(self.state, self.ports, self.environment):
            if command.name not in LEFT_OUT:
                self._processes[command.name] = self._spawn(command)
        # Not in this process: the passwords of the staff are to be digested as in a demo.
        demo = Command("demo", (sys.executable, "manage.py", "load_demo"), self.environment)
        code = self._spawn(demo).wait(START_SECONDS)
        assert code == 0, f"load_demo ended with {code}\n{self.said()}"
        self._wait()

    def stop(self) -> None:
        """End every process, and remove what they kept in Valkey."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for key in redis.client().scan_iter(f"*{self.prefix}:*", count=1000):
            redis.client().delete(key)

    def said(self) -> str:
        """What the processes wrote since this was asked last."""
        parts = []
        for log in sorted(self.folder.glob("*.log")):
            text = log.read_text("utf-8", errors="replace")
            new = text[self._read.get(log.name, 0) :]
            self._read[log.name] = len(text)
            if new.strip():
                parts.append(f"--- {log.stem}\n{new[-6000:]}")
        return "\n".join(parts)

    def _spawn(self, command: Command) -> subprocess.Popen[bytes]:
        with (self.folder / f"{command.name}.log").open("ab") as log:
            return subprocess.Popen(
                bound(command.argv, command.stop_signal),
                cwd=ROOT,
                env=command.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _is_serving(self) -> bool:
        for name, process in self._processes.items():
            assert process.poll() is None, f"{name} ended with {process.returncode}\n{self.said()}"
        return _answers(f"{self.url}/readyz") == 200 and _answers(f"http://{HOST}:{self.ports.ws}/") == 404

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while not self._is_serving():
            assert time.monotonic() < end, f"the product does not answer\n{self.said()}"
            time.sleep(0.2)


@contextmanager
def product(sandbox_url: str, folder: Path) -> Iterator[Product]:
    """A product that runs, while this process works on its database too."""
    database = f"test_e2e_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{_given_database()}"
    with ExitStack() as undo:
        _create(database)
        undo.callback(_drop, database)
        running = Product(database, sandbox_url, folder)
        undo.enter_context(_inside(running, database, sandbox_url))
        messages.compile_all()
        call_command("migrate", interactive=False, verbosity=0)
        keystore.ensure_keys()
        undo.callback(running.stop)
        running.start()
        yield running


@contextmanager
def _inside(running: Product, database: str, sandbox_url: str) -> Iterator[None]:
    """Let services called in this process work on the database of the running product."""
    before = connection.settings_dict["NAME"]
    _move_to(database)
    try:
        with override_settings(
            REDIS_PREFIX=running.prefix, POPULATION_BASE=sandbox_url, BASE_URL=running.url
        ):
            yield
    finally:
        _move_to(before)


def _move_to(database: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = database
    # Keys and rules that this process remembers are those of the other database.
    keystore.forget()
    centre.forget()


def _given_database() -> str:
    return urlsplit(os.environ["DATABASE_URL"]).path.strip("/")


def _create(database: str) -> None:
    _drop(database)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{database}"')


def _drop(database: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def _free_ports(count: int) -> list[int]:
    # All are held at once, so that no two are the same.
    with ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [int(each.getsockname()[1]) for each in sockets]


def _answers(url: str) -> int:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code
    except httpx.HTTPError:
        return 0
