"""JSON as the insurance is read: no name twice, no NaN, amounts as they were written."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

_MOST_DIGITS, _MOST_LEVELS = 40, 20


class NotJson(ValueError):
    """The text is no JSON object, or one that two readers would read differently."""


def read_object(text: bytes | str) -> dict[str, Any]:
    """Parse one JSON object; numbers with a point become Decimal.

    Raises:
        NotJson: It is something else.
    """
    try:
        found = json.loads(
            text, object_pairs_hook=_once, parse_constant=_refuse, parse_float=_decimal, parse_int=_integer
        )
        _check(found, _MOST_LEVELS)
    except (ValueError, RecursionError) as exc:
        raise NotJson("no JSON object") from exc
    if not isinstance(found, dict):
        raise NotJson("no JSON object")
    return found


def write_compact(value: object) -> str:
    """One line without spaces, Chinese as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _check(value: Any, levels: int) -> None:
    """Refuse what is nested out of all measure, and halves of surrogate pairs, which are no text."""
    if levels == 0:
        raise ValueError("too deep")
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, dict):
        for name, inner in value.items():
            name.encode()
            _check(inner, levels - 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, levels - 1)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _decimal(digits: str) -> Decimal:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number is too long")
    return Decimal(digits)


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number is too long")
    return int(digits)
