"""What every channel is given.

A channel is one function ``send(parcel) -> reference``: the outside system's own number of the
message, empty where it gives none. It raises the errors of ``foundation.carriers.errors`` and
writes nothing: it runs beside others, with no transaction and no database.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message, ready to go.

    Attributes:
        dispatch_id: Our number of it, the same at every attempt.
        template: Number or name of the wording outside.
        values: What stands in each field; already cut to the field's size.
        address: A phone number or the name of a WeChat user.
        message_id: The message that it leads to.
        supplier: Whose gateway takes it; empty where there is one only.
    """

    dispatch_id: str
    channel: str
    template: str
    values: Mapping[str, str]
    address: str
    message_id: str
    supplier: str = ""
