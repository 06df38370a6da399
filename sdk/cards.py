"""Calls about cards: registration, particulars, life, certificates."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import quote

from sdk import results
from sdk.results import Card, Certificate, ClaimedCard, MintedCode, RegisteredCard, ServerTime
from sdk.transport import Connection


class CardCalls(Connection):
    """The cards of the institution's patients."""

    def time(self) -> ServerTime:
        """The platform's clock."""
        return self._read("/time", results.server_time)

    def register_card(
        self,
        *,
        name: str,
        id_type: str,
        id_number: str,
        gender: str = "",
        birth_date: date | None = None,
        nation: str = "",
        phone: str = "",
        address: str = "",
        patient_id: str = "",
        idempotency_key: str = "",
    ) -> RegisteredCard:
        """Register a person who is at the institution, and get the card.

        A person who has a card gets the same again.

        Args:
            id_type: Certificate type, ``01`` for identity cards.
            gender: GB/T 2261.1; left out, it is taken from the number.
            nation: GB/T 3304, two digits.
            patient_id: The institution's own number for the person.
            idempotency_key: To repeat a registration after a restart of the caller's own.
        """
        body = {
            "name": name,
            "id_type": id_type,
            "id_number": id_number,
            "gender": gender,
            "birth_date": birth_date,
            "nation": nation,
            "phone": phone,
            "address": address,
            "patient_id": patient_id,
        }
        return self._change("/cards", body, results.registered_card, idempotency_key)

    def claim_card(self, code: str, *, patient_id: str = "", idempotency_key: str = "") -> ClaimedCard:
        """Redeem the one-time code with which a resident came back from the platform's page.

        Args:
            code: ``healthCode`` of the redirect; good once, for five minutes.
            patient_id: The institution's own number for the person.
        """
        body = {"code": code, "patient_id": patient_id}
        return self._change("/cards/claim", body, results.claimed_card, idempotency_key)

    def read_card(self, health_card_id: str) -> Card:
        """The card with this 电子健康卡ID."""
        return self._read(path_of(health_card_id), results.card)

    def mint_code(
        self, health_card_id: str, *, code_kind: str = "dynamic", idempotency_key: str = ""
    ) -> MintedCode:
        """A code for a patient of this institution; the patient is told.

        Args:
            code_kind: ``dynamic`` or ``static``.
        """
        path = f"{path_of(health_card_id)}/codes"
        return self._change(path, {"code_kind": code_kind}, results.minted_code, idempotency_key)

    def update_particulars(
        self,
        health_card_id: str,
        *,
        reason: str,
        name: str = "",
        id_type: str = "",
        id_number: str = "",
        phone: str = "",
        address: str = "",
        nation: str = "",
        idempotency_key: str = "",
    ) -> Card:
        """Change what a patient has told; whatever is left out stays.

        Another name or certificate gives the card another number: keep the one of the answer.

        Args:
            reason: The holder reads it in the card's history.
            id_type: Together with ``id_number``; also the certificate of a newborn or of a
                patient who had none.
        """
        body = {
            "reason": reason,
            "name": name,
            "id_type": id_type,
            "id_number": id_number,
            "phone": phone,
            "address": address,
            "nation": nation,
        }
        path = f"{path_of(health_card_id)}/person"
        return self._change(path, body, results.card, idempotency_key, method="PATCH")

    def report_loss(self, health_card_id: str, *, reason: str, idempotency_key: str = "") -> Card:
        """Report a card lost; every verification is refused from now on."""
        return self._move(health_card_id, "loss", {"reason": reason}, idempotency_key)

    def withdraw_loss(self, health_card_id: str, *, reason: str, idempotency_key: str = "") -> Card:
        """Take a lost card into use again, with the number that it has."""
        return self._move(health_card_id, "loss/withdraw", {"reason": reason}, idempotency_key)

    def reissue_card(
        self, health_card_id: str, *, id_type: str, id_number: str, reason: str, idempotency_key: str = ""
    ) -> Card:
        """Give a card another number; every code of the old one is dead.

        Args:
            id_type: With ``id_number``, the certificate that the holder showed.
        """
        body = {"id_type": id_type, "id_number": id_number, "reason": reason}
        return self._move(health_card_id, "reissue", body, idempotency_key)

    def cancel_card(self, health_card_id: str, *, reason: str, idempotency_key: str = "") -> Card:
        """Cancel a card for good; a new registration gives another."""
        return self._move(health_card_id, "cancel", {"reason": reason}, idempotency_key)

    def link_certificate(
        self,
        health_card_id: str,
        *,
        kind: str,
        number: str,
        issuer: str,
        valid_until: date | None = None,
        idempotency_key: str = "",
    ) -> Certificate:
        """Join a certificate that the institution has seen in the card; the holder is told.

        Args:
            kind: One of the fourteen kinds, for example ``vaccination``.
        """
        body = {"kind": kind, "number": number, "issuer": issuer, "valid_until": valid_until}
        path = f"{path_of(health_card_id)}/certificates"
        return self._change(path, body, results.certificate, idempotency_key)

    def unlink_certificate(
        self, health_card_id: str, certificate_id: str, *, reason: str, idempotency_key: str = ""
    ) -> Certificate:
        """Take a certificate that this institution has linked out of the card."""
        path = f"{path_of(health_card_id)}/certificates/{quote(certificate_id, safe='')}/unlink"
        return self._change(path, {"reason": reason}, results.certificate, idempotency_key)

    def read_slip(self, code: str) -> Mapping[str, str]:
        """The fields behind a code that the institution has printed, by their names there."""
        return self._read(f"/slips/{quote(code, safe='')}", results.slip)

    def _move(self, health_card_id: str, what: str, body: Mapping[str, str], key: str) -> Card:
        return self._change(f"{path_of(health_card_id)}/{what}", body, results.card, key)


def path_of(health_card_id: str) -> str:
    """The path of a card."""
    return f"/cards/{quote(health_card_id, safe='')}"
