"""What is compared: an item of ours, a line of theirs, and what is found where they differ."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from payments.reconciliation.rules import DifferenceKind, ItemKind


class Source(StrEnum):
    """Which of our rows an item is."""

    ATTEMPT = "attempt"
    REFUND = "refund"
    SUSPENSE = "suspense"
    BILL = "bill"


@dataclass(frozen=True, slots=True)
class Ours:
    """One item of ours.

    Attributes:
        number: The order's number at the channel; of a bill its own.
        channel_ref: The channel's number of the payment.
        refund_number: What the channel knows a refund by.
        is_there: Whether the money has moved by our books.
        is_open: Of money in suspense, whether nobody has decided about it.
        first_day, last_day: Between which days the other side may state it; for a payment one day.
        bill: Key of the bill, where there is one.
        off_fen: Of a bill, what the hospital took off; it never moved, and does not go back.
    """

    source: Source
    pk: int
    item: ItemKind
    number: str
    amount_fen: int
    first_day: date
    last_day: date
    channel_ref: str = ""
    refund_number: str = ""
    hospital_ref: str = ""
    other_number: str = ""
    is_there: bool = True
    is_open: bool = False
    bill: int | None = None
    off_fen: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement that counts."""

    pk: int
    day: date
    place: int
    item: ItemKind
    number: str
    amount_fen: int
    channel_ref: str = ""
    refund_number: str = ""
    refund_ref: str = ""
    bill_number: str = ""
    fee_fen: int = 0
    is_final: bool = True

    @property
    def identity(self) -> tuple[str, ...]:
        """What is the same in a line that stands twice; empty where nothing tells refunds apart."""
        if self.item is ItemKind.REFUND and not (self.refund_number or self.refund_ref):
            return ()
        return (self.item, self.number, self.channel_ref, self.refund_number, self.refund_ref)


@dataclass(frozen=True, slots=True)
class Found:
    """One difference.

    Attributes:
        key: The same for the same thing in every run.
    """

    kind: DifferenceKind
    item: ItemKind
    key: str
    ours: Ours | None = None
    line: Line | None = None
    ours_fen: int | None = None
    theirs_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """One thing that a hospital's own system booked.

    Attributes:
        bill_number: Our number of the bill, or the hospital's.
        payment, refund: Our numbers, where the hospital knows them.
        receipt, refund_ref: The hospital's.
    """

    kind: ItemKind
    bill_number: str
    amount_fen: int
    at: datetime
    payment: str = ""
    receipt: str = ""
    refund: str = ""
    refund_ref: str = ""
