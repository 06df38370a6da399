"""Alipay's yuan and Beijing times, turned into fen and moments at the edge and nowhere else."""

import re
from datetime import datetime

from foundation.core.clock import BEIJING

_YUAN = re.compile(r"(-?)(\d{1,10})(?:\.(\d{1,2}))?")
_TIME = "%Y-%m-%d %H:%M:%S"


def yuan(fen: int) -> str:
    """An amount as Alipay reads it: ``12.50``.

    Raises:
        ValueError: It is not above zero.
    """
    if fen <= 0:
        raise ValueError("an amount is above zero")
    return f"{fen // 100}.{fen % 100:02d}"


def fen(text: object) -> int:
    """The fen of an amount as Alipay writes it.

    Raises:
        ValueError: It is none.
    """
    found = _YUAN.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError("no amount")
    amount = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
    return -amount if found[1] else amount


def moment(text: object) -> datetime:
    """The moment that Alipay writes without a zone; parts of a second are dropped.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(text, str):
        raise ValueError("no time")
    return datetime.strptime(text.strip()[:19], _TIME).replace(tzinfo=BEIJING)


def written(at: datetime) -> str:
    """A moment as Alipay reads it."""
    return at.astimezone(BEIJING).strftime(_TIME)
