"""Schedules, places, bookings, check-in, queues and examinations."""

from django.apps import AppConfig

from mpi import bearing


class AppointmentsConfig(AppConfig):
    """From looking for a doctor to being called."""

    name = "appointments"
    label = "appointments"
    verbose_name = "预约与候诊"

    def ready(self) -> None:
        """Name this room's tables that say something of a person."""
        bearing.register("appointments.Booking", "person")
        bearing.register("appointments.Ticket", "person")
        bearing.register("appointments.Medicine", "person")
        bearing.register("appointments.ExamOrder", "person")
