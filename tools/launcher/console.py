"""One readable log for all processes: on the terminal and in a file."""

import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Final, TextIO

_COLOURS: Final = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
_NAME_WIDTH: Final = 8
_WAITING_LINES: Final = 5000


class Console:
    """Writes ``HH:MM:SS name | text``.

    The terminal is written by a thread, because a reader that stops reading (a full
    pipe) must delay neither the processes nor their end. What does not fit in the
    queue is left out on the terminal and kept in the file.
    """

    def __init__(self, log_file: Path | None = None, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._file = log_file.open("a", encoding="utf-8") if log_file else None
        self._coloured = self._stream.isatty() and "NO_COLOR" not in os.environ
        self._colours: dict[str, int] = {}
        self._left_out = 0
        self._queue: queue.Queue[str | None] = queue.Queue(_WAITING_LINES)
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def line(self, name: str, text: str) -> None:
        """Show one line of a process on the terminal and keep it in the file."""
        self.keep(name, text)
        label = f"{name:<{_NAME_WIDTH}}"
        if self._coloured:
            colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
            label = f"\x1b[{colour}m{label}\x1b[0m"
        self._show(f"{_time()} {label} | {text}")

    def keep(self, name: str, text: str) -> None:
        """Write one line to the file only."""
        if self._file is None:
            return
        try:
            self._file.write(f"{_time()} {name:<{_NAME_WIDTH}} | {text}\n")
            self._file.flush()
        except OSError as error:
            self._file = None
            self._show(f"{_time()} {'launcher':<{_NAME_WIDTH}} | the log file is given up: {error.strerror}")

    def block(self, lines: list[str]) -> None:
        """Show lines that stand for themselves, without time and name."""
        for line in lines:
            self._show(line)
            if self._file is not None:
                self.keep("launcher", line)

    def close(self) -> None:
        """Give the terminal a second to take what is left."""
        try:
            self._queue.put(None, timeout=1)
        except queue.Full:
            return
        self._thread.join(timeout=1)

    def _show(self, text: str) -> None:
        try:
            self._queue.put_nowait(text)
        except queue.Full:
            self._left_out += 1

    def _write(self) -> None:
        while (text := self._queue.get()) is not None:
            try:
                if self._left_out:
                    self._stream.write(f"… {self._left_out} lines left out here; the log file has them\n")
                    self._left_out = 0
                self._stream.write(text + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                # The terminal is gone; the file goes on.
                return


def _time() -> str:
    return time.strftime("%H:%M:%S")
