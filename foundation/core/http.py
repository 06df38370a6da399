"""The one outbound HTTP client.

Every call to an outside system goes through here: time-outs, no redirects, typed errors, one
log line without personal data. The log names the system and the path, never a query string,
a header or a body.
"""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog
from django.db import connections

log = structlog.get_logger(__name__)

# httpx logs whole addresses, and some of ours carry secrets in the query. It is silenced here and
# not only in the settings, so that no order of start and no tool's own logging brings it back.
for _noisy in ("httpx", "httpcore"):
    logging.getLogger(_noisy).setLevel(logging.WARNING)

MAX_ANSWER_BYTES = 2_000_000


class OutsideError(Exception):
    """An outside system did not do what it was asked."""

    def __init__(self, system: str, reason: str) -> None:
        self.system = system
        self.reason = reason
        super().__init__(f"{system}: {reason}")


class OutsideTimeout(OutsideError):
    """No answer in time: whether the other side acted is unknown."""


class OutsideUnavailable(OutsideError):
    """No connection, or the other side says that it cannot serve now."""


class OutsideUnreached(OutsideUnavailable):
    """No connection came about: the other side has heard nothing of it."""


class OutsideRefused(OutsideError):
    """An answer that asking again will not change.

    `answer` is the refusal's JSON object, empty if it had none: the other side's own codes.
    """

    def __init__(
        self, system: str, reason: str, status: int = 0, answer: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(system, reason)
        self.status = status
        self.answer = answer or {}


_ends: ContextVar[float | None] = ContextVar("outside_calls_end", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give all outside calls in the block together this long: where somebody waits for the answer."""
    ends = time.monotonic() + seconds
    before = _ends.get()
    token = _ends.set(ends if before is None else min(before, ends))
    try:
        yield
    finally:
        _ends.reset(token)


def time_left(most: float) -> float:
    """The seconds that a call may take; zero or less when the time of the block is over."""
    ends = _ends.get()
    return most if ends is None else min(most, ends - time.monotonic())


def _require_no_transaction() -> None:
    """Refuse to keep rows locked while the other side takes its time; a test's own frame is none."""
    for connection in connections.all(initialized_only=True):
        if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            raise RuntimeError("An outside call was made inside a transaction.")


class Outbound:
    """A client of one outside system.

    Args:
        base_url: Scheme, host and port; paths are appended as they are.
        name: The system's name in logs and errors.
        timeout: Seconds for the whole of one call. A fifth of it may go to connecting; an answer
            that is still dripping in at the end is dropped.
        host: Whose name the call and the certificate are under, where ``base_url`` names an
            address; see ``strangers``.
    """

    def __init__(
        self, base_url: str, *, name: str, timeout: float = 5.0, host: httpx.URL | None = None
    ) -> None:
        self.name = name
        self._timeout = timeout
        self._extensions = {} if host is None else {"sni_hostname": host.host}
        self._client = httpx.Client(
            base_url=base_url.rstrip("/"),
            headers={} if host is None else {"Host": host.netloc.decode("ascii")},
            timeout=_phases(timeout),
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=10),
        )

    def get_json(
        self, path: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """GET and parse a JSON object."""
        return self._json(self._send("GET", path, params=params, headers=headers))

    def post_json(
        self,
        path: str,
        *,
        content: bytes,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """POST a JSON body given as bytes (signatures cover bytes) and parse a JSON object."""
        return self._json(
            self._send(
                "POST",
                path,
                params=params,
                content=content,
                headers={"Content-Type": "application/json", **(headers or {})},
            )
        )

    def get(
        self, path: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> "Answer":
        """GET, and give back whatever a success says."""
        return self._send("GET", path, params=params, headers=headers)

    def post(
        self,
        path: str,
        *,
        content: bytes,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        refusals: bool = False,
    ) -> "Answer":
        """POST bytes, and give back whatever a success says.

        Args:
            refusals: Give back what the other side refuses with (3xx and 4xx) as well.
        """
        return self._send("POST", path, params=params, content=content, headers=headers, refusals=refusals)

    def exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        most_bytes: int = MAX_ANSWER_BYTES,
    ) -> "Answer":
        """Ask, and give back whatever is answered, whatever its status.

        Args:
            path: With its query, which is sent as it is: signatures cover it.
            most_bytes: How long an answer may be.

        Raises:
            OutsideTimeout, OutsideUnavailable: There was no whole answer.
        """
        return self._ask(method, path, headers=headers, content=content, most_bytes=most_bytes)

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        refusals: bool = False,
    ) -> "Answer":
        answer = self._ask(method, path, params=dict(params or {}), headers=headers, content=content)
        if answer.status >= 500 or answer.status == 429:
            raise OutsideUnavailable(self.name, f"status {answer.status}")
        if answer.status >= 300 and not refusals:
            raise OutsideRefused(self.name, f"status {answer.status}", answer.status, answer.json_object())
        return answer

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        most_bytes: int = MAX_ANSWER_BYTES,
    ) -> "Answer":
        _require_no_transaction()
        started, allowed = time.monotonic(), time_left(self._timeout)
        if allowed <= 0:
            raise OutsideTimeout(self.name, "no time left")
        outcome = "error"
        try:
            with self._client.stream(
                method,
                path,
                params=params,
                headers=dict(headers or {}),
                content=content,
                extensions=self._extensions,
                timeout=_phases(allowed),
            ) as response:
                body = self._read(response, started + allowed, most_bytes)
                answer = Answer(response.status_code, body, dict(response.headers))
            outcome = str(answer.status)
        except httpx.TimeoutException as exc:
            outcome = "timeout"
            raise OutsideTimeout(self.name, "no answer in time") from exc
        except httpx.ConnectError as exc:
            outcome = "unreached"
            raise OutsideUnreached(self.name, "no connection") from exc
        except httpx.TransportError as exc:
            outcome = "unavailable"
            raise OutsideUnavailable(self.name, "the connection broke") from exc
        finally:
            log.info(
                "outbound",
                system=self.name,
                method=method,
                path=path.partition("?")[0],
                outcome=outcome,
                ms=round((time.monotonic() - started) * 1000),
            )
        return answer

    def _read(self, response: httpx.Response, ends: float, most_bytes: int) -> bytes:
        """The body, as long as it is neither too long in size nor in time."""
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > most_bytes:
                raise OutsideRefused(self.name, "answer too large", response.status_code)
            if time.monotonic() > ends:
                raise httpx.ReadTimeout("the answer is dripping in")
        return bytes(body)

    def _json(self, answer: "Answer") -> dict[str, Any]:
        parsed = answer.json_object()
        if parsed is None:
            raise OutsideRefused(self.name, "answer is not a JSON object", answer.status)
        return parsed


def _phases(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds * 4 / 5, connect=seconds / 5, pool=seconds / 5)


@dataclass(frozen=True)
class Answer:
    """What came back: status, whole body, and headers by their names in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def json_object(self) -> dict[str, Any] | None:
        """The body as a JSON object; None if it is something else."""
        try:
            parsed = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return parsed if isinstance(parsed, dict) else None
