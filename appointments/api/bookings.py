"""The resident API about bookings."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments import booked_by
from appointments.api import schemas_bookings as schemas
from appointments.selectors import bookings
from appointments.selectors.bookings import BandView, BookingView, PatientView
from appointments.selectors.reach import patient_for
from appointments.services import bookings as services
from appointments.services.leaving import cancel_booking, change_booking
from cards.api.apps import ResidentView
from foundation.accounts import selectors as accounts

_NO_STORE = {"Cache-Control": "no-store"}


class Patients(ResidentView):
    """For whom the account may book."""

    @extend_schema(operation_id="listPatients", responses={200: schemas.Patients}, tags=["appointments"])
    def get(self, request: Request) -> Response:
        """Everybody for whom the account may book, itself first."""
        found = bookings.patients_of(accounts.account_of(request._request).pk)
        return Response({"patients": [patient_answer(each) for each in found]}, headers=_NO_STORE)


class Bookings(ResidentView):
    """The bookings of everybody for whom the account acts."""

    @extend_schema(
        operation_id="listAppointments",
        parameters=[OpenApiParameter("cursor", str, description="`next_cursor` of the page before.")],
        responses={200: schemas.Bookings},
        tags=["appointments"],
    )
    def get(self, request: Request) -> Response:
        """What is to come, soonest first, and what was, the latest first."""
        page = bookings.bookings_of(
            accounts.account_of(request._request).pk, cursor=str(request.query_params.get("cursor", ""))
        )
        answer = {
            "coming": [booking_answer(each) for each in page.coming],
            "past": [booking_answer(each) for each in page.past],
            "next_cursor": page.next_cursor,
        }
        return Response(answer, headers=_NO_STORE)

    @extend_schema(
        operation_id="bookAppointment",
        request=schemas.BookingRequest,
        responses={201: schemas.MadeBookings},
        tags=["appointments"],
    )
    def post(self, request: Request) -> Response:
        """Book a band for one person or several, all or none; a fee is due before it is booked."""
        data = schemas.BookingRequest(data=request.data)
        data.is_valid(raise_exception=True)
        account = accounts.account_of(request._request)
        made = services.book_together(
            choices=[
                (data.validated_data["slot"], patient_for(account.pk, person_id))
                for person_id in dict.fromkeys(data.validated_data["persons"])
            ],
            by=booked_by.application(request._request, self.channel),
            only_hold=data.validated_data["hold"],
            actor=accounts.actor_of(request._request),
        )
        found = [booking_answer(bookings.booking_of(account.pk, each.booking_id)) for each in made]
        return Response({"bookings": found}, status=201, headers=_NO_STORE)


class OneBooking(ResidentView):
    """One booking."""

    @extend_schema(operation_id="readAppointment", responses={200: schemas.Booking}, tags=["appointments"])
    def get(self, request: Request, booking_id: str) -> Response:
        """How it stands, and what can be done with it."""
        return _answer(request, booking_id)


class Confirmation(ResidentView):
    """A place that was held."""

    @extend_schema(
        operation_id="confirmAppointment",
        request=None,
        responses={200: schemas.Booking},
        tags=["appointments"],
    )
    def post(self, request: Request, booking_id: str) -> Response:
        """Book what was held; with a fee, open the bill that is to be paid in time."""
        services.confirm_booking(booking=booking_id, actor=accounts.actor_of(request._request))
        return _answer(request, booking_id)


class Cancellation(ResidentView):
    """The end of a booking."""

    @extend_schema(
        operation_id="cancelAppointment",
        request=None,
        responses={200: schemas.Booking},
        tags=["appointments"],
    )
    def post(self, request: Request, booking_id: str) -> Response:
        """Cancel it; the place is not kept for anybody."""
        cancel_booking(booking=booking_id, actor=accounts.actor_of(request._request))
        return _answer(request, booking_id)


class Alternatives(ResidentView):
    """To which times a booking can be changed."""

    @extend_schema(
        operation_id="listAppointmentAlternatives",
        responses={200: schemas.Bands},
        tags=["appointments"],
    )
    def get(self, request: Request, booking_id: str) -> Response:
        """Bands of the same department and fee with a free place, the nearest in time."""
        shown = bookings.booking_of(accounts.account_of(request._request).pk, booking_id)
        found = bookings.alternatives(shown.band, same_fee=True)
        return Response({"bands": [band_answer(each) for each in found]}, headers=_NO_STORE)


class Change(ResidentView):
    """Another time instead."""

    @extend_schema(
        operation_id="changeAppointment",
        request=schemas.ChangeRequest,
        responses={200: schemas.Booking},
        tags=["appointments"],
    )
    def post(self, request: Request, booking_id: str) -> Response:
        """Take the other place and give this one back; without the other one this one stays."""
        data = schemas.ChangeRequest(data=request.data)
        data.is_valid(raise_exception=True)
        made = change_booking(
            booking=booking_id,
            slot=data.validated_data["slot"],
            actor=accounts.actor_of(request._request),
        )
        return _answer(request, made.booking_id)


def patient_answer(patient: PatientView) -> dict[str, Any]:
    """A patient as the account that acts for them reads it."""
    return {"person_id": patient.person_id, "relation": patient.relation, "name": patient.name}


def band_answer(band: BandView) -> dict[str, Any]:
    """A band of time."""
    told = asdict(band)
    told["slot"], told["schedule"] = told.pop("slot_id"), told.pop("schedule_id")
    return {str(name): told[str(name)] for name in schemas.Band().fields}


def booking_answer(booking: BookingView) -> dict[str, Any]:
    """A booking as whoever acts for its person reads it."""
    return {
        "id": booking.id,
        "patient": patient_answer(booking.patient),
        "band": band_answer(booking.band),
        "number": booking.number,
        "state": booking.state,
        "end_reason": booking.end_reason,
        "stop_reason": booking.stop_reason,
        "substitute": booking.substitute,
        "bill": booking.bill,
        "held_until": booking.held_until,
        "cancel_until": booking.band.cancel_until,
        "may_confirm": booking.may_confirm,
        "may_cancel": booking.may_cancel,
        "may_change": booking.may_change,
        "moved_to": booking.moved_to,
        "created_at": booking.created_at,
    }


def _answer(request: Request, booking_id: str) -> Response:
    account = accounts.account_of(request._request)
    return Response(booking_answer(bookings.booking_of(account.pk, booking_id)), headers=_NO_STORE)
