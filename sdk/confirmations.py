"""Calls about confirmations: a patient agrees to a text, and the centre signs the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sdk.transport import Connection


@dataclass(frozen=True, slots=True)
class Receipt:
    """A signed answer, exactly as the centre made it: keep both parts with the text."""

    statement: Mapping[str, Any] = field(repr=False)
    signature: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Where a confirmation stands.

    Attributes:
        state: ``waiting``, ``agreed``, ``refused`` or ``expired``.
        reason: Why it was refused, if the resident said so.
        receipt: Once it was answered.
    """

    confirmation_id: str
    state: str
    reason: str = field(repr=False)
    receipt: Receipt | None
    expires_at: datetime


class ConfirmationCalls(Connection):
    """What patients are asked to confirm with the health card."""

    def ask_for_confirmation(
        self,
        *,
        title: str,
        text: str,
        valid_minutes: int,
        health_card_id: str = "",
        patient_id: str = "",
        idempotency_key: str = "",
    ) -> Confirmation:
        """Ask a patient of this institution to confirm a text; the holder is told.

        Args:
            text: Plain; the receipt has the SM3 of its UTF-8 bytes.
            health_card_id: Or ``patient_id``, the institution's own number; one of the two.
        """
        body = {
            "health_card_id": health_card_id,
            "patient_id": patient_id,
            "title": title,
            "text": text,
            "valid_minutes": valid_minutes,
        }
        return self._change("/confirmations", body, _confirmation, idempotency_key)

    def read_confirmation(self, confirmation_id: str) -> Confirmation:
        """Where it stands, and the signed receipt once it was answered."""
        return self._read(f"/confirmations/{quote(confirmation_id, safe='')}", _confirmation)

    def verify_receipt(self, receipt: Receipt) -> bool:
        """Whether this centre signed the receipt exactly as it is."""
        body = {"statement": receipt.statement, "signature": receipt.signature}
        return self._change("/confirmations/verify", body, _genuine, "")


def _confirmation(answer: Mapping[str, Any]) -> Confirmation:
    receipt = answer["receipt"]
    return Confirmation(
        confirmation_id=answer["confirmation_id"],
        state=answer["state"],
        reason=answer["reason"],
        receipt=Receipt(receipt["statement"], receipt["signature"]) if receipt else None,
        expires_at=datetime.fromisoformat(answer["expires_at"]),
    )


def _genuine(answer: Mapping[str, Any]) -> bool:
    return answer["genuine"] is True
