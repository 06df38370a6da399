"""Settings from the environment, typed, with a clear refusal.

The launcher of the demo writes ``var/run.env`` when it starts embedded servers; a variable
that is not set in the environment is looked for there, so that a command run in another
shell finds the same database. In production the file does not exist.
"""

import ipaddress
import os
from functools import cache
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
RUN_FILE = BASE_DIR / "var" / "run.env"


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingMissing(SystemExit):
    """A setting that has no safe default was not given.

    Ends the process with its sentence, whichever server or command had begun to read the settings.
    """


@cache
def _run_file() -> dict[str, str]:
    if os.environ.get("EHC_IGNORE_RUN_FILE") or not RUN_FILE.is_file():
        return {}
    pairs = (line.partition("=") for line in RUN_FILE.read_text("utf-8").splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in pairs if not name.startswith("#")}


def text(name: str, default: str | None = None) -> str:
    """The variable's text.

    Raises:
        SettingMissing: If it has no default and is set nowhere, or left empty.
    """
    value = os.environ.get(name, _run_file().get(name, default))
    if value is None or (default is None and not value.strip()):
        raise SettingMissing(f"{name} is not set: give it in the environment, or use `make run` for the demo")
    return value


def flag(name: str, default: bool = False) -> bool:
    """Whether the variable says yes (1, true, yes, on)."""
    return text(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def number(name: str, default: int) -> int:
    """The variable as a whole number."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError as exc:
        raise SettingMissing(f"{name} must be a whole number, not {value!r}") from exc


def words(name: str, default: str = "") -> list[str]:
    """The variable as a list, separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def networks(name: str, default: str = "") -> list[Network]:
    """The variable as a list of networks, such as ``10.20.0.0/16``."""
    try:
        return [ipaddress.ip_network(word) for word in words(name, default)]
    except ValueError as exc:
        raise SettingMissing(f"{name} must be networks such as 10.20.0.0/16: {exc}") from exc
