"""Whole instances of the product, each with a database, keys and an EHCAPPID of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
from django.conf import settings

from foundation.core import redis
from sdk import Client
from tests.crossdomain.world import ENROLMENT_CODE
from tests.e2e.product import _create, _drop, _free_ports, _given_database
from tests.sandbox_server import ROOT, SHARED_SETTINGS
from tools.launcher import plan
from tools.launcher.ports import HOST, Ports
from tools.launcher.state import State

START_SECONDS = 180.0
_PREPARE = (
    "import django; django.setup(); from django.core.management import call_command as run; "
    "run('migrate', interactive=False, verbosity=0); run('ensure_keys'); run('load_demo')"
)


class Instance:
    """One card centre: its address, its database, its processes."""

    def __init__(self, node_id: str, sandbox_url: str, folder: Path) -> None:
        http, ws = _free_ports(2)
        self.node_id = node_id
        self.url = f"http://{HOST}:{http}"
        self.prefix = f"node-{node_id}-{os.getpid()}"
        self.database = f"test_{node_id}_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{_given_database()}"
        self.folder = folder / node_id
        self.folder.mkdir()
        given = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        self.environment = {
            **given,
            **{name: getattr(settings, name) for name in SHARED_SETTINGS},
            "DATABASE_URL": urlunsplit(
                urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{self.database}")
            ),
            "REDIS_URL": settings.REDIS_URL,
            "REDIS_PREFIX": self.prefix,
            "WEB_WORKERS": "1",
            "WEB_THREADS": "8",
            "DEMO": "1",
            "SECRET_KEY": settings.SECRET_KEY,
            "EHC_ROOT_KEY": os.urandom(16).hex(),
            "EHC_IGNORE_RUN_FILE": "1",
            "EHCAPPID": node_id,
            "CENTRE_NAME": f"卡管 {node_id}",
            "BASE_URL": self.url,
            "SANDBOX_URL": sandbox_url,
            "AUDIT_CHECKPOINT_FILE": str(self.folder / "checkpoints.jsonl"),
        }
        ports = Ports(http, ws, urlsplit(sandbox_url).port or 0)
        commands = plan.processes(State(self.folder), ports, self.environment)
        self._web = next(command for command in commands if command.name == "web")
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> "subprocess.Popen[bytes]":
        """Begin to make tables, keys and demo data."""
        return self._spawn([sys.executable, "-c", _PREPARE])

    def start(self) -> None:
        """Serve."""
        self._process = self._spawn(list(self._web.argv))
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.2)

    def join(self, told: dict[str, Any]) -> None:
        """Take the national centre into the table and enrol there, as an operator does it."""
        self.manage("join_upper", "-", "--code", ENROLMENT_CODE, "--reason", "测试", given=json.dumps(told))

    def manage(self, *arguments: str, given: str = "") -> str:
        """Run a command of the product; what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def hospital(self) -> tuple[Client, str]:
        """The demo hospital's client, and its terminal."""
        found = json.loads(self.manage("demo_credentials", "--json"))
        native = found["native"]
        client = Client(self.url, native["clientId"], native["keyId"], native["secret"], retries=0)
        return client, str(found["terminal"]["terminalId"])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Look into the database."""
        with psycopg.connect(
            self.environment["DATABASE_URL"].replace("postgres://", "postgresql://")
        ) as there:
            return there.execute(query).fetchall()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The processes of the instance stand still: connections are taken, nothing is answered."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the processes, and remove what they kept in Valkey."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
        for key in redis.client().scan_iter(f"*{self.prefix}:*", count=1000):
            redis.client().delete(key)

    def forget_failures(self) -> None:
        """Close the breakers of the instance."""
        for key in redis.client().scan_iter(f"{self.prefix}:breaker:*", count=1000):
            redis.client().delete(key)

    def said(self) -> str:
        """The end of what the processes wrote."""
        return (self.folder / "log").read_text("utf-8", errors="replace")[-4000:]

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def _spawn(self, arguments: list[str]) -> "subprocess.Popen[bytes]":
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                arguments,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def instances(node_ids: list[str], sandbox_url: str, folder: Path) -> Iterator[list[Instance]]:
    """Instances that serve, each joined to the sandbox's national centre."""
    with ExitStack() as undo:
        made = [Instance(node_id, sandbox_url, folder) for node_id in node_ids]
        for each in made:
            _create(each.database)
            undo.callback(_drop, each.database)
            undo.callback(each.stop)
        for each, preparing in [(each, each.prepare()) for each in made]:
            assert preparing.wait(START_SECONDS) == 0, each.said()
        told = httpx.get(f"{sandbox_url}/console/api/national", timeout=60, trust_env=False).json()
        for each in made:
            each.start()
            each.join(told | {"name": "国家卡管", "base_url": sandbox_url, "may_read_full": True})
        yield made
