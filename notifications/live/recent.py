"""What changed lately, for whoever has no socket."""

import re
from typing import Any

from foundation.accounts import sessions
from foundation.core.errors import InvalidInput
from foundation.events import live

_CURSOR = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")


def changes_since(account_id: str, since: str) -> dict[str, Any]:
    """The notices of an account after a cursor, and the next cursor.

    Args:
        since: ``cursor`` of the answer before; empty for the cursor alone.

    Raises:
        InvalidInput: If it is no cursor.
    """
    if since and not _CURSOR.fullmatch(since):
        raise InvalidInput(field="since")
    notices, cursor = live.recent(account_id, since)
    told = [
        {"kind": notice["kind"], "data": notice["data"]}
        for notice in notices
        if notice["kind"] != sessions.SESSION_ENDED
    ]
    return {"cursor": cursor, "changes": told}
