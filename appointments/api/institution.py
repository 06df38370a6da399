"""The native institution API about bookings; signed calls only."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.api import schemas_institution as schemas
from appointments.errors import SlotUnknown
from appointments.models import Booking, Slot
from appointments.selectors.reach import patient_of, reach
from appointments.selectors.risk import risk_of
from appointments.services.hospital import book_by_hospital
from appointments.services.leaving import cancel_booking
from appointments.types import Patient
from cards.api.schemas_institution import Problem
from cards.api.signed import KEY_HEADER, PROBLEMS, SignedView, caller_of, valid
from cards.services import visits
from cards.services.by_institution import bound_card, card_of_patient
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.errors import InvalidInput, NotFound
from foundation.gateway.caller import Caller, actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent
from foundation.gateway.scopes import APPOINTMENT_CHECK, APPOINTMENT_WRITE
from institutions import selectors as institutions
from mpi import selectors as mpi

_RESPONSES = {404: Problem, 409: Problem, **PROBLEMS}


class HospitalBookings(SignedView):
    """Places that the institution gives itself."""

    permission_classes = [RequireScope(APPOINTMENT_WRITE)]

    @extend_schema(
        operation_id="bookByHospital",
        parameters=[KEY_HEADER],
        request=schemas.HospitalBookingRequest,
        responses={201: schemas.HospitalBooking, **_RESPONSES},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Take the place that your own window has given, so that nobody gets the number here."""
        data = valid(schemas.HospitalBookingRequest, request)
        caller = caller_of(request)
        slot = Slot.objects.filter(
            schedule__institution__public_id=caller.institution,
            schedule__code=data["schedule_code"],
            starts_at=data["starts_at"],
        ).first()
        if slot is None:
            raise SlotUnknown
        made = book_by_hospital(
            slot=slot.public_id,
            patient=_patient(data, caller),
            hospital_ref=data["booking_no"],
            number=data.get("number"),
            actor=actor_of_caller(caller),
        )
        return Response(_answer(made.booking_id, caller), status=201)


class OneHospitalBooking(SignedView):
    """One booking."""

    permission_classes = [RequireScope(APPOINTMENT_WRITE)]

    @extend_schema(
        operation_id="readHospitalBooking",
        responses={200: schemas.HospitalBooking, **_RESPONSES},
        tags=["institution"],
    )
    def get(self, request: Request, booking_id: str) -> Response:
        """How it stands; for whoever was told of it by a message of the platform."""
        return Response(_answer(booking_id, caller_of(request)), headers={"Cache-Control": "no-store"})


class HospitalCancellation(SignedView):
    """The end of a booking, by the institution."""

    permission_classes = [RequireScope(APPOINTMENT_WRITE)]

    @extend_schema(
        operation_id="cancelHospitalBooking",
        parameters=[KEY_HEADER],
        request=schemas.HospitalCancellation,
        responses={200: schemas.HospitalBooking, **_RESPONSES},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, booking_id: str) -> Response:
        """Cancel a booking of yours; its holder is told, and a fee that was paid goes back."""
        data = valid(schemas.HospitalCancellation, request)
        caller = caller_of(request)
        cancel_booking(booking=booking_id, reason=data["reason"], actor=actor_of_caller(caller))
        return Response(_answer(booking_id, caller))


class BookingRisk(SignedView):
    """The risk of a booking."""

    permission_classes = [RequireScope(APPOINTMENT_CHECK)]

    @extend_schema(
        operation_id="checkBookingRisk",
        request=schemas.RiskRequest,
        responses={200: schemas.RiskAnswer, **_RESPONSES},
        tags=["institution"],
    )
    def post(self, request: Request) -> Response:
        """Whether a patient of yours books too often today, here and at other institutions.

        Each call counts as one wish to book.
        """
        data = valid(schemas.RiskRequest, request)
        caller = caller_of(request)
        card = _card(data, caller)
        pk = institutions.institution_pk(caller.institution)
        if pk is None:
            raise NotFound
        counted = visits.count_appointment(
            card_id=card.public_id, user=data.get("user", ""), address=data.get("client_ip", "")
        )
        risk = max(counted, risk_of(mpi.cluster(card.person_id), institution_pk=pk))
        audit.record(
            Action.APPOINTMENT_RISK_ASKED,
            actor=actor_of_caller(caller),
            subject=card,
            details={"level": int(risk)},
        )
        return Response({"may_book": risk is not visits.Risk.OVER, "level": int(risk)})


def _card(data: dict[str, Any], caller: Caller) -> Any:
    if ("health_card_id" in data) == ("patient_id" in data):
        raise InvalidInput(field="health_card_id")
    actor = actor_of_caller(caller)
    if "patient_id" in data:
        return card_of_patient(patient_id=data["patient_id"], actor=actor)
    return bound_card(card_id=data["health_card_id"], actor=actor)


def _patient(data: dict[str, Any], caller: Caller) -> Patient:
    pk = mpi.survivor(_card(data, caller).person_id)
    return patient_of(pk, mpi.public_id_of(pk))


def _answer(booking_id: str, caller: Caller) -> dict[str, Any]:
    row: Booking = reach(booking_id, actor_of_caller(caller))
    return {
        "id": row.public_id,
        "booking_no": row.hospital_ref,
        "patient_id": mpi.local_id_of(row.person_id, caller.institution),
        "schedule_code": row.schedule.code,
        "starts_at": row.slot.starts_at,
        "number": row.number,
        "state": row.state,
        "channel": row.channel,
        "fee_fen": row.fee_fen,
        "is_paid_here": bool(row.bill) and row.booked_at is not None,
        "created_at": row.created_at,
    }
