"""Schedules with their places, the rules of their release, bookings, examinations, queues, and medicines."""

from appointments.models.booking import Booking, ReturnedPlace
from appointments.models.exam import ExamItem, ExamOrder, ExamRule
from appointments.models.pharmacy import Medicine
from appointments.models.queue import CallScreen, CheckInRule, Queue, ServiceSample, Ticket
from appointments.models.rule import BookingRule
from appointments.models.schedule import Schedule, Slot

__all__ = [
    "Booking",
    "BookingRule",
    "CallScreen",
    "CheckInRule",
    "ExamItem",
    "ExamOrder",
    "ExamRule",
    "Medicine",
    "Queue",
    "ReturnedPlace",
    "Schedule",
    "ServiceSample",
    "Slot",
    "Ticket",
]
