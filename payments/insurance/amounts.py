"""Fen here, yuan at the insurance.

The mobile-payment centre writes amounts as texts with two decimals, the core as JSON numbers; both
are read strictly, and no amount ever passes through a calculation with fractions.
"""

import re
from decimal import Decimal

# More than any bill has; beyond it something is broken.
MOST_FEN = 10**12
_YUAN = re.compile(r"(-?)([0-9]{1,11})(?:\.([0-9]{1,2})0*)?", re.ASCII)


def yuan_text(fen: int) -> str:
    """``12.05`` for 1205."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def yuan_number(fen: int) -> float:
    """The JSON number of an amount: the nearest one prints as the two decimals themselves."""
    return fen / 100


def fen_of(value: object) -> int | None:
    """The fen of an amount as the insurance writes it; None if it is none, or has parts of a fen."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    found = _YUAN.fullmatch(str(value).strip())
    if found is None:
        return None
    fen = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
    if fen > MOST_FEN:
        return None
    return -fen if found[1] else fen
