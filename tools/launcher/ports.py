"""Which ports a run uses, and who holds one that is taken."""

import contextlib
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.launcher.problems import Problem

HOST: Final = "127.0.0.1"
_LISTENING: Final = "0A"


@dataclass(frozen=True)
class Ports:
    """Where the processes of a run listen."""

    http: int
    ws: int
    sandbox: int


def choose(environment: Mapping[str, str]) -> Ports:
    """Read the ports from HTTP_PORT, WS_PORT and SANDBOX_PORT, and make sure that they are free."""
    values = {
        name: _number(name, environment.get(name) or default)
        for name, default in (("HTTP_PORT", "8000"), ("WS_PORT", "8001"), ("SANDBOX_PORT", "8020"))
    }
    if len(set(values.values())) < len(values):
        raise Problem("HTTP_PORT, WS_PORT and SANDBOX_PORT must be three different ports.")
    for name, port in values.items():
        _check_free(name, port)
    return Ports(values["HTTP_PORT"], values["WS_PORT"], values["SANDBOX_PORT"])


def answers(port: int) -> bool:
    """Tell whether something accepts connections there."""
    try:
        socket.create_connection((HOST, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def _number(name: str, text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise Problem(f"{name} is {text!r}, which is not a port number (1 to 65535).")


def _check_free(name: str, port: int) -> None:
    # granian binds with port reuse and would silently share a port with a forgotten
    # server of ours. A bind without that option finds every holder.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise Problem(f"Port {port} ({name}) needs more rights; choose one above 1023.") from None
        except OSError:
            other = port + 100 if port < 65000 else port - 100
            raise Problem(
                f"Port {port} is in use{_holder(port)}. Stop that program, "
                f"or choose another port: make run {name}={other}"
            ) from None


def _holder(port: int) -> str:
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listeners(table, port)}
    for process in Path("/proc").glob("[0-9]*"):
        if inodes & _open_files(process):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            return f" by process {process.name} ({command.strip()[:80]})"
    return ""


def _open_files(process: Path) -> set[str]:
    """Return what a process has open; nothing if it has ended or belongs to somebody else."""
    found = set()
    with contextlib.suppress(OSError):
        for name in os.listdir(process / "fd"):
            with contextlib.suppress(FileNotFoundError):
                found.add(os.readlink(process / "fd" / name))
    return found


def _listeners(table: str, port: int) -> list[str]:
    try:
        rows = Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return []
    fields = [row.split() for row in rows]
    return [
        f"socket:[{row[9]}]" for row in fields if row[3] == _LISTENING and row[1].endswith(f":{port:04X}")
    ]
