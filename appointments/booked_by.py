"""Through what a resident books: account, channel, and a keyed digest of the device."""

from django.http import HttpRequest

from appointments.types import BookedBy
from cards.rules.channels import channel_of_browser
from cards.states import Channel
from foundation.accounts import devices
from foundation.accounts import selectors as accounts
from gmcrypto.index import blind_index

_DEVICE = "appointments.device"
_SHORT = {Channel.WEIXIN_MINI: "mini", Channel.WEIXIN_OFFICIAL: "weixin"}


def browser(request: HttpRequest) -> BookedBy:
    """The browser of a page."""
    channel = channel_of_browser(request.headers.get("User-Agent", ""))
    return _by(request, channel, devices.token_of(request))


def application(request: HttpRequest, channel: Channel) -> BookedBy:
    """An application that calls the resident API, with the device word that it keeps, if any."""
    return _by(request, channel, request.headers.get("EHC-Device", "")[:100])


def _by(request: HttpRequest, channel: Channel, token: str) -> BookedBy:
    return BookedBy(
        channel=_SHORT.get(channel, channel.value),
        account=accounts.account_of(request).public_id,
        device=blind_index(_DEVICE, token).hex() if token else "",
    )
