"""How asking a channel can fail. None of these reaches a person as it is."""


class ChannelError(Exception):
    """A channel did not do what it was asked.

    Attributes:
        code: The channel's own, for the log and for staff.
    """

    def __init__(self, provider: str, code: str, reason: str = "") -> None:
        self.provider = provider
        self.code = code
        self.reason = reason
        super().__init__(f"{provider}: {code}")


class ChannelTemporary(ChannelError):
    """Not now: ask the same thing again later."""


class ChannelUnsure(ChannelError):
    """No answer in time: whether the channel acted is unknown until it is asked."""


class ChannelRefused(ChannelError):
    """An answer that asking again will not change."""


class ChannelMisconfigured(ChannelRefused):
    """Our keys, number or rights at the channel are wrong: somebody has to mend them."""


class OrderUnknown(ChannelRefused):
    """The channel has no such payment or refund."""


class OrderPaid(ChannelRefused):
    """The order cannot be closed or asked for again, because it is paid."""


class OrderChanged(ChannelRefused):
    """The number stands for another order."""


class BalanceTooLow(ChannelTemporary):
    """The merchant's account does not cover the refund."""


class NoticeRefused(ChannelError):
    """A notice whose signature, key, time or content is not right."""


class StatementNotReady(ChannelTemporary):
    """The statement of the day is not written yet."""


class StatementEmpty(ChannelError):
    """The channel has nothing to state for the day."""


class StatementBroken(ChannelError):
    """The file does not match its digest, or its rows do not match its last line."""
