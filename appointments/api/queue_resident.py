"""The resident API about check-in and queues."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.api import schemas_queue as schemas
from appointments.selectors import check_in as visits
from appointments.selectors import medicines, queues
from appointments.services import check_in
from appointments.services.medicines import check_in_for_medicine
from appointments.services.queues import leave_queue
from cards.api.apps import APP_HEADER, ResidentView
from foundation.accounts import selectors as accounts

_NO_STORE = {"Cache-Control": "no-store"}


class Queueing(ResidentView):
    """Today at the hospital."""

    @extend_schema(
        operation_id="readQueueing",
        parameters=[APP_HEADER],
        responses={200: schemas.Queueing},
        tags=["appointments"],
    )
    def get(self, request: Request) -> Response:
        """Everybody's places of today, and what waits for its check-in; estimates are in `queue/{id}`."""
        account_pk = accounts.account_of(request._request).pk
        answer = {
            "tickets": [ticket_answer(each) for each in queues.tickets_of(account_pk)],
            "visits": [visit_answer(each) for each in visits.visits_of(account_pk)],
        }
        return Response(answer, headers=_NO_STORE)


class OneTicket(ResidentView):
    """One place."""

    @extend_schema(
        operation_id="readTicket",
        parameters=[APP_HEADER],
        responses={200: schemas.Ticket},
        tags=["appointments"],
    )
    def get(self, request: Request, ticket_id: str) -> Response:
        """Where one stands; ask again on the live notice `queue.changed`, else every 15 seconds."""
        account_pk = accounts.account_of(request._request).pk
        shown = queues.shown_ticket(account_pk=account_pk, ticket=ticket_id)
        return Response(ticket_answer(shown), headers=_NO_STORE)


class Leaving(ResidentView):
    """Leaving a queue."""

    @extend_schema(
        operation_id="leaveQueue",
        parameters=[APP_HEADER],
        request=None,
        responses={200: schemas.Ticket},
        tags=["appointments"],
    )
    def post(self, request: Request, ticket_id: str) -> Response:
        """Give the place up; it cannot be had back."""
        account = accounts.account_of(request._request)
        leave_queue(ticket=ticket_id, account_pk=account.pk, actor=accounts.actor_of(request._request))
        return Response(ticket_answer(queues.shown_ticket(account_pk=account.pk, ticket=ticket_id)))


class CheckIn(ResidentView):
    """Checking in."""

    @extend_schema(
        operation_id="readCheckIn",
        parameters=[APP_HEADER],
        responses={200: schemas.BookedVisit},
        tags=["appointments"],
    )
    def get(self, request: Request, booking_id: str) -> Response:
        """When and by which ways one may check in."""
        shown = visits.check_in_page(
            account_pk=accounts.account_of(request._request).pk,
            booking=booking_id,
            actor=accounts.actor_of(request._request),
        )
        return Response(visit_answer(shown), headers=_NO_STORE)

    @extend_schema(
        operation_id="checkIn",
        parameters=[APP_HEADER],
        request=schemas.CheckIn,
        responses={200: schemas.Ticket},
        tags=["appointments"],
    )
    def post(self, request: Request, booking_id: str) -> Response:
        """Check in; a repeat gives the same place."""
        data = schemas.CheckIn(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        account = accounts.account_of(request._request)
        act = check_in.check_in_with_code if "code" in given else check_in.check_in_with_location
        made = act(
            booking=booking_id, account_pk=account.pk, actor=accounts.actor_of(request._request), **given
        )
        return Response(ticket_answer(queues.shown_ticket(account_pk=account.pk, ticket=made)))


class Medicines(ResidentView):
    """Medicines to be collected."""

    @extend_schema(
        operation_id="listMedicines",
        parameters=[APP_HEADER],
        responses={200: schemas.Medicines},
        tags=["appointments"],
    )
    def get(self, request: Request) -> Response:
        """What is ready, and what was collected in the last month; what it is stays with the hospital."""
        rows = medicines.medicines_of(accounts.account_of(request._request).pk)
        return Response({"medicines": [medicine_answer(row) for row in rows]}, headers=_NO_STORE)


class MedicineCheckIn(ResidentView):
    """Queueing at the pharmacy."""

    @extend_schema(
        operation_id="checkInForMedicine",
        parameters=[APP_HEADER],
        request=schemas.PharmacyCheckIn,
        responses={200: schemas.Ticket},
        tags=["appointments"],
    )
    def post(self, request: Request, medicine_id: str) -> Response:
        """Queue with the code of the day, for all that is ready at that pharmacy."""
        data = schemas.PharmacyCheckIn(data=request.data)
        data.is_valid(raise_exception=True)
        account = accounts.account_of(request._request)
        made = check_in_for_medicine(
            medicine=medicine_id,
            account_pk=account.pk,
            code=data.validated_data["code"],
            actor=accounts.actor_of(request._request),
        )
        return Response(ticket_answer(queues.shown_ticket(account_pk=account.pk, ticket=made)))


def medicine_answer(shown: medicines.ShownMedicine) -> dict[str, Any]:
    """Medicines as the resident API tells of them."""
    return {
        "medicine_id": shown.medicine,
        "institution": shown.institution,
        "pharmacy": shown.pharmacy,
        "place": shown.place,
        "window": shown.window,
        "pick_code": shown.pick_code,
        "items_count": shown.items_count,
        "state": shown.state,
        "ready_at": shown.ready_at,
        "ended_at": shown.ended_at,
        "ticket_id": shown.ticket,
        "has_queue": shown.has_queue,
        "person_id": shown.person_id,
        "name": shown.name,
    }


def ticket_answer(shown: queues.ShownTicket) -> dict[str, Any]:
    """A place as the resident API tells it."""
    minutes = shown.minutes
    return {
        "ticket_id": shown.ticket,
        "code": shown.code,
        "state": shown.state,
        "institution": shown.institution,
        "department": shown.department,
        "doctor": shown.doctor,
        "place": shown.place,
        "ahead": shown.ahead,
        "minutes": None if minutes is None else {"low": minutes.low, "high": minutes.high},
        "paused": shown.is_paused,
        "passes": shown.passes,
        "joined_at": shown.joined_at,
        "called_at": shown.called_at,
        "as_of": shown.as_of,
        "moved_to": queues.successor_of(shown.ticket) if shown.is_transferred else "",
        "person_id": shown.person_id,
        "name": shown.name,
    }


def visit_answer(shown: visits.CheckIn) -> dict[str, Any]:
    """What waits for its check-in, as the resident API tells it."""
    return {
        "booking_id": shown.booking,
        "person_id": shown.person_id,
        "name": shown.name,
        "institution": shown.institution,
        "department": shown.department,
        "doctor": shown.doctor,
        "place": shown.place,
        "starts_at": shown.starts_at,
        "opens_at": shown.opens_at,
        "closes_at": shown.closes_at,
        "open": shown.is_open,
        "by_location": shown.by_location,
    }
