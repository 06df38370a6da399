"""Which channel a page is opened through."""

from cards.states import Channel

# What the browsers inside other applications say of themselves; the mini-program says both.
_BROWSERS = (
    ("miniProgram", Channel.WEIXIN_MINI),
    ("MicroMessenger", Channel.WEIXIN_OFFICIAL),
    ("AlipayClient", Channel.ALIPAY),
)


def channel_of_browser(user_agent: str) -> Channel:
    """The channel of a page; good for counting and for stopping, no proof of anything."""
    return next((channel for word, channel in _BROWSERS if word in user_agent), Channel.H5)
