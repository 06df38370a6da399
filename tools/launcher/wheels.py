"""The folders of the wheels that carry the embedded servers.

Their own `get_server()` is never called: as root it makes a system user and opens every
folder above the data to everybody.
"""

import importlib.util
from pathlib import Path

from tools.launcher.problems import Problem


def folder(package: str) -> Path:
    """Return where a wheel was unpacked, without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise Problem(
            f"The package {package} is not installed. `make run` installs it on Linux; elsewhere set "
            "DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(found.origin).parent
