"""A load generator for keep-alive HTTP: one thread, one epoll, requests that are ready as bytes.

It measures every answer and looks at every status, which ready-made tools do not; it costs
about 20 microseconds a request, which is stated with the results, because it runs on the
machine that it measures.
"""

import selectors
import socket
import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What came of a run."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers with status 200 a second."""
        return self.statuses["200"] / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """A latency in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


class _Connection:
    __slots__ = ("buffer", "missing", "sent_at", "socket")

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.buffer = b""
        self.missing = -1
        self.sent_at = 0.0


def run(host: str, port: int, requests: list[bytes], *, connections: int, warm_up: int = 0) -> Outcome:
    """Send every request once over a fixed number of connections, each one at a time.

    Args:
        warm_up: How many of the first requests are answered before measuring begins.
    """
    outcome = Outcome()
    waiting = iter(requests)
    selector = selectors.EpollSelector()
    clock = time.perf_counter
    started, cpu = clock(), time.process_time()
    open_ = 0
    for _ in range(min(connections, len(requests))):
        one = _Connection(host, port)
        selector.register(one.socket, selectors.EVENT_READ, one)
        one.sent_at = clock()
        one.socket.send(next(waiting))
        open_ += 1
    answered = 0
    while open_:
        for key, _ in selector.select():
            one = key.data
            status = _read(one)
            if status is None:
                continue
            moment = clock()
            answered += 1
            if answered > warm_up:
                outcome.latencies.append(moment - one.sent_at)
                outcome.statuses[status] += 1
            elif answered == warm_up:
                started, cpu = clock(), time.process_time()
            request = next(waiting, None)
            if request is None:
                selector.unregister(one.socket)
                one.socket.close()
                open_ -= 1
                continue
            one.sent_at = moment
            one.socket.send(request)
    outcome.seconds = clock() - started
    outcome.cpu_seconds = time.process_time() - cpu
    return outcome


def _read(one: _Connection) -> str | None:
    """The status of a complete answer; None while it is still coming."""
    data = one.socket.recv(65_536)
    if not data:
        raise ConnectionError("the server closed a connection")
    one.buffer += data
    if one.missing < 0:
        end = one.buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = one.buffer[:end].lower()
        place = head.find(b"content-length:")
        if place < 0:
            raise ValueError("an answer without its length")
        one.missing = end + 4 + int(head[place + 15 :].split(b"\r\n", 1)[0])
    if len(one.buffer) < one.missing:
        return None
    status = one.buffer[9:12].decode()
    one.buffer, one.missing = b"", -1
    return status
