"""Routes of the native institution API about appointments."""

from django.urls import path

from appointments.api import institution, queue_institution

urlpatterns = [
    path("appointments", institution.HospitalBookings.as_view(), name="api-hospital-bookings"),
    path("appointments/risk", institution.BookingRisk.as_view(), name="api-booking-risk"),
    path(
        "appointments/<pid:booking_id>", institution.OneHospitalBooking.as_view(), name="api-hospital-booking"
    ),
    path(
        "appointments/<pid:booking_id>/cancel",
        institution.HospitalCancellation.as_view(),
        name="api-hospital-booking-cancel",
    ),
    path("check-ins", queue_institution.CheckIns.as_view(), name="institution-check-ins"),
]
