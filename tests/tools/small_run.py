"""A launcher with the real servers and a few invented processes: ``small_run.py FOLDER NAME...``."""

import sys
from pathlib import Path

from tools.launcher import parent, postgres, valkey
from tools.launcher.console import Console
from tools.launcher.problems import Problem
from tools.launcher.processes import Command, end_left
from tools.launcher.state import State, leave_sockets, socket_folder
from tools.launcher.supervisor import Supervisor

_SLEEP = "import time; print('here', flush=True); time.sleep(600)"
PROCESSES = {
    "polite": _SLEEP,
    "stubborn": f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {_SLEEP}",
    "hopeless": "import sys; sys.exit('no such setting: COLOUR')",
    "mortal": "import time; print('here', flush=True); time.sleep(5.5); raise SystemExit(4)",
}


def main(folder: Path, names: list[str]) -> int:
    state = State(folder)
    state.prepare()
    state.take()
    end_left(state.left_processes())
    console = Console(state.new_log())
    supervisor = Supervisor(console, state.remember_processes, parent.watch_make())
    supervisor.listen()
    code = 0
    try:
        if "servers" in names:
            redis_url = valkey.start(supervisor, state.valkey, socket_folder(folder))
            place = postgres.place(state.postgres, folder)
            postgres.start(supervisor, place)
            state.write_run_env({"DATABASE_URL": place.url, "REDIS_URL": redis_url})
        for name in names:
            if name in PROCESSES:
                supervisor.start(Command(name, (sys.executable, "-c", PROCESSES[name]), is_restarted=True))
        console.line("launcher", "ready")
        supervisor.watch()
    except Problem as problem:
        console.block(str(problem).splitlines())
        code = 1
    supervisor.stop(last=("postgres", "valkey"))
    leave_sockets(folder)
    console.line("launcher", "stopped")
    console.close()
    return code


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
    except Problem as problem:
        sys.exit(str(problem))
