"""What institutions can be told: the types of messages, each with what it says and to whom.

A message says ids and codes only; the institution reads the rest under its own client's scopes.
Each type names how an event of ours finds the institutions that it concerns: no other one is told.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

Payload = Mapping[str, Any]


def named_institution(payload: Payload) -> Collection[str]:
    """The institution that the event names as its own."""
    institution = str(payload.get("institution", ""))
    return [institution] if institution else []


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageType:
    """A type of message to institutions.

    Attributes:
        name: As institutions know it.
        topic: Of the event of ours that causes it.
        meaning: One sentence in English for the page of events.
        fields: What of the event is passed on; never who the resident is.
        institutions: Public ids of those whom the event concerns.
    """

    name: str
    topic: str
    meaning: str
    fields: tuple[str, ...]
    institutions: Callable[[Payload], Collection[str]] = named_institution


_ALL = (
    MessageType(
        name="appointment.booked",
        topic="appointment.booked.v1",
        meaning="A place was booked.",
        fields=("booking_id", "schedule_id", "starts_at"),
    ),
    MessageType(
        name="appointment.moved",
        topic="appointment.moved.v1",
        meaning="A booking took the place of another one, which is over.",
        fields=("booking_id", "moved_from", "schedule_id", "starts_at"),
    ),
    MessageType(
        name="appointment.cancelled",
        topic="appointment.cancelled.v1",
        meaning="A booking was cancelled.",
        fields=("booking_id", "reason"),
    ),
    MessageType(
        name="appointment.stopped",
        topic="appointment.stopped.v1",
        meaning="A booking ended because its session is not held.",
        fields=("booking_id", "schedule_id", "substitute"),
    ),
    MessageType(
        name="appointment.arrived",
        topic="appointment.arrived.v1",
        meaning="Whoever booked has checked in.",
        fields=("booking_id", "schedule_id"),
    ),
    MessageType(
        name="appointment.missed",
        topic="appointment.missed.v1",
        meaning="The session is over, and whoever booked did not come.",
        fields=("booking_id", "schedule_id"),
    ),
    MessageType(
        name="access.granted",
        topic="access.granted.v1",
        meaning="A resident lets doctors of the institution read their records.",
        fields=("grant_id",),
    ),
    MessageType(
        name="access.revoked",
        topic="access.revoked.v1",
        meaning="What a resident had let doctors of the institution read is shut again.",
        fields=("grant_id",),
    ),
    MessageType(
        name="record.opened",
        topic="record.opened.v1",
        meaning="A doctor of the institution began to read by a resident's grant.",
        fields=("access_id",),
    ),
    MessageType(
        name="emergency.opened",
        topic="emergency.opened.v1",
        meaning="A doctor of the institution opened records in an emergency; it will be reviewed.",
        fields=("opening_id",),
    ),
    MessageType(
        name="bill.paid",
        topic="bill.paid.v1",
        meaning="What was owed is paid in full; `subject_id` is the bill_no of a hospital's charge.",
        fields=("bill_id", "subject_type", "subject_id"),
    ),
    MessageType(
        name="bill.cancelled",
        topic="bill.cancelled.v1",
        meaning="What was to be paid for is gone, and nothing had been paid.",
        fields=("bill_id", "subject_type", "subject_id"),
    ),
    MessageType(
        name="bill.expired",
        topic="bill.expired.v1",
        meaning="Nobody paid in time.",
        fields=("bill_id", "subject_type", "subject_id"),
    ),
    MessageType(
        name="bill.unconfirmed",
        topic="bill.unconfirmed.v1",
        meaning="A bill is paid, and you have not said that you booked it; in the end the money goes back.",
        fields=("bill_id", "subject_type", "subject_id"),
    ),
    MessageType(
        name="bill.returned",
        topic="bill.returned.v1",
        meaning="You did not book what was paid, and all of it goes back: hold nothing of it.",
        fields=("bill_id", "subject_type", "subject_id", "cause"),
    ),
    MessageType(
        name="bill.refund_due",
        topic="bill.refund_due.v1",
        meaning="Money is owed back to whoever paid, for this reason.",
        fields=("bill_id", "subject_type", "subject_id", "reason"),
    ),
    MessageType(
        name="bill.refunded",
        topic="bill.refunded.v1",
        meaning="Money went back, all of it or a part.",
        fields=("bill_id", "subject_type", "subject_id"),
    ),
    MessageType(
        name="bill.refund_failed",
        topic="bill.refund_failed.v1",
        meaning="A channel could not give money back; the centre's staff look at it.",
        fields=("bill_id", "subject_type", "subject_id"),
    ),
    MessageType(
        name="medicine.ready",
        topic="medicine.ready.v1",
        meaning="The pharmacy has put medicines together.",
        fields=("medicine_id",),
    ),
    MessageType(
        name="medicine.collected",
        topic="medicine.collected.v1",
        meaning="Medicines were handed out.",
        fields=("medicine_id",),
    ),
    MessageType(
        name="queue.joined",
        topic="queue.joined.v1",
        meaning="Somebody has checked in, and waits.",
        fields=("ticket_id", "queue_id"),
    ),
    MessageType(
        name="queue.called",
        topic="queue.called.v1",
        meaning="Somebody is called to a room or a window; again if they were called before.",
        fields=("ticket_id", "place"),
    ),
    MessageType(
        name="queue.passed",
        topic="queue.passed.v1",
        meaning="Whoever was called did not come; `is_out` where they do not wait any more.",
        fields=("ticket_id", "is_out"),
    ),
    MessageType(
        name="queue.served",
        topic="queue.served.v1",
        meaning="Somebody's turn is over.",
        fields=("ticket_id",),
    ),
    MessageType(
        name="schedule.stopped",
        topic="schedule.stopped.v1",
        meaning="A session, or a band of it, is not held.",
        fields=("schedule_id", "reason"),
    ),
)

# Asked for by nobody: staff send it from the console to try an address.
TEST = "webhook.test"

TYPES: Mapping[str, MessageType] = {kind.name: kind for kind in _ALL}
BY_TOPIC: Mapping[str, MessageType] = {kind.topic: kind for kind in _ALL}
