"""Ends the run when the `make` above it is told to end."""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_SET_DEATH_SIGNAL: Final = 1
_INTERRUPT_BIT: Final = 1 << (signal.SIGINT - 1)
_INTERVAL_S: Final = 0.5


def watch_make() -> Callable[[], bool]:
    """Return a question: has `make`, our parent, been interrupted or killed?

    make passes SIGTERM on to us, but not a SIGINT that was sent to make alone: it gives
    up its handler for the signal and waits for us. The kernel shows that it gave it up.
    """
    parent = os.getppid()
    if _name(parent) not in ("make", "gmake") or not _catches_interrupt(parent):
        return lambda: False
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, int(signal.SIGTERM))
    next_look = time.monotonic()

    def is_interrupted() -> bool:
        nonlocal next_look
        if time.monotonic() < next_look:
            return False
        next_look = time.monotonic() + _INTERVAL_S
        return not _catches_interrupt(parent)

    return is_interrupted


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _catches_interrupt(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) & _INTERRUPT_BIT)
