"""Keeping a web process on one core.

A Python process computes on one core at a time, and its threads hand over to each other many
times in a request. Where they sit on two cores each hand-over wakes the other core, which is
dear on virtual machines: pinned processes verified up to a third more codes a second (measured
in benchmarks/RESULTS.md).
"""

import os
import socket

_claims: list[socket.socket] = []


def pin() -> None:
    """Keep this process, and the threads that it will start, on a core that no sibling has.

    With more siblings than cores the rest stay unpinned.
    """
    for core in sorted(os.sched_getaffinity(0)):
        if _claim(core):
            os.sched_setaffinity(0, {core})
            return


def _claim(core: int) -> bool:
    """Take a name that one process at a time can have, and that the kernel frees when it ends."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0ehc-web-{os.getppid()}-{core}")
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True
