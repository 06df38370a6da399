"""Money is a number of fen; yuan are for people."""

import re

_YUAN = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?")


def yuan(fen: int) -> str:
    """An amount as ``1,234.50``, with a true minus sign below zero."""
    sign = "−" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def fen_of(text: str) -> int | None:
    """The fen of an amount as people type it (``12``, ``12.5``, ``¥12.50``); None if it is none."""
    typed = text.strip().replace("，", ",").replace(",", "").removeprefix("¥").removeprefix("￥").strip()
    found = _YUAN.fullmatch(typed) if typed.isascii() else None
    if found is None:
        return None
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
