"""What every way of paying has, and what one with an outside system has besides.

An outside system is asked in no transaction of ours: the row of the attempt or the refund stands
before, what was answered is recorded after. Amounts are whole fen; a provider converts at its edge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from django.utils.functional import Promise


class Way(StrEnum):
    """How the payer comes to the channel."""

    IN_WEIXIN = "in_weixin"
    MINI_PROGRAM = "mini_program"
    BROWSER = "browser"
    SCANS = "scans"  # the payer scans a code that we show
    SCANNED = "scanned"  # we scan the payer's code
    IN_ALIPAY = "in_alipay"


class Said(StrEnum):
    """Where a payment stands at the channel."""

    WAITING = "waiting"
    PAID = "paid"
    CLOSED = "closed"
    FAILED = "failed"


class RefundSaid(StrEnum):
    """Where a refund stands at the channel; an abnormal one needs somebody to act."""

    PROCESSING = "processing"
    DONE = "done"
    ABNORMAL = "abnormal"
    CLOSED = "closed"


class NoticeKind(StrEnum):
    """What a channel tells of its own accord."""

    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a merchant's set-up has.

    Attributes:
        is_secret: Kept encrypted and never shown again.
        is_required: Without it the merchant cannot be switched on.
    """

    name: str
    label: str | Promise
    is_secret: bool = False
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who takes the money at a channel.

    Attributes:
        number: The merchant's number there.
        values, secrets: By the names of the provider's keys; PEM texts as they are.
    """

    public_id: str
    provider: str
    number: str
    base_url: str
    values: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """An order by what a channel finds it again.

    Attributes:
        number: Ours, of 26 letters and figures; the same number asks for the same thing again.
        asked_at: When its row was written; the same in every repeat.
    """

    number: str
    asked_at: datetime
    way: Way


@dataclass(frozen=True, slots=True)
class Order(Asked):
    """What the channel is asked to take.

    Attributes:
        title: What the payer reads; says nothing of health.
        expires_at: The same in every repeat, as everything else: a channel takes a changed order for another.
        payer: What the way needs to know of the payer: ``openid``, ``buyer_id``, ``client_ip``,
            ``auth_code`` (the scanned code).
        notify_url, return_url: Where the channel tells the result, and sends the payer back.
    """

    amount_fen: int
    title: str
    expires_at: datetime
    notify_url: str
    return_url: str = ""
    payer: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Launch:
    """How the payer's device goes on.

    Attributes:
        kind: ``call`` (fields for the channel's own script), ``redirect`` (``url``), ``code``
            (``text`` to be drawn as a QR code) or ``none`` (ask for the result).
    """

    kind: str
    fields: Mapping[str, str] = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """What the channel says of a payment; amount, reference and time only where it is paid."""

    number: str
    state: Said
    amount_fen: int = 0
    channel_ref: str = ""
    paid_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Money that the channel is asked to give back.

    Attributes:
        number: Ours; the same number never gives back twice.
        asked_at: When its row was written; the same in every repeat.
        payment_number, channel_ref: The payment that it is taken from.
        total_fen: What that payment was.
    """

    number: str
    payment_number: str
    channel_ref: str
    amount_fen: int
    total_fen: int
    reason: str
    asked_at: datetime
    notify_url: str = ""


@dataclass(frozen=True, slots=True)
class Refunded:
    """What the channel says of a refund."""

    number: str
    state: RefundSaid
    amount_fen: int = 0
    channel_ref: str = ""
    ended_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where a refund goes that could not go back to where the payment came from.

    Attributes:
        is_payer: A bank card of the payer; else an account of the merchant, who hands the money on.
        bank: The channel's code of the bank.
    """

    is_payer: bool
    bank: str = ""
    account: str = field(default="", repr=False)
    holder: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a channel told, after its signature was checked and its content opened.

    Attributes:
        id: The channel's own, the same in every repeat.
        said: The payment or the refund, as asking would answer it.
    """

    id: str
    kind: NoticeKind
    said: Payment | Refunded


@dataclass(frozen=True, slots=True)
class Answer:
    """What the channel expects to hear of its notice."""

    status: int
    content_type: str = "application/json"
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One line of a channel's statement.

    Attributes:
        number: Of the payment; ``refund_number`` besides where it is a refund.
        fee_fen: What the channel keeps; below zero where it gives a fee back.
        at: Of a refund the time at which it was asked for, if the channel writes that.
    """

    kind: NoticeKind
    number: str
    channel_ref: str
    amount_fen: int
    fee_fen: int
    at: datetime
    refund_number: str = ""
    refund_ref: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A channel's account of one day, in Beijing time.

    Attributes:
        count, gross_fen, refund_fen, fee_fen: As the channel's own totals say, which the rows are checked
            against; the sums of the rows where a channel writes none.
        digest: Of the plain file, in hex.
    """

    day: date
    rows: Sequence[StatementRow]
    count: int
    gross_fen: int
    refund_fen: int
    fee_fen: int
    digest: str


class Provider(Protocol):
    """One way of paying.

    Attributes:
        code: Its name in attempts; never changed.
        account: The account of the ledger that its money stands on.
        by_hand: Whether people take the money and give it back, so that no outside system is called.
            A balance in our own books is neither by hand nor online.
    """

    code: str
    account: str
    by_hand: bool

    def label(self) -> str:
        """What people read."""
        ...


class OnlineProvider(Provider, Protocol):
    """A way of paying with an outside system.

    Every method may raise ``ChannelError`` in one of the kinds of ``payments.providers.errors``.

    Attributes:
        keys: What a merchant's set-up has.
        ways: How a payer may come to it.
    """

    keys: Sequence[Key]
    ways: frozenset[Way]

    def order(self, merchant: Merchant, order: Order) -> Launch:
        """Ask the channel to take money; asking again with the same order is safe."""
        ...

    def query(self, merchant: Merchant, asked: Asked) -> Payment:
        """Ask where a payment stands."""
        ...

    def close(self, merchant: Merchant, asked: Asked) -> None:
        """End an order that was not paid; ending it again is safe.

        Raises:
            OrderPaid: It is paid.
        """
        ...

    def refund(self, merchant: Merchant, refund: RefundOrder) -> Refunded:
        """Ask the channel to give money back; accepted is not done."""
        ...

    def query_refund(self, merchant: Merchant, refund: RefundOrder) -> Refunded:
        """Ask where a refund stands, which some channels find only below its payment."""
        ...

    def read_notice(self, merchant: Merchant, headers: Mapping[str, str], body: bytes) -> Notice:
        """Check and open what came to ``notify_url``; header names are in lower case.

        Raises:
            NoticeRefused: It is not from the channel, or not for this merchant.
        """
        ...

    def answer(self, *, accepted: bool) -> Answer:
        """What the channel expects to hear: that the notice is kept, or that it is to come again."""
        ...

    def statement(self, merchant: Merchant, day: date) -> Statement:
        """The channel's account of a day.

        Raises:
            StatementNotReady: It is not written yet.
            StatementEmpty: The channel says that nothing happened.
        """
        ...


class RedirectsRefunds(Protocol):
    """A channel that can send an abnormal refund elsewhere."""

    def redirect_refund(
        self, merchant: Merchant, refund: RefundOrder, refund_ref: str, receiver: Receiver
    ) -> Refunded:
        """Ask the channel to give the money back to another account; ``refund_ref`` is its own number."""
        ...
