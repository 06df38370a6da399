"""Pages of appointments."""

from django.urls import path

from appointments.views import booking, exams, mine, search, window_booking

urlpatterns = [
    path("hospitals/", search.hospitals, name="hospitals"),
    path("hospitals/<pid:public_id>/", search.hospital, name="hospital"),
    path("departments/<pid:public_id>/", search.department, name="department"),
    path("doctors/<pid:public_id>/", search.doctor, name="doctor"),
    path("schedules/<pid:public_id>/", search.schedule, name="schedule"),
    path("exams/", exams.exams, name="exams"),
    path("exams/<pid:order_id>/", exams.plan, name="exam-plan"),
    path("appointments/", mine.appointments, name="appointments"),
    path("appointments/new/<pid:slot_id>/", booking.new, name="appointment-new"),
    path("appointments/<pid:booking_id>/", mine.appointment, name="appointment"),
    path("appointments/<pid:booking_id>/confirm/", mine.confirm, name="appointment-confirm"),
    path("appointments/<pid:booking_id>/cancel/", mine.cancel, name="appointment-cancel"),
    path("appointments/<pid:booking_id>/change/", mine.change, name="appointment-change"),
    path("window/appointments/", window_booking.desk, name="window-booking"),
    path("window/appointments/times/", window_booking.times, name="window-booking-times"),
    path("window/appointments/<pid:booking_id>/", window_booking.done, name="window-booking-done"),
]
