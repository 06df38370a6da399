"""The web server under test, as ``make run`` starts it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.setting import ROOT

HOST, PORT = "127.0.0.1", 8947


@contextmanager
def serving(*, workers: int, threads: int, environment: dict[str, str]) -> Iterator[int]:
    """Run granian; gives the id of its process.

    Raises:
        SystemExit: If the port is taken: granian would share it with whoever has it.
    """
    with socket.socket() as probe:
        if probe.connect_ex((HOST, PORT)) == 0:
            raise SystemExit(f"port {PORT} is taken")
    options = f"--interface wsgi --no-ws --host {HOST} --port {PORT} --workers {workers}"
    options += f" --blocking-threads {threads} --workers-kill-timeout 3 --log-level error"
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", *options.split(), "portal.wsgi:application"],
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    try:
        _wait(process)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise SystemExit("the server did not start")
        with socket.socket() as probe:
            if probe.connect_ex((HOST, PORT)) == 0:
                time.sleep(0.5)
                return
        time.sleep(0.1)
    raise SystemExit("the server did not answer")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and its children so far; children that have ended count no more."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0
    for one in [pid, *children(pid)]:
        fields = _read(f"/proc/{one}/stat").rpartition(") ")[2].split()
        total += int(fields[11]) + int(fields[12]) if fields else 0
    return total / ticks


def children(pid: int) -> list[int]:
    """A process's children and theirs."""
    direct = [int(word) for word in _read(f"/proc/{pid}/task/{pid}/children").split()]
    return direct + [one for child in direct for one in children(child)]


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
