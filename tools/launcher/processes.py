"""Children of the launcher: how they are started, read and ended."""

import contextlib
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tools.launcher.problems import Problem
from tools.launcher.state import process_start

_LONGEST_LINE: Final = 2000
_KEPT_LINES: Final = 100
_QUOTED_LINES: Final = 15
_LEFT_PROCESSES_S: Final = 5


@dataclass(frozen=True)
class Command:
    """What to start, and how it is told to end."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    is_shown: bool = True
    is_restarted: bool = False
    user: int | None = None
    group: int | None = None
    folder: Path | None = None


class Child:
    """A started command, its last lines and its past."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.name = command.name
        self.last_lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self.restarts = 0
        self._start()

    def _start(self) -> None:
        self.started = time.monotonic()
        self.process = spawn(self.command)
        self.output = self.process.stdout
        self._rest = b""

    @property
    def is_running(self) -> bool:
        """Whether the program is still there."""
        return self.process.poll() is None

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        code = self.process.returncode
        if code is not None and code < 0:
            return f"signal {signal.Signals(-code).name}"
        return f"exit code {code}"

    @property
    def last_words(self) -> str:
        """Its last lines, to be put under a sentence."""
        lines = [line for line in self.last_lines if line][-_QUOTED_LINES:]
        return "\n  ".join(["\nIts last lines:", *lines]) if lines else ""

    def restart(self) -> None:
        """Start the same command again."""
        self.close()
        self.restarts += 1
        self._start()

    def read(self) -> list[str]:
        """Return the whole lines that have arrived, without waiting."""
        lines: list[str] = []
        while chunk := self._chunk():
            parts = (self._rest + chunk).split(b"\n")
            self._rest = parts.pop()[-_LONGEST_LINE:]
            lines += [part.decode(errors="replace").rstrip()[:_LONGEST_LINE] for part in parts]
        self.last_lines.extend(lines)
        return lines

    def close(self) -> None:
        """Give up what the program may still say."""
        if self.output is not None:
            self.output.close()

    def _chunk(self) -> bytes:
        if self.output is None or self.output.closed:
            return b""
        try:
            return os.read(self.output.fileno(), 65536)
        except BlockingIOError:
            return b""


def spawn(command: Command) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, so that Ctrl-C reaches only the launcher.

    Call this from the main thread only: the death signal follows the thread that started the child.
    """
    try:
        process = subprocess.Popen(
            bound(command.argv, command.stop_signal),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=command.environment,
            cwd=command.folder,
            start_new_session=True,
            user=command.user,
            group=command.group,
            extra_groups=None if command.user is None else [],
        )
    except OSError as error:
        raise Problem(f"{command.name} cannot be started ({command.argv[0]}: {error.strerror}).") from error
    if process.stdout is not None:
        os.set_blocking(process.stdout.fileno(), False)
    return process


def bound(argv: Sequence[str], stop_signal: signal.Signals = signal.SIGTERM) -> list[str]:
    """Return a command line whose program gets its stop signal when the launcher dies.

    A launcher that is killed cannot stop its children; the kernel does it then.
    """
    if not _can_bind():
        return list(argv)
    return ["setpriv", "--pdeathsig", stop_signal.name.removeprefix("SIG"), "--", *argv]


@cache
def _can_bind() -> bool:
    try:
        trial = subprocess.run(["setpriv", "--pdeathsig", "TERM", "true"], capture_output=True, check=False)
    except OSError:
        return False
    return trial.returncode == 0


def kill_group(pid: int) -> None:
    """Kill what is left of a child's session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_left(processes: Mapping[int, str]) -> None:
    """End the processes that an earlier launcher left, because it was killed."""
    for pid, name in processes.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGINT if name == "postgres" else signal.SIGTERM)
    end = time.monotonic() + _LEFT_PROCESSES_S
    for pid in processes:
        while process_start(pid) is not None and time.monotonic() < end:
            time.sleep(0.05)
        kill_group(pid)
