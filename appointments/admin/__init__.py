"""Admin pages of this room."""

from appointments.admin import booking_rules, bookings, exams, queues, schedules

__all__ = ["booking_rules", "bookings", "exams", "queues", "schedules"]
