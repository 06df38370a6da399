"""Routes of the resident API about appointments."""

from django.urls import path

from appointments.api import bookings, exams, search

urlpatterns = [
    path("hospitals", search.Hospitals.as_view(), name="api-hospitals"),
    path("hospitals/find", search.Find.as_view(), name="api-hospitals-find"),
    path("hospitals/<pid:public_id>", search.OneHospital.as_view(), name="api-hospital"),
    path("departments/<pid:public_id>", search.OneDepartment.as_view(), name="api-department"),
    path("doctors/<pid:public_id>", search.OneDoctor.as_view(), name="api-doctor"),
    path("schedules/<pid:public_id>", search.OneSchedule.as_view(), name="api-schedule"),
    path("exams", exams.Exams.as_view(), name="api-exams"),
    path("exams/bookings", exams.ExamBookings.as_view(), name="api-exam-bookings"),
    path("exams/<pid:order_id>/plan", exams.Plan.as_view(), name="api-exam-plan"),
    path("appointments", bookings.Bookings.as_view(), name="api-appointments"),
    path("appointments/patients", bookings.Patients.as_view(), name="api-appointment-patients"),
    path("appointments/<pid:booking_id>", bookings.OneBooking.as_view(), name="api-appointment"),
    path(
        "appointments/<pid:booking_id>/confirm",
        bookings.Confirmation.as_view(),
        name="api-appointment-confirm",
    ),
    path(
        "appointments/<pid:booking_id>/cancel", bookings.Cancellation.as_view(), name="api-appointment-cancel"
    ),
    path(
        "appointments/<pid:booking_id>/alternatives",
        bookings.Alternatives.as_view(),
        name="api-appointment-alternatives",
    ),
    path("appointments/<pid:booking_id>/change", bookings.Change.as_view(), name="api-appointment-change"),
]
