"""Reactions to what happens on the way to a doctor: bookings, queues, bills, medicines."""

from collections.abc import Sequence
from dataclasses import replace

from appointments.selectors.times import times_of
from foundation.core import clock
from foundation.events.services import Message
from foundation.events.wiring import takes_many
from notifications.handlers.telling import news_of, payers, tell, visitors
from notifications.kinds import AT
from notifications.services import reminders

# What happens to the bill for a booking is told with the booking.
BOOKING = "appointments.Booking"
TOLD_WITH_BOOKING = frozenset({"bill.opened", "bill.paid", "bill.cancelled", "bill.expired"})
# Who tops a balance up begins it on a page, and is told when the money is there.
TOP_UP = "prepaid.deposit"
TOLD_ON_THE_PAGE = frozenset({"bill.opened", "bill.cancelled", "bill.expired"})
# At which places a push about a queue is worth it.
THRESHOLDS = frozenset({5, 3, 1})


def on_booked(message: Message) -> None:
    """Say that the booking stands, and write down when to remind."""
    said = message.payload
    booking, starts_at = str(said["booking_id"]), str(said["starts_at"])
    _remind(message)
    tell([news_of(message, "appointment.booked", booking=booking, **{AT: starts_at})], visitors)


def on_moved(message: Message) -> None:
    """Say the new time; remind of that one and of the old one no more."""
    said = message.payload
    reminders.cancel_reminders(booking=str(said["moved_from"]))
    _remind(message)
    told = news_of(
        message, "appointment.moved", booking=str(said["booking_id"]), **{AT: str(said["starts_at"])}
    )
    tell([told], visitors)


def on_ended(message: Message) -> None:
    """Say that a booking was cancelled, ran out or was missed."""
    booking = str(message.payload["booking_id"])
    reminders.cancel_reminders(booking=booking)
    tell([news_of(message, message.topic.removesuffix(".v1"), booking=booking)], visitors)


def on_arrived(message: Message) -> None:
    """Who is there needs no reminder."""
    reminders.cancel_reminders(booking=str(message.payload["booking_id"]))


@takes_many
def on_stopped(messages: Sequence[Message]) -> None:
    """Say that the clinic is not held; at once, whatever the hour, where it is today's."""
    bookings = [str(message.payload["booking_id"]) for message in messages]
    times = times_of(bookings)
    today = clock.beijing(clock.now()).date()
    news = []
    for message, booking in zip(messages, bookings, strict=True):
        one = news_of(message, "appointment.stopped", booking=booking)
        if booking in times:
            starts_at = times[booking].starts_at
            one = replace(
                one,
                params={**one.params, AT: starts_at.isoformat()},
                is_urgent=clock.beijing(starts_at).date() == today,
            )
        news.append(one)
    reminders.cancel_many(bookings=bookings)
    tell(news, visitors)


def on_queue_near(message: Message) -> None:
    """Say that few are ahead; a later number takes the place of an earlier push that still waits."""
    ticket, ahead = str(message.payload["ticket_id"]), int(message.payload["ahead"])
    if ahead in THRESHOLDS:
        _of_queue(message, "queue.near", ticket, f"{ticket}:{ahead}", ahead=str(ahead))


def on_queue_called(message: Message) -> None:
    """Say where to go now."""
    ticket, place = str(message.payload["ticket_id"]), str(message.payload["place"])
    _of_queue(message, "queue.called", ticket, message.id, place=place)


def on_queue_passed(message: Message) -> None:
    """Say that the turn has passed."""
    _of_queue(message, "queue.passed", str(message.payload["ticket_id"]), message.id)


def on_bill(message: Message) -> None:
    """Say that something is owed, was paid, is owed no more or went back."""
    said = message.payload
    kind = message.topic.removesuffix(".v1")
    if said["subject_type"] == BOOKING and kind in TOLD_WITH_BOOKING:
        return
    if kind == "bill.refund_due" and said.get("reason") == "unposted":
        kind = "bill.unposted"
    if kind == "bill.refunded" and said.get("within"):
        return  # what an insurance gives back is told as a whole, and what was taken off nobody had paid
    if said["subject_type"] == TOP_UP and kind in TOLD_ON_THE_PAGE:
        return
    tell([news_of(message, kind, bill=str(said["bill_id"]))], payers)


def on_exam(message: Message) -> None:
    """Say that an examination waits to be booked, has its time, comes soon or is not done."""
    said = message.payload
    when = {AT: str(said["starts_at"])} if "starts_at" in said else {}
    tell([news_of(message, message.topic.removesuffix(".v1"), **when)], visitors)


def on_medicine(message: Message) -> None:
    """Say that medicines are ready, or that somebody has taken them."""
    kind = message.topic.removesuffix(".v1")
    tell([news_of(message, kind, medicine=str(message.payload["medicine_id"]))], visitors)


def _of_queue(message: Message, kind: str, ticket: str, key: str, **params: str) -> None:
    told = news_of(message, kind, ticket=ticket, **params)
    tell([replace(told, key=key, group=f"queue:{ticket}")], visitors)


def _remind(message: Message) -> None:
    said = message.payload
    reminders.plan_reminders(
        booking=str(said["booking_id"]),
        person_id=str(said["person_id"]),
        institution=str(said["institution"]),
        starts_at=str(said["starts_at"]),
    )
