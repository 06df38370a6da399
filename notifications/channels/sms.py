"""SMS, through one of the suppliers."""

from foundation.carriers import sms
from notifications.channels.base import Parcel


def send(parcel: Parcel) -> str:
    """Hand it to the supplier; the supplier sends one request_id once."""
    return sms.send(
        template=parcel.template,
        phone=parcel.address,
        params=parcel.values,
        request_id=parcel.dispatch_id,
        supplier=parcel.supplier,
    )
