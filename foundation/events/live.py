"""Live notices to the open pages of an account.

A notice says only that something changed, with ids; the page reads again under its reader's
own permission. Notices are lost without harm: a page that was away asks for the recent ones,
or simply loads what it shows.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

import orjson
import structlog
from django.db import transaction
from redis.exceptions import RedisError

from foundation.core import clock, redis

log = structlog.get_logger(__name__)

CHANNEL = "live"
RECENT_KEPT = 30
RECENT_SECONDS = 600

_POSITION = re.compile(r"[0-9]{1,15}-[0-9]{1,10}")
_Entry = tuple[bytes, dict[bytes, bytes]]


def notify(account_id: str, kind: str, data: Mapping[str, Any] | None = None) -> None:
    """Send a notice after the caller's transaction has committed.

    Args:
        account_id: Public id of the account whose pages are told.
        kind: What changed, for example ``code.used``.
        data: Ids and words that are nobody's personal data.
    """
    transaction.on_commit(lambda: send_many([(account_id, kind, data or {})]))


def send_many(notices: list[tuple[str, str, Mapping[str, Any]]]) -> None:
    """Send notices now, in one round trip."""
    if not notices:
        return
    moment = clock.now()
    try:
        pipe = redis.client().pipeline(transaction=False)
        for account_id, kind, data in notices:
            body = orjson.dumps({"account": account_id, "kind": kind, "data": data, "at": moment.isoformat()})
            pipe.xadd(stream(account_id), {"body": body}, maxlen=RECENT_KEPT, approximate=True)
            pipe.expire(stream(account_id), RECENT_SECONDS)
            pipe.publish(redis.key(CHANNEL), body)
        pipe.execute()
    except RedisError as exc:
        # The page asks again by itself; a notice is a convenience, never the record.
        log.warning("live_notice_lost", count=len(notices), error=type(exc).__name__)


def stream(account_id: str) -> str:
    """The key of the stream with an account's latest notices, each as it is published (``body``)."""
    return redis.key(CHANNEL, "recent", account_id)


def recent(account_id: str, since: str = "") -> tuple[list[dict[str, Any]], str]:
    """Notices of an account after a position.

    Args:
        since: Position of the last notice seen; anything that is no position means "from now on".

    Returns:
        The notices (``kind``, ``data``, ``at``) and the new position.
    """
    if not _POSITION.fullmatch(since):
        last = cast("list[_Entry]", redis.client().xrevrange(stream(account_id), count=1))
        return [], last[0][0].decode() if last else "0-0"
    found = cast("list[_Entry]", redis.client().xrange(stream(account_id), min=f"({since}"))
    notices = [orjson.loads(fields[b"body"]) for _, fields in found]
    for notice in notices:
        del notice["account"]
    return notices, found[-1][0].decode() if found else since
