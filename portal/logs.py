"""One line of JSON (or, in the demo, one readable line) per thing worth knowing.

Log lines carry ids and codes. A processor drops every key that could hold personal data or a
secret, and another masks what has the form of a card's number, a code, an identity number or a
mobile number wherever it stands, also in lines of other libraries: Django logs the address of
every refused request.
"""

import logging
import logging.config
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

FORBIDDEN_KEYS = frozenset(
    {
        "address",
        "authorization",
        "body",
        "code_text",
        "cookie",
        "id_number",
        "idcard",
        "idnumber",
        "name",
        "openid",
        "password",
        "phone",
        "qr_code_text",
        "secret",
        "token",
    }
)

MASK = "[masked]"
# A number may follow a letter only where that ends an encoded or escaped character.
_BEGINS = r"(?:(?<![0-9A-Za-z])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[abfnrtv]))"
_PERSONAL = re.compile(
    # A card's number or 主索引ID, with the rest of the code that it begins.
    r"[0-9A-Fa-f]{64,}(?:(?::|%3A)[0-9A-Za-z+/=_.\-]*)*"
    rf"|{_BEGINS}[0-9]{{17}}[0-9Xx](?![0-9A-Za-z])"
    rf"|{_BEGINS}(?:\+?86)?1[3-9][0-9]{{9}}(?![0-9A-Za-z])"
)
# Servers and Django bring handlers of their own, whose lines would go past the masking.
_WITH_HANDLERS = ("django", "django.server", "uvicorn", "_granian")


def drop_personal(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the values of forbidden keys."""
    for key in event:
        if key.lower() in FORBIDDEN_KEYS:
            event[key] = "[dropped]"
    return event


def mask_personal(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask personal numbers in every value, the message and the traceback among them."""
    return {key: _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return _PERSONAL.sub(MASK, value)
    if isinstance(value, Mapping):
        return {_masked(key): _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner) for inner in value]
    # Whatever else it is, it is written as text in the end.
    text = repr(value)
    masked = _PERSONAL.sub(MASK, text)
    return value if masked == text else masked


def formatter(*, readable: bool, stamped: bool = True) -> logging.Formatter:
    """What makes the line of a record, of ours or of another library.

    Not ``stamped`` where whoever reads the lines writes the time before each, as the demo's console does.
    """
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=False)
        if readable
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    stamp = [structlog.processors.TimeStamper(fmt="iso", utc=True)] if stamped else []
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *stamp,
            mask_personal,
            renderer,
        ],
    )


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    drop_personal,
    structlog.processors.format_exc_info,
]


def configure(config: dict[str, Any] | None = None) -> None:
    """Set up logging for the process; Django calls this with ``settings.LOGGING``."""
    from portal import env

    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    demo = env.flag("DEMO")
    handler.setFormatter(formatter(readable=demo or sys.stderr.isatty(), stamped=not demo))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(env.text("LOG_LEVEL", "INFO"))
    for name in _WITH_HANDLERS:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # The HTTP client logs whole URLs, and WeChat's carry secrets.
    for noisy in ("httpx", "httpcore", "hpack"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
