"""``python -m sandbox``: serve on the loopback address, port SANDBOX_PORT.

With SANDBOX_FD set to an open listening socket, serve that: a test knows the port before the
process is up, and its first call simply waits.
"""

import os
import socket

import uvicorn

from sandbox import config
from sandbox.app import app

# A call that was told to hang must not hold up the end of the process.
SHUTDOWN_SECONDS = 1


def main() -> None:
    """Serve until told to stop."""
    given = os.environ.get("SANDBOX_FD")
    settings = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=config.load().port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    sockets = [socket.socket(fileno=int(given))] if given else None
    uvicorn.Server(settings).run(sockets=sockets)


main()
