"""The examples of the platform's own page of events, copied as a hospital's programmer copies them.

So every type that the platform hears is sent in the form that its documents show.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.his.catalogue import KINDS, Kind, Members

PAGE = Path(__file__).resolve().parents[2] / "docs" / "institutions" / "event-types.md"
_SECTION = re.compile(r"^## `([a-z_.0-9]+)`$(.*?)^```json$(.*?)^```$", re.MULTILINE | re.DOTALL)
_AGGREGATE = re.compile(r"Aggregate `([a-z]+):<([a-z_]+)>`")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=T|$)")
_ENVELOPE = {"event_id", "occurred_at", "seq", "aggregate", "patient"}


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of event: those of the page, and those that nobody hears yet."""
    page = PAGE.read_text("utf-8") if PAGE.is_file() else ""
    found = dict(KINDS)
    for name, said, block in _SECTION.findall(page):
        aggregate = _AGGREGATE.search(said)
        if aggregate is None:
            continue
        known = KINDS.get(name)
        found[name] = Kind(
            name,
            known.label if known is not None else name,
            aggregate[1],
            _Example(json.loads(block), member=aggregate[2]),
            has_patient="its `patient`" in said,
        )
    return dict(sorted(found.items()))


class _Example:
    """Makes the members of an event from the example of the page, as if it were of today."""

    def __init__(self, event: Mapping[str, Any], *, member: str) -> None:
        self._told = datetime.fromisoformat(event["timestamp"])
        self._members = {name: value for name, value in event["data"].items() if name not in _ENVELOPE}
        self._member = member

    def __call__(self, number: str, moment: datetime) -> Members:
        """The members, about the thing of this number."""
        later = timedelta(days=(moment.date() - self._told.date()).days)
        members: Members = _moved(self._members, later)
        if self._member in members:
            members[self._member] = number
        return members


def _moved(value: Any, by: timedelta) -> Any:
    match value:
        case dict():
            return {name: _moved(each, by) for name, each in value.items()}
        case list():
            return [_moved(each, by) for each in value]
        case str():
            day = _DAY.match(value)
            if day is None:
                return value
            moved = (datetime.fromisoformat(day[0]) + by).date()
            return moved.isoformat() + value[day.end() :]
        case _:
            return value
