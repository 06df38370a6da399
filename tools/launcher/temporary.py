"""A PostgreSQL and a Valkey that are thrown away with the work they were started for."""

import fcntl
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from tools.launcher import postgres, valkey
from tools.launcher.console import Console
from tools.launcher.processes import bound
from tools.launcher.supervisor import Stopped, Supervisor

_PREFIX: Final = "ehc-temporary-"
_LONGEST_BASE: Final = 60
_OWN_END_S: Final = 5
INTERRUPTED: Final = 130


def run(argv: list[str], *, is_durable: bool) -> int:
    """Run a command with servers of its own and return its exit code."""
    try:
        with servers(is_durable=is_durable) as (supervisor, environment):
            # What a benchmark starts is a small demo; pytest brings its own settings.
            return run_with(supervisor, argv, demo_settings(environment) if is_durable else environment)
    except Stopped:
        return INTERRUPTED


@contextmanager
def servers(*, is_durable: bool = False) -> Iterator[tuple[Supervisor, dict[str, str]]]:
    """Start the servers that the environment does not name, and give the environment that names them."""
    base = _base()
    _remove_left(base)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    lock = _lock(folder)
    console = Console()
    supervisor = Supervisor(console)
    supervisor.listen()
    try:
        yield supervisor, _environment(supervisor, folder, is_durable=is_durable)
    finally:
        supervisor.stop(last=("postgres", "valkey"))
        console.close()
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            lock.close()


def demo_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Add what the settings ask of an installation, invented for this one."""
    defaults = {
        "DEMO": "1",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "EHC_ROOT_KEY_FILE": str(Path(environment["EHC_TEMPORARY"]) / "root.key"),
    }
    return {**defaults, **environment}


def run_with(supervisor: Supervisor, argv: list[str], environment: Mapping[str, str]) -> int:
    """Run a command that owns the terminal, beside the servers, and return its exit code."""
    # It stays in this session, so that Ctrl-C reaches it too.
    process = subprocess.Popen(bound(argv), env=environment)
    try:
        supervisor.wait(lambda: process.poll() is not None)
    except Stopped:
        _end(process)
        raise
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def _environment(supervisor: Supervisor, folder: Path, *, is_durable: bool) -> dict[str, str]:
    environment = {**os.environ, "EHC_IGNORE_RUN_FILE": "1", "EHC_TEMPORARY": str(folder)}
    if not environment.get("REDIS_URL"):
        data = folder / "valkey"
        data.mkdir()
        environment["REDIS_URL"] = valkey.start(supervisor, data, folder, is_durable=is_durable)
    if not environment.get("DATABASE_URL"):
        place = postgres.temporary_place(folder)
        postgres.start(supervisor, place, is_durable=is_durable)
        environment["DATABASE_URL"] = place.url
    return environment


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_OWN_END_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _base() -> Path:
    base = Path(tempfile.gettempdir())
    # Sockets lie below, and their paths are limited to 107 bytes.
    return base if len(os.fsencode(base)) <= _LONGEST_BASE else Path("/tmp")  # noqa: S108 (private by mkdtemp)


def _lock(folder: Path) -> TextIO | None:
    """Mark a folder as in use; None if somebody else uses it."""
    lock = (folder / "lock").open("a", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _remove_left(base: Path) -> None:
    """Remove the folders of commands whose launcher was killed."""
    for folder in base.glob(_PREFIX + "*"):
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            continue
        lock = _lock(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()
