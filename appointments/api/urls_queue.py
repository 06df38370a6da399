"""Routes of the resident API about check-in and queues."""

from django.urls import path

from appointments.api import queue_resident as queue

urlpatterns = [
    path("queue", queue.Queueing.as_view(), name="api-queueing"),
    path("queue/<pid:ticket_id>", queue.OneTicket.as_view(), name="api-ticket"),
    path("queue/<pid:ticket_id>/leave", queue.Leaving.as_view(), name="api-ticket-leave"),
    path("medicines", queue.Medicines.as_view(), name="api-medicines"),
    path(
        "medicines/<pid:medicine_id>/check-in", queue.MedicineCheckIn.as_view(), name="api-medicine-check-in"
    ),
    path("appointments/<pid:booking_id>/check-in", queue.CheckIn.as_view(), name="api-check-in"),
]
