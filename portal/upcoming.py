"""What is next for a resident: called, waiting, to confirm, to answer, to pay, to come, to read.

Each room says what it has; here it is put in the order in which it presses.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from appointments import words
from appointments.rules import BookingState
from appointments.selectors import queues
from appointments.selectors.bookings import BookingView, coming_of
from appointments.selectors.queues import ShownTicket
from foundation.core import clock
from notifications.selectors import unread_of_kinds
from payments.selectors import resident as bills
from payments.selectors.resident import ShownBill

MOST = 5
MOST_OF_A_KIND = 2
# What a hospital has for somebody, until they have opened the message about it.
_UNREAD = ("access.asked", "medicine.ready", "report.published", "report.amended")


@dataclass(frozen=True, slots=True)
class Next:
    """One thing to do or to come.

    Attributes:
        status: A word beside it, in the tone of ``kind``.
    """

    title: str
    detail: str = field(repr=False)
    href: str
    icon: str
    status: str = ""
    kind: str = "neutral"


def next_of(*, account_pk: int, account_id: str) -> list[Next]:
    """What an account should see first, the most pressing before the others."""
    tickets = [ticket for ticket in queues.tickets_of(account_pk) if ticket.is_waiting or ticket.is_called]
    coming = coming_of(account_pk)
    held = [booking for booking in coming if booking.state == BookingState.HELD]
    # Whoever is checked in sees the place in the queue instead.
    booked = [booking for booking in coming if booking.state == BookingState.BOOKED]
    soon = clock.now() + timedelta(days=1)
    groups: Sequence[Iterable[Next]] = (
        (_ticket(ticket) for ticket in tickets if ticket.is_called),
        (_ticket(ticket) for ticket in tickets if ticket.is_waiting),
        map(_held, held),
        (_booked(booking) for booking in booked if booking.band.starts_at <= soon),
        _unread(account_id),
        map(_bill, bills.open_bills(account_pk=account_pk)),
        (_booked(booking) for booking in booked if booking.band.starts_at > soon),
    )
    return [found for group in groups for found in list(group)[:MOST_OF_A_KIND]][:MOST]


def _ticket(ticket: ShownTicket) -> Next:
    href = reverse("waiting-ticket", args=[ticket.ticket])
    where = _joined(ticket.name, ticket.institution, ticket.department)
    if ticket.is_called:
        return Next(
            _("请到%(place)s") % {"place": ticket.place},
            where,
            href,
            "hospital",
            ticket.state_label,
            "danger",
        )
    ahead = "" if ticket.ahead is None else _("前面 %(count)s 人") % {"count": ticket.ahead}
    return Next(_("%(code)s 号，正在排队") % {"code": ticket.code}, where, href, "clock", ahead, "waiting")


def _held(booking: BookingView) -> Next:
    until = words.moment(booking.held_until) if booking.held_until else ""
    title = _("请在 %(time)s 前支付") if booking.bill else _("请在 %(time)s 前确认")
    href = reverse("bill", args=[booking.bill]) if booking.bill else reverse("appointment", args=[booking.id])
    return Next(title % {"time": until}, booking.detail, href, "clock", booking.state_label, "waiting")


def _booked(booking: BookingView) -> Next:
    return Next(
        booking.band.when,
        booking.detail,
        reverse("appointment", args=[booking.id]),
        "calendar",
        booking.state_label,
        booking.state_kind,
    )


def _unread(account_id: str) -> Iterable[Next]:
    for message in unread_of_kinds(account_id, _UNREAD, limit=MOST_OF_A_KIND):
        yield Next(
            message.title,
            _joined(message.who, message.institution),
            reverse("message", args=[message.id]),
            message.icon,
            _("新"),
            "brand",
        )


def _bill(bill: ShownBill) -> Next:
    return Next(
        _("待支付 ¥%(amount)s") % {"amount": bill.due_yuan},
        bill.title,
        reverse("bill", args=[bill.bill_id]),
        "document",
        bill.state_label,
        bill.state_kind,
    )


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
