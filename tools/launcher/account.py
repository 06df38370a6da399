"""As whom PostgreSQL runs: it refuses to be root."""

import contextlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from typing import Final

from tools.launcher.problems import Problem

_USER_NAMESPACE: Final = ("unshare", "-U", "--map-user=1000", "--map-group=1000")


@dataclass(frozen=True)
class Account:
    """How PostgreSQL is started: behind a prefix, or as another user, or plainly."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None


def choose() -> Account:
    """Choose how to run PostgreSQL.

    For root it runs in a user namespace where root is called 1000: the files stay root's
    and no user is made. Where namespaces are refused it becomes the user behind sudo, or nobody.
    """
    if os.geteuid() != 0:
        return Account()
    with contextlib.suppress(OSError):
        if subprocess.run([*_USER_NAMESPACE, "true"], capture_output=True, check=False).returncode == 0:
            return Account(prefix=_USER_NAMESPACE)
    with contextlib.suppress(KeyError, ValueError):
        behind_sudo = int(os.environ.get("SUDO_UID") or 0)
        other = pwd.getpwuid(behind_sudo) if behind_sudo else pwd.getpwnam("nobody")
        return Account(user=other.pw_uid, group=other.pw_gid)
    raise Problem(
        "PostgreSQL does not run as root, user namespaces are refused here, and there is no user "
        "`nobody`. Start as an ordinary user, or set DATABASE_URL to a PostgreSQL 18 or newer."
    )
