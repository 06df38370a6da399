"""Calls about the check-in of patients who have booked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sdk.transport import Connection, built


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a queue, to be printed or shown.

    Attributes:
        code: What will be called.
        ahead: How many wait in front; none where the hospital's own system has not said it.
    """

    ticket_id: str
    code: str
    department: str
    doctor: str
    place: str
    ahead: int | None


class QueueCalls(Connection):
    """The check-in at the institution's own machines."""

    def check_in(
        self,
        *,
        code: str = "",
        health_card_id: str = "",
        patient_id: str = "",
        booking_id: str = "",
        idempotency_key: str = "",
    ) -> Place:
        """Check in a patient who has booked for today; a repeat gives the same place.

        Args:
            code: As scanned, after ``verify``; or one of the two numbers.
            booking_id: Without it the next booking of today.
        """
        named = {"code": code, "health_card_id": health_card_id, "patient_id": patient_id}
        body = {name: value for name, value in named.items() if value}
        return self._change("/check-ins", body | {"booking_id": booking_id}, _place, idempotency_key)


def _place(answer: Mapping[str, Any]) -> Place:
    return built(Place, answer)
