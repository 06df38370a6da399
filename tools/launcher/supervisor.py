"""The loop that attends to the launcher's children and to signals."""

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Final

from tools.launcher.console import Console
from tools.launcher.problems import Problem
from tools.launcher.processes import Child, Command, kill_group

_TICK_S: Final = 0.1
# Together they leave two of the ten seconds in which a stopped run has to be gone.
_PROCESSES_STOP_S: Final = 5.0
_ALL_STOP_S: Final = 8.0
_FIRST_START_S: Final = 5.0
_FORGIVEN_AFTER_S: Final = 60.0
_MOST_RESTARTS: Final = 5
_SAME_REQUEST_S: Final = 1.0


class Stopped(Exception):
    """Somebody asked the launcher to end while it was waiting for something."""


class Supervisor:
    """Runs children: processes that stay, and steps that are waited for. All in one thread."""

    def __init__(
        self,
        console: Console,
        remember: Callable[[Mapping[str, int]], None] = lambda _: None,
        is_orphan: Callable[[], bool] = lambda: False,
    ) -> None:
        self._console = console
        self._remember = remember
        self._is_orphan = is_orphan
        self._processes: list[Child] = []
        self._steps: list[Child] = []
        self._restarts: dict[Child, float] = {}
        self._is_starting = True
        self._requests = 0
        self._last_request = -_SAME_REQUEST_S
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._wake, selectors.EVENT_READ)

    def listen(self) -> None:
        """Turn the signals that end a program into a request to stop."""
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._count_request)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def start(self, command: Command) -> Child:
        """Start a process that stays."""
        child = Child(command)
        self._processes.append(child)
        self._listen_to(child)
        self._remember_processes()
        return child

    def begin(self, command: Command) -> Child:
        """Start a step, to be finished later."""
        child = Child(command)
        self._steps.append(child)
        self._listen_to(child)
        return child

    def finish(self, *steps: Child) -> None:
        """Wait for steps, and fail with their last lines if one of them failed."""
        self.wait(lambda: not any(step.is_running for step in steps))
        for step in steps:
            self._leave(step)
            self._steps.remove(step)
        for step in steps:
            if step.process.returncode:
                said = "" if step.command.is_shown else step.last_words
                raise Problem(f"{step.name} failed ({step.ending}).{said}")

    def run(self, command: Command) -> None:
        """Start a step and wait for its end."""
        self.finish(self.begin(command))

    def wait(self, is_done: Callable[[], bool], seconds: float = 3600) -> bool:
        """Attend to the children until something is true; False when the time is over."""
        end = time.monotonic() + seconds
        while not is_done():
            if time.monotonic() > end:
                return False
            self._attend()
            self._care()
            if self._requests:
                raise Stopped
        return True

    def wait_for(self, child: Child, is_ready: Callable[[], bool], seconds: float) -> None:
        """Wait until a process serves; fail with its last lines if it ends or takes too long."""
        if not self.wait(is_ready, seconds):
            raise Problem(f"{child.name} does not answer after {seconds:.0f} s.{child.last_words}")

    def watch(self) -> None:
        """Attend to the processes until somebody asks to stop. From now on, those that end start again."""
        self._is_starting = False
        while not self._requests:
            self._attend()
            self._care()

    def stop(self, last: tuple[str, ...] = ()) -> None:
        """Stop everything, the processes named in `last` after the others."""
        begun, requests = time.monotonic(), self._requests
        children = [*self._steps, *self._processes]
        groups = (
            ([child for child in children if child.name not in last], _PROCESSES_STOP_S),
            ([child for child in children if child.name in last], _ALL_STOP_S),
        )
        for group, limit in groups:
            for child in group:
                if child.is_running:
                    child.process.send_signal(child.command.stop_signal)
            # A second Ctrl-C means: now.
            while (
                any(child.is_running for child in group)
                and time.monotonic() < begun + limit
                and self._requests < requests + (2 if requests == 0 else 1)
            ):
                self._attend()
            for child in group:
                self._end(child)
        self._processes, self._steps, self._restarts = [], [], {}
        self._remember({})

    def _count_request(self, _number: int, _frame: FrameType | None) -> None:
        # One request may come twice: from the terminal, and passed on by make.
        if time.monotonic() > self._last_request + _SAME_REQUEST_S:
            self._requests += 1
            self._last_request = time.monotonic()

    def _attend(self) -> None:
        if not self._requests and self._is_orphan():
            self._requests = 1
        for key, _ in self._selector.select(_TICK_S):
            child = key.data
            if child is None:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake, 4096)
                continue
            self._show(child)
            if not child.is_running:
                self._leave(child)

    def _care(self) -> None:
        """Find processes that ended by themselves, and start again those whose time has come."""
        for child in self._processes:
            if child in self._restarts:
                if self._restarts[child] <= time.monotonic():
                    del self._restarts[child]
                    child.restart()
                    self._listen_to(child)
                    self._remember_processes()
            elif not child.is_running:
                self._mourn(child)

    def _mourn(self, child: Child) -> None:
        self._leave(child)
        lived = time.monotonic() - child.started
        if lived > _FORGIVEN_AFTER_S:
            child.restarts = 0
        failed_at_once = self._is_starting or (child.restarts == 0 and lived < _FIRST_START_S)
        if not child.command.is_restarted or failed_at_once or child.restarts >= _MOST_RESTARTS:
            raise Problem(f"{child.name} ended ({child.ending}), so everything stops.{child.last_words}")
        # What it left behind must not hold its port.
        kill_group(child.process.pid)
        delay = 2**child.restarts
        self._restarts[child] = time.monotonic() + delay
        self._console.line("launcher", f"{child.name} ended ({child.ending}) and starts again in {delay} s")

    def _end(self, child: Child) -> None:
        if child.is_running:
            self._console.line("launcher", f"{child.name} did not stop in time and is killed")
        kill_group(child.process.pid)
        child.process.wait()
        self._leave(child)
        child.close()

    def _listen_to(self, child: Child) -> None:
        if child.output is not None:
            self._selector.register(child.output, selectors.EVENT_READ, child)

    def _leave(self, child: Child) -> None:
        """Show the rest of what a child said and stop listening to it."""
        self._show(child)
        if child.output is not None and not child.output.closed:
            with contextlib.suppress(KeyError):
                self._selector.unregister(child.output)

    def _show(self, child: Child) -> None:
        write = self._console.line if child.command.is_shown else self._console.keep
        for line in child.read():
            if line:
                write(child.name, line)

    def _remember_processes(self) -> None:
        self._remember({child.name: child.process.pid for child in self._processes})
