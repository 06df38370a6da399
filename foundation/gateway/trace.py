"""One id per request, in every log line, answer and problem document."""

import re
from contextvars import ContextVar
from datetime import datetime

import structlog

from foundation.core import clock
from foundation.core.ids import new_public_id

HEADER = "X-Request-Id"
META_HEADER = "HTTP_X_REQUEST_ID"
_SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")

_current: ContextVar[str] = ContextVar("trace_id", default="")
_begun: ContextVar[datetime | None] = ContextVar("trace_begun", default=None)


def begin(offered: str | None) -> str:
    """Open a request's trace: the caller's own id if it is sane, else a new one."""
    trace_id = offered if offered and _SANE.fullmatch(offered) else new_public_id()
    _current.set(trace_id)
    _begun.set(clock.now())
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(trace_id=trace_id)
    return trace_id


def current() -> str:
    """The id of the request at work, or nothing outside of one."""
    return _current.get()


def begun() -> datetime:
    """When the request at work came, before anything was read for it; now, outside of one."""
    return _begun.get() or clock.now()
