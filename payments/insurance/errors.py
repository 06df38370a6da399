"""How the insurance can fail beyond what every channel has. None of these reaches a person as it is."""

from payments.providers.errors import ChannelRefused, ChannelUnsure


class AmountsDisagree(ChannelRefused):
    """The sums that should be sent do not fit each other: nothing was sent."""


class PermissionEnded(ChannelRefused):
    """The person's permission is too old, used or somebody else's: they have to allow it again."""


class NotInsured(ChannelRefused):
    """The insurance does not pay for this person now."""


class AnswerDisagrees(ChannelUnsure):
    """An answer about another order or another sum: what the other side did is unknown."""
