"""Subscription messages of the mini-program."""

from django.conf import settings

from foundation.carriers import weixin_messages
from notifications.channels.base import Parcel


def send(parcel: Parcel) -> str:
    """Send it for one of the user's grants."""
    return weixin_messages.send_subscribe(
        openid=parcel.address,
        template=parcel.template,
        values=parcel.values,
        page=settings.WEIXIN_MINI_PAGE.format(message=parcel.message_id),
    )
