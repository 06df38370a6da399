"""What a run consists of: its settings and its processes."""

import os
import sys
from collections.abc import Mapping
from typing import Final

from tools.launcher.ports import HOST, Ports
from tools.launcher.problems import Problem
from tools.launcher.processes import Command
from tools.launcher.state import State

_QUEUES: Final = "default,attended,outside"
# A page sends a ticket and nothing else; whoever has none could fill the memory with frames.
_SMALL_FRAMES: Final = ("--ws-max-size", "4096")


def settings(state: State, ports: Ports) -> dict[str, str]:
    """Return the variables of the demo; what the environment says goes before what is set here."""
    defaults = {
        "SECRET_KEY": os.environ.get("SECRET_KEY") or state.secret_key(),
        "EHC_ROOT_KEY_FILE": str(state.root_key),
        "BASE_URL": f"http://{HOST}:{ports.http}",
        "WS_URL": f"ws://{HOST}:{ports.ws}/ws",
        "SANDBOX_URL": f"http://{HOST}:{ports.sandbox}",
        "HTTP_PORT": str(ports.http),
        "WS_PORT": str(ports.ws),
        "SANDBOX_PORT": str(ports.sandbox),
    }
    return {"DEMO": "1", **{name: os.environ.get(name) or value for name, value in defaults.items()}}


def preparation(environment: Mapping[str, str]) -> Command:
    """Return the step that brings tables, keys and demo data up to date."""
    return Command("prepare", (sys.executable, "-m", "tools.launcher.prepare"), environment)


def sandbox(ports: Ports, environment: Mapping[str, str]) -> Command:
    """Return the process that plays the outside systems."""
    return _process("sandbox", environment, *_uvicorn("sandbox.app:app", ports.sandbox))


def processes(state: State, ports: Ports, environment: Mapping[str, str]) -> list[Command]:
    """Return the processes of the product itself."""
    # Celery warns of running as root because of pickle, which is not accepted here.
    as_anybody = {**environment, "PYTHONWARNINGS": "ignore:You're running the worker with superuser"}
    return [
        _process("web", environment, *_granian(ports.http, environment)),
        _process("socket", environment, *_uvicorn("portal.asgi:application", ports.ws, *_SMALL_FRAMES)),
        _process("worker", as_anybody, *_worker(environment)),
        _process("beat", environment, *_beat(), "--schedule", str(state.folder / "celerybeat-schedule")),
        _process("relay", environment, "manage.py", "relay"),
    ]


def _process(name: str, environment: Mapping[str, str], *arguments: str) -> Command:
    return Command(name, (sys.executable, *arguments), environment, is_restarted=True)


def _granian(port: int, environment: Mapping[str, str]) -> list[str]:
    # HTTP goes by WSGI, which costs Django a fraction of what ASGI does.
    workers = _number(environment, "WEB_WORKERS", os.cpu_count() or 1, 64)
    threads = _number(environment, "WEB_THREADS", 32, 256)
    options = f"--interface wsgi --no-ws --host {HOST} --port {port} --workers {workers}"
    options += f" --blocking-threads {threads} --workers-kill-timeout 3 --log-level error --no-access-log"
    return ["-m", "granian", *options.split(), "portal.wsgi:application"]


def _uvicorn(application: str, port: int, *more: str) -> list[str]:
    options = f"--host {HOST} --port {port} --log-level warning --no-access-log --timeout-graceful-shutdown 2"
    return ["-m", "uvicorn", *options.split(), *more, application]


def _worker(environment: Mapping[str, str]) -> list[str]:
    size = _number(environment, "WORKER_PROCESSES", 2, 64)
    # One worker has nobody to gossip with.
    options = "--without-gossip --without-mingle --without-heartbeat --loglevel WARNING"
    options += f" --queues {_QUEUES} --concurrency {size}"
    return ["-m", "celery", "--quiet", "-A", "portal", "worker", *options.split()]


def _beat() -> list[str]:
    return ["-m", "celery", "--quiet", "-A", "portal", "beat", "--loglevel", "WARNING", "--pidfile", ""]


def _number(environment: Mapping[str, str], name: str, default: int, largest: int) -> int:
    text = environment.get(name) or str(default)
    if text.isascii() and text.isdigit() and 0 < int(text) <= largest:
        return int(text)
    raise Problem(f"{name} is {text!r}; it must be a number from 1 to {largest}.")
