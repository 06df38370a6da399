"""What a message of the insurance must have, and amounts in yuan read into fen."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.outside import BEIJING

_YUAN = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,2}))?")


class CentreRefusal(Exception):
    """A refusal that the insurance signs: its code and its sentence."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


# The codes are invented; no list of a real centre's is public.
FIELD, AMOUNTS, PERMISSION, NOT_INSURED, CHANGED = 2001, 2002, 2003, 2004, 2005
UNKNOWN, SETTLED, ENDED, TOO_MUCH, REFUND_CHANGED, NOT_SETTLED = 2006, 2007, 2008, 2009, 2010, 2011
MEANINGS: Mapping[int, str] = {
    1001: "签名不符",
    1002: "渠道未登记",
    1003: "时间戳超出范围",
    1004: "报文无法解密",
    FIELD: "缺少字段或格式不对",
    AMOUNTS: "金额不平",
    PERMISSION: "授权号无效、过期或不是本人的",
    NOT_INSURED: "没有参保或已停保",
    CHANGED: "同一单号内容不同",
    UNKNOWN: "没有这笔订单，或令牌、身份不符",
    SETTLED: "已经结算",
    ENDED: "订单已结束",
    TOO_MUCH: "退费超过可退金额",
    REFUND_CHANGED: "同一退费单号内容不同",
    NOT_SETTLED: "还没有结算",
}


def required(data: Mapping[str, Any], *names: str) -> list[str]:
    """The texts of fields that must be there."""
    found = []
    for name in names:
        value = data.get(name)
        if not isinstance(value, str | int | float) or isinstance(value, bool) or not str(value).strip():
            raise CentreRefusal(FIELD, f"{name} is missing")
        found.append(str(value).strip())
    return found


def fen(data: Mapping[str, Any], name: str, *, default: int | None = None) -> int:
    """An amount in yuan."""
    value = data.get(name)
    if value in (None, "") and default is not None:
        return default
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    found = _YUAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise CentreRefusal(FIELD, f"{name} is no amount")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def yuan(amount: int) -> str:
    """An amount as the insurance writes it."""
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def moment(data: Mapping[str, Any], name: str, *forms: str) -> str:
    """A time in one of these forms."""
    (text,) = required(data, name)
    for form in forms:
        try:
            datetime.strptime(text, form).replace(tzinfo=BEIJING)
        except ValueError:
            continue
        return text
    raise CentreRefusal(FIELD, f"{name} is no time")
