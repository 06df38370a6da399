"""The ways out of the building; one module for each."""

from collections.abc import Callable, Mapping

from notifications.channels import official, sms, subscribe
from notifications.channels.base import Parcel
from notifications.rules.topics import Channel

__all__ = ["SENDERS", "Parcel"]

SENDERS: Mapping[str, Callable[[Parcel], str]] = {
    Channel.SUBSCRIBE: subscribe.send,
    Channel.OFFICIAL: official.send,
    Channel.SMS: sms.send,
}
