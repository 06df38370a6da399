"""Bookings: what the hospital gives at its own windows, and who books too often."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sdk.transport import Connection


@dataclass(frozen=True, slots=True)
class Booking:
    """A booking of this institution.

    Attributes:
        booking_no: The institution's own number of it; empty for one that was made by phone.
        patient_id: The institution's own number of the patient; empty if it has none yet.
        is_paid_here: The fee was paid by a bill of the platform.
    """

    id: str
    booking_no: str
    patient_id: str
    schedule_code: str
    starts_at: datetime
    number: int
    state: str
    channel: str
    fee_fen: int
    is_paid_here: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BookingRisk:
    """Whether to let somebody book; ``level`` is 0 none, 1 close to the limit, 2 over it."""

    may_book: bool
    level: int


class AppointmentCalls(Connection):
    """Bookings and their risk."""

    def book_by_hospital(
        self,
        *,
        schedule_code: str,
        starts_at: datetime,
        booking_no: str,
        number: int | None = None,
        health_card_id: str = "",
        patient_id: str = "",
        idempotency_key: str = "",
    ) -> Booking:
        """Take the place that a window of this institution has given.

        Args:
            booking_no: The institution's own number; a repeat gets the booking that stands.
            number: The number that was given; without it the first that is free.
            health_card_id: Or ``patient_id``; one of the two.
        """
        body: dict[str, Any] = {
            "schedule_code": schedule_code,
            "starts_at": starts_at.isoformat(),
            "booking_no": booking_no,
            **_patient(health_card_id, patient_id),
        }
        if number is not None:
            body["number"] = number
        return self._change("/appointments", body, _booking, idempotency_key)

    def read_booking(self, booking_id: str) -> Booking:
        """How a booking stands, after a message that named it."""
        return self._read(f"/appointments/{quote(booking_id, safe='')}", _booking)

    def cancel_booking(self, booking_id: str, *, reason: str, idempotency_key: str = "") -> Booking:
        """Cancel a booking; its holder is told."""
        path = f"/appointments/{quote(booking_id, safe='')}/cancel"
        return self._change(path, {"reason": reason}, _booking, idempotency_key)

    def check_booking_risk(
        self, *, health_card_id: str = "", patient_id: str = "", user: str = "", client_ip: str = ""
    ) -> BookingRisk:
        """Whether a patient books too often today; each call counts as one wish to book."""
        body = _patient(health_card_id, patient_id)
        body |= {name: text for name, text in (("user", user), ("client_ip", client_ip)) if text}
        return self._change("/appointments/risk", body, _risk, "")


def _patient(health_card_id: str, patient_id: str) -> dict[str, str]:
    given = (("health_card_id", health_card_id), ("patient_id", patient_id))
    return {name: text for name, text in given if text}


def _booking(answer: Mapping[str, Any]) -> Booking:
    return Booking(
        id=answer["id"],
        booking_no=answer["booking_no"],
        patient_id=answer["patient_id"],
        schedule_code=answer["schedule_code"],
        starts_at=datetime.fromisoformat(answer["starts_at"]),
        number=answer["number"],
        state=answer["state"],
        channel=answer["channel"],
        fee_fen=answer["fee_fen"],
        is_paid_here=answer["is_paid_here"],
        created_at=datetime.fromisoformat(answer["created_at"]),
    )


def _risk(answer: Mapping[str, Any]) -> BookingRisk:
    return BookingRisk(may_book=answer["may_book"], level=answer["level"])
