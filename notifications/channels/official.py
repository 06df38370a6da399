"""Template messages of the official account."""

from django.conf import settings

from foundation.carriers import weixin_messages
from notifications.channels.base import Parcel


def send(parcel: Parcel) -> str:
    """Send it; WeChat drops a second one with our number."""
    return weixin_messages.send_template(
        openid=parcel.address,
        template=parcel.template,
        values=parcel.values,
        url=f"{settings.BASE_URL}/messages/{parcel.message_id}/",
        client_id=parcel.dispatch_id,
    )
