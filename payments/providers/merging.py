"""A channel that pays an insurance's part and one's own in one confirmation of the payer."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeGuard

from payments.providers.base import Launch, Merchant, Order, Provider, Way


@dataclass(frozen=True, slots=True)
class Payer:
    """A person as a channel compares them."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class InsuredShare:
    """What an insurance pays beside an order.

    Attributes:
        serial: Our number there (``medOrgOrd``).
        order_ref, permission: The insurance's number of the order, and of what the person allowed.
        left_fen: What the insurance leaves to be paid, before what the hospital takes off.
        relative: The insured, where somebody else pays.
        place_number, place_name, city, location: The institution, as the insurance and the channel name it.
    """

    serial: str
    order_ref: str
    permission: str = field(repr=False)
    created_at: datetime
    fund_fen: int
    account_fen: int
    left_fen: int
    reduction_fen: int
    payer: Payer
    relative: Payer | None
    place_number: str
    place_name: str
    city: str
    location: str
    is_registration: bool = False

    @property
    def total_fen(self) -> int:
        """The bill."""
        return self.fund_fen + self.account_fen + self.left_fen


@dataclass(frozen=True, slots=True)
class InsuredReturn:
    """What an insurance gave back; the number is that of the refund of one's own part, if there is one."""

    number: str
    fund_fen: int
    account_fen: int
    at: datetime


class MergesInsurance(Protocol):
    """Such a channel; every method may raise ``ChannelError``.

    Attributes:
        merged_ways: How a payer comes to it so that both parts are paid at once.
    """

    merged_ways: frozenset[Way]

    def merge(
        self, merchant: Merchant, order: Order, launch: Launch, share: InsuredShare
    ) -> tuple[str, Launch]:
        """Join an order of one's own, as it was asked for, with the insurance's; asking again is safe.

        Returns:
            The channel's number of both together, and how the payer's device goes on.
        """
        ...

    def has_failed(self, merchant: Merchant, ref: str) -> bool:
        """Whether the payer confirmed, and a part of it came to nothing."""
        ...

    def tell_insured_return(self, merchant: Merchant, ref: str, returned: InsuredReturn) -> None:
        """Tell the channel that the insurance gave its parts back; telling it again is safe."""
        ...


def merges(provider: Provider, way: str) -> TypeGuard[MergesInsurance]:
    """Whether both parts are paid at once in this way."""
    return way in getattr(provider, "merged_ways", ())
