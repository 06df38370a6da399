"""`make run`: the servers, the state of the database, and the processes of the product."""

import os
import time
import urllib.error
import urllib.request
from typing import Final

from tools.launcher import parent, plan, ports, postgres, valkey
from tools.launcher.console import Console
from tools.launcher.ports import HOST, Ports
from tools.launcher.problems import Problem, sentence
from tools.launcher.processes import end_left
from tools.launcher.state import State, leave_sockets, socket_folder
from tools.launcher.supervisor import Stopped, Supervisor

_SERVERS: Final = ("postgres", "valkey")
_READY_S: Final = 180


def up() -> int:
    """Run until told to stop; the result is the exit code."""
    state = State()
    state.prepare()
    state.take()
    end_left(state.left_processes())
    chosen = ports.choose(os.environ)
    console = Console(state.new_log())
    supervisor = Supervisor(console, state.remember_processes, parent.watch_make())
    supervisor.listen()
    code = 0
    try:
        _run(state, chosen, console, supervisor)
    except Stopped:
        console.line("launcher", "told to stop before everything had started")
    except Problem as problem:
        console.block(["", *str(problem).splitlines(), ""])
        code = 1
    except OSError as error:
        console.block(["", sentence(error), ""])
        code = 1
    begun = time.monotonic()
    console.line("launcher", "stopping")
    supervisor.stop(last=_SERVERS)
    leave_sockets(state.root)
    console.line("launcher", f"stopped after {time.monotonic() - begun:.1f} s")
    console.close()
    return code


def _run(state: State, chosen: Ports, console: Console, supervisor: Supervisor) -> None:
    begun = time.monotonic()
    console.line("launcher", f"starting; this log is also in {state.log / 'run.log'}")
    settings = plan.settings(state, chosen)
    settings["REDIS_URL"] = os.environ.get("REDIS_URL") or valkey.start(
        supervisor, state.valkey, socket_folder(state.root)
    )
    # The sandbox needs no database: it starts while PostgreSQL does.
    supervisor.start(plan.sandbox(chosen, os.environ | settings))
    settings["DATABASE_URL"] = os.environ.get("DATABASE_URL") or _start_postgres(state, supervisor)
    state.write_run_env(settings)
    environment = os.environ | settings
    supervisor.run(plan.preparation(environment))
    for command in plan.processes(state, chosen, environment):
        supervisor.start(command)
    if not supervisor.wait(lambda: _is_ready(chosen), _READY_S):
        raise Problem(
            f"http://{HOST}:{chosen.http}/readyz does not say yes after {_READY_S} s; the log says why."
        )
    console.block(["", *state.sign_ins.read_text(encoding="utf-8").splitlines(), ""])
    console.line("launcher", f"ready after {time.monotonic() - begun:.1f} s: {settings['BASE_URL']}/")
    console.line("launcher", "Ctrl-C stops everything")
    supervisor.watch()


def _start_postgres(state: State, supervisor: Supervisor) -> str:
    place = postgres.place(state.postgres, state.root)
    postgres.start(supervisor, place)
    return place.url


def _is_ready(chosen: Ports) -> bool:
    if not ports.answers(chosen.ws) or not ports.answers(chosen.sandbox):
        return False
    try:
        with urllib.request.urlopen(f"http://{HOST}:{chosen.http}/readyz", timeout=3) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
