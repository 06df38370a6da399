"""A merchant's address for notices: keeps what is posted, answers as told."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Listener:
    """What was posted to ``url``; ``answers`` are used up one by one, then the last stays."""

    def __init__(self) -> None:
        self.posted: list[bytes] = []
        self.answers: list[tuple[int, bytes]] = [(200, b"success")]
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, text = listener.answers[0]
                if len(listener.answers) > 1:
                    listener.answers.pop(0)
                listener.posted.append(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/notices"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait(self, count: int, seconds: float = 60.0) -> list[bytes]:
        """The posts, once there are so many."""
        ends = time.monotonic() + seconds
        while len(self.posted) < count and time.monotonic() < ends:
            time.sleep(0.01)
        assert len(self.posted) >= count
        return self.posted[:count]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener for the time of a test."""
    listener = Listener()
    try:
        yield listener
    finally:
        listener.close()
