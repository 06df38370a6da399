"""Pages of check-in and queues."""

from django.urls import path

from appointments.views import call_desk, medicines, screens, waiting

urlpatterns = [
    path("queue/", waiting.waiting, name="waiting"),
    path("queue/<pid:ticket_id>/", waiting.ticket, name="waiting-ticket"),
    path("queue/<pid:ticket_id>/leave/", waiting.leave, name="waiting-leave"),
    path("appointments/<pid:booking_id>/check-in/", waiting.check_in_page, name="check-in"),
    path("window/queues/", call_desk.overview, name="desk-queues"),
    path("window/queues/<pid:queue_id>/", call_desk.console, name="desk-queue"),
    path("window/check-in/", call_desk.scan, name="desk-scan"),
    path("window/check-in/<pid:seen_id>/", call_desk.person, name="desk-person"),
    path("medicines/", medicines.overview, name="medicines"),
    path("medicines/<pid:medicine_id>/check-in/", medicines.check_in, name="medicine-check-in"),
    path("window/pharmacy/", medicines.pharmacy, name="pharmacy"),
    path("window/pharmacy/<pid:seen_id>/", medicines.person, name="pharmacy-person"),
    path("screen/<pid:key>/", screens.screen, name="call-screen"),
]
