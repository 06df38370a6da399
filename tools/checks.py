"""`make test`: every check, each under its own heading, all of them even if one fails.

``--static`` leaves out the tests.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Final

from tools import browser, messages
from tools.launcher.problems import Problem
from tools.launcher.supervisor import Stopped, Supervisor
from tools.launcher.temporary import INTERRUPTED, demo_settings, run_with, servers

# What each check gives to Python; the longest goes first.
_STATIC: Final = {
    "types": ("-m", "mypy", "."),
    "ruff": ("-m", "ruff", "check", "."),
    "format": ("-m", "ruff", "format", "--check", "."),
    "imports": ("-c", "from importlinter.cli import lint_imports_command as lint; lint()"),
    "templates": ("-m", "djlint", "templates", "--check", "--lint"),
    "english": ("-m", "tools.messages", "--check"),
    "migrations": ("-m", "tools.django_checks", "migrations"),
    "schema": ("-m", "tools.django_checks", "schema"),
}


@dataclass
class Result:
    """How one check went."""

    name: str
    code: int
    seconds: float


@dataclass
class Running:
    """A check under way, its output kept for its end."""

    name: str
    environment: Mapping[str, str]
    begun: float = field(default_factory=time.monotonic)
    output: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *_STATIC[self.name]],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )

    def result(self) -> Result:
        """Show the output under the check's heading and return how it went."""
        result = Result(self.name, self.process.wait(), time.monotonic() - self.begun)
        _heading(f"{self.name}: {'passed' if not result.code else 'FAILED'} ({result.seconds:.1f} s)")
        if result.code:
            self.output.seek(0)
            sys.stdout.write(self.output.read().decode(errors="replace"))
        self.output.close()
        return result


def main(arguments: list[str]) -> int:
    """Run the checks; the result is the exit code."""
    begun = time.monotonic()
    messages.compile_all()
    results: list[Result] = []
    with servers() as (supervisor, environment):
        results += _static(supervisor, demo_settings(environment))
        if "--static" not in arguments:
            results.append(_tests(supervisor, environment))
    _heading("summary")
    for result in results:
        sys.stdout.write(
            f"{'FAILED' if result.code else 'passed'}  {result.name:<11} {result.seconds:7.1f} s\n"
        )
    failed = [result.name for result in results if result.code]
    sys.stdout.write(f"{'Failed: ' + ', '.join(failed) if failed else 'Everything passed'}")
    sys.stdout.write(f" after {time.monotonic() - begun:.0f} s\n")
    return 1 if failed else 0


def _static(supervisor: Supervisor, environment: Mapping[str, str]) -> list[Result]:
    waiting = list(_STATIC)
    running: list[Running] = []
    results = []
    try:
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                running.append(Running(waiting.pop(0), environment))
            supervisor.wait(lambda: any(check.process.poll() is not None for check in running))
            for check in [check for check in running if check.process.poll() is not None]:
                running.remove(check)
                results.append(check.result())
    finally:
        for check in running:
            check.process.terminate()
    return results


def _tests(supervisor: Supervisor, environment: Mapping[str, str]) -> Result:
    begun = time.monotonic()
    _heading("tests")
    try:
        browser.provide()
    except browser.Missing as missing:
        sys.stdout.write(f"{missing}\n")
        return Result("tests", 1, time.monotonic() - begun)
    workers = os.environ.get("TEST_WORKERS") or str(os.cpu_count() or 1)
    # A file's tests share what is dear to make, such as a browser and a running product.
    pytest = [sys.executable, "-m", "pytest", "-q", "-n", workers, "--dist", "loadfile"]
    code = run_with(supervisor, pytest, environment)
    return Result("tests", code, time.monotonic() - begun)


def _heading(text: str) -> None:
    sys.stdout.write(f"\n== {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except Stopped:
        code = INTERRUPTED
    except Problem as problem:
        sys.stderr.write(f"\n{problem}\n")
        code = 1
    sys.exit(code)
