"""What can go wrong with a carrier: for good, or for now.

These are for the calling room, which knows what to tell the person; they carry the system and
its code, never a person's data.
"""

from foundation.core import http


class CarrierError(Exception):
    """A carrier did not do what it was asked. `code` is the outside system's own, as text."""

    def __init__(self, system: str, code: str) -> None:
        self.system = system
        self.code = code
        super().__init__(f"{system}: {code}")


class CarrierTemporary(CarrierError):
    """Asking again later may help."""


class CarrierTimeout(CarrierTemporary):
    """No answer in time: whether the carrier acted is unknown."""


class CarrierRefused(CarrierError):
    """Asking again with the same content will not help."""


class CarrierMisconfigured(CarrierRefused):
    """Our own appid, secret or key is wrong: somebody who runs the platform must look."""


class RecipientRejected(CarrierRefused):
    """The carrier will not deliver to this recipient."""


class WeixinNotSubscribed(CarrierRefused):
    """The user wants no messages of this template, or has no grant left."""


class WeixinCodeRejected(CarrierRefused):
    """The one-time code is unknown, too old or used: the client must get a new one."""


class WeixinUserBlocked(CarrierRefused):
    """WeChat's risk control blocks this user."""


class WeixinSnapshotUser(CarrierRefused):
    """The page ran in snapshot mode: the openid stands for nobody and must not be bound."""


def unreached(error: http.OutsideError) -> CarrierError:
    """The carrier's form of an error without an answer of its own."""
    if isinstance(error, http.OutsideTimeout):
        return CarrierTimeout(error.system, "timeout")
    if isinstance(error, http.OutsideUnavailable):
        return CarrierTemporary(error.system, "unavailable")
    return CarrierRefused(error.system, "protocol_error")
