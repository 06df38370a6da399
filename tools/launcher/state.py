"""The folder ``var/``: what a run keeps, and what it tells other shells."""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TextIO

from tools.launcher.problems import Problem

ROOT: Final = Path(__file__).resolve().parents[2]
# sockaddr_un holds 107 bytes; ".s.PGSQL.5432" and a separator need 14 of them.
_LONGEST_SOCKET_FOLDER: Final = 93
_SMALLEST_FREE_MB: Final = 200


class State:
    """Paths below ``var/`` and the files that the launcher itself writes there."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / "var"
        self.log = self.folder / "log"
        self.postgres = self.folder / "postgres"
        self.valkey = self.folder / "valkey"
        self.root_key = self.folder / "root.key"
        self.run_env = self.folder / "run.env"
        self.sign_ins = self.folder / "sign-ins.txt"
        self._secret_key = self.folder / "secret.key"
        self._processes = self.folder / "processes.json"
        self._lock: TextIO | None = None

    def prepare(self) -> None:
        """Make the folders, private to this user."""
        # The web processes look for collected files, of which a demo has none.
        for folder in (self.folder, self.log, self.valkey, self.folder / "static"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        free = shutil.disk_usage(self.folder).free // 2**20
        if free < _SMALLEST_FREE_MB:
            raise Problem(
                f"The disk that holds {self.folder} has only {free} MB free; "
                f"a run needs at least {_SMALLEST_FREE_MB} MB. Free some space and start again."
            )

    def take(self) -> None:
        """Make this launcher the only one of this checkout, until its process ends."""
        lock = (self.folder / "lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise Problem(
                f"This checkout is already running (process {holder}). "
                "Stop that one first, or use a second clone with other ports."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def new_log(self) -> Path:
        """Return the log file of this run; the one before is kept as ``run.log.1``."""
        log = self.log / "run.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        return log

    def secret_key(self) -> str:
        """Return the secret of this demo installation, made at the first start."""
        if not self._secret_key.exists():
            write_private(self._secret_key, secrets.token_urlsafe(48) + "\n")
        return self._secret_key.read_text(encoding="utf-8").strip()

    def write_run_env(self, values: Mapping[str, str]) -> None:
        """Tell other shells of this user what the run uses."""
        lines = [f"{name}={value}\n" for name, value in values.items()]
        write_private(self.run_env, "# Written by `make run` at every start.\n" + "".join(lines))

    def remember_processes(self, processes: Mapping[str, int]) -> None:
        """Keep which processes are ours, for the start after a crash."""
        entries = [
            {"name": name, "pid": pid, "started": started}
            for name, pid in processes.items()
            if (started := process_start(pid)) is not None
        ]
        write_private(self._processes, json.dumps(entries, indent=1) + "\n")

    def left_processes(self) -> dict[int, str]:
        """Return the processes of an earlier run that still live, by process id."""
        try:
            entries = json.loads(self._processes.read_text(encoding="utf-8"))
            return {
                int(entry["pid"]): str(entry["name"])
                for entry in entries
                if process_start(int(entry["pid"])) == entry["started"]
            }
        except (OSError, ValueError, KeyError, TypeError):
            return {}


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step with one that only its owner may read."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
        os.fchmod(file.fileno(), 0o600)
    os.replace(file.name, path)


def process_start(pid: int) -> str | None:
    """Return the start time of a living process in clock ticks, which tells it from a later one."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = status.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def socket_folder(root: Path, user: int | None = None) -> Path:
    """Return a short private folder for Unix sockets, the same at every start of one checkout.

    Its name can be guessed, so somebody else may have made it before us: then a folder
    with a random name takes its place.
    """
    owner = os.geteuid() if user is None else user
    name = f"ehc-{owner}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:10]}"
    for base in _short_places(owner):
        folder = base / name
        try:
            folder.mkdir(mode=0o700)
            if owner != os.geteuid():
                os.chown(folder, owner, -1)
        except FileExistsError:
            if not _is_private(folder, owner):
                folder = Path(tempfile.mkdtemp(prefix="ehc-", dir=base))
        except OSError:
            continue
        return folder
    raise Problem("Neither $XDG_RUNTIME_DIR nor /tmp lets this user make a folder for sockets.")


def leave_sockets(root: Path, user: int | None = None) -> None:
    """Remove the folder for sockets if nothing is left in it."""
    with contextlib.suppress(OSError):
        socket_folder(root, user).rmdir()


def _short_places(owner: int) -> list[Path]:
    places = []
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent")
    # `su` leaves the variable of the user before: the folder must be our own.
    if owner == os.geteuid() and _is_private(runtime, owner):
        places.append(runtime)
    places.append(Path("/tmp"))  # noqa: S108 (what is made there is private and checked)
    return [place for place in places if len(os.fsencode(place)) + 30 <= _LONGEST_SOCKET_FOLDER]


def _is_private(folder: Path, owner: int) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == owner and not status.st_mode & 0o077
