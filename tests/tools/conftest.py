import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.launcher.state import ROOT, process_start

PROGRAM = Path(__file__).with_name("small_run.py")


class SmallRun:
    """A launcher under test, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "out.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def argv(self, *names: str) -> list[str]:
        return [sys.executable, str(PROGRAM), str(self.folder), *names]

    def start(self, *names: str, argv: list[str] | None = None) -> None:
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                argv or self.argv(*names),
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )

    def output(self) -> str:
        return self.log.read_text("utf-8")

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.output(), 120, self.output)

    def children(self) -> list[int]:
        """Process ids that the launcher wrote down."""
        text = (self.folder / "var" / "processes.json").read_text("utf-8")
        return [int(line.split(":")[1].rstrip(",")) for line in text.splitlines() if '"pid"' in line]

    def launcher(self) -> int:
        return int((self.folder / "var" / "lock").read_text("utf-8"))

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def ending(self) -> int:
        assert self.process is not None
        return self.process.wait(timeout=120)


def wait_until(is_true: Callable[[], bool], seconds: float, explain: Callable[[], str] = lambda: "") -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, explain()
        time.sleep(0.05)


def living(processes: list[int]) -> list[int]:
    return [pid for pid in processes if process_start(pid) is not None]


@pytest.fixture
def small_run(tmp_path: Path) -> Iterator[SmallRun]:
    run = SmallRun(tmp_path)
    yield run
    if run.process is not None and run.process.poll() is None:
        os.killpg(run.process.pid, signal.SIGKILL)
        run.process.wait()
