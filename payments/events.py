"""What this room tells the others: ids and codes only."""

from dataclasses import dataclass
from typing import ClassVar

from foundation.events.services import Event


@dataclass(frozen=True)
class _OfBill:
    """What every event of a bill says.

    Attributes:
        subject_type: What is paid for, ``appointments.Booking`` for example.
        subject_id: Its public id.
    """

    bill_id: str
    person_id: str
    institution: str
    subject_type: str
    subject_id: str


@dataclass(frozen=True)
class BillOpened(_OfBill, Event):
    """A person owes something."""

    topic: ClassVar[str] = "bill.opened.v1"


@dataclass(frozen=True)
class BillPaid(_OfBill, Event):
    """What was owed has been paid in full."""

    topic: ClassVar[str] = "bill.paid.v1"


@dataclass(frozen=True)
class BillExpired(_OfBill, Event):
    """Nobody paid in time."""

    topic: ClassVar[str] = "bill.expired.v1"


@dataclass(frozen=True)
class BillCancelled(_OfBill, Event):
    """What was to be paid for is gone, and nothing had been paid."""

    topic: ClassVar[str] = "bill.cancelled.v1"


@dataclass(frozen=True)
class RefundDue(_OfBill, Event):
    """Money is owed back to whoever paid; cash waits at the window.

    Attributes:
        reason: One of ``rules.RefundReason``.
    """

    topic: ClassVar[str] = "bill.refund_due.v1"
    reason: str = ""


@dataclass(frozen=True)
class BillRefunded(_OfBill, Event):
    """Money went back, all of it or a part.

    Attributes:
        within: Which part of a settlement it is, where no money of a channel or a till had paid it.
    """

    topic: ClassVar[str] = "bill.refunded.v1"
    within: str = ""


@dataclass(frozen=True)
class InsuranceReturned(_OfBill, Event):
    """An insurance gave back all that it had paid of a bill."""

    topic: ClassVar[str] = "bill.insurance_returned.v1"


@dataclass(frozen=True)
class RefundFailed(_OfBill, Event):
    """A channel could not give money back; staff look at it."""

    topic: ClassVar[str] = "bill.refund_failed.v1"


@dataclass(frozen=True)
class PostingAwaited(_OfBill, Event):
    """A bill of a hospital is paid, and the hospital has not said that it posted the money."""

    topic: ClassVar[str] = "bill.unconfirmed.v1"


@dataclass(frozen=True)
class BillReturned(_OfBill, Event):
    """The hospital did not post what was paid, and all of it goes back.

    Attributes:
        cause: ``refused``, ``silent`` or ``staff``.
    """

    topic: ClassVar[str] = "bill.returned.v1"
    cause: str = ""


@dataclass(frozen=True)
class ChannelUnhealthy(Event):
    """A channel is in trouble: ``success``, ``unanswered``, ``notices``, ``balance`` or ``refunds``."""

    topic: ClassVar[str] = "pay_channel.unhealthy.v1"

    channel_id: str
    institution: str
    trouble: str


@dataclass(frozen=True)
class BillInvoiced(_OfBill, Event):
    """The hospital issued an electronic invoice."""

    topic: ClassVar[str] = "bill.invoiced.v1"


@dataclass(frozen=True)
class InvoiceReversed(_OfBill, Event):
    """An electronic invoice was taken back by a red-letter one."""

    topic: ClassVar[str] = "bill.invoice_reversed.v1"
