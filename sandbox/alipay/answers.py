"""Refusals in Alipay's form."""

from sandbox.answers import RestRefusal

_MESSAGES = {
    "20000": "Service Currently Unavailable",
    "40002": "Invalid Arguments",
    "40004": "Business Failed",
    "40006": "Insufficient Permissions",
}


class AlipayRefusal(RestRefusal):
    """An answer other than success, with the members that it has; HTTP has nothing to say about it."""

    def __init__(self, sub_code: str, sub_msg: str, code: str = "40004") -> None:
        super().__init__(200, sub_code, sub_msg)
        self.told = {"code": code, "msg": _MESSAGES[code], "sub_code": sub_code, "sub_msg": sub_msg}


def trade_absent() -> AlipayRefusal:
    """There is no such trade."""
    return AlipayRefusal("ACQ.TRADE_NOT_EXIST", "交易不存在")
