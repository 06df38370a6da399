"""Calls about patients: without a certificate yet, and the institution's own numbers of them."""

from dataclasses import asdict, dataclass, field
from datetime import date
from urllib.parse import quote

from sdk import results
from sdk.results import NewbornCard, PatientRecord, RegisteredCard
from sdk.transport import Connection, without_empty


@dataclass(frozen=True, slots=True)
class Mother:
    """A newborn's mother: by her health card, or by name and certificate."""

    health_card_id: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    id_type: str = ""
    id_number: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)


class PatientCalls(Connection):
    """Patients who have no certificate yet, and numbers of those who have a card."""

    def register_newborn(
        self,
        *,
        mother: Mother,
        birth_record: str,
        parity: int,
        birth_date: date,
        gender: str,
        order: int = 1,
        name: str = "",
        birth_certificate: str = "",
        patient_id: str = "",
        idempotency_key: str = "",
    ) -> NewbornCard:
        """Register a birth and get the child's card; reported again, it is the same card.

        Args:
            birth_record: Number of the mother's delivery record.
            parity: Which birth of the mother it is (胎次).
            gender: GB/T 2261.1.
            order: Which child of a multiple birth.
            name: Left out, it is made from the mother's.
        """
        body = {
            "mother": without_empty(asdict(mother)),
            "birth_record": birth_record,
            "parity": parity,
            "order": order,
            "birth_date": birth_date,
            "gender": gender,
            "name": name,
            "birth_certificate": birth_certificate,
            "patient_id": patient_id,
        }
        return self._change("/newborns", body, results.newborn_card, idempotency_key)

    def register_temporary_card(
        self,
        *,
        patient_id: str,
        name: str = "",
        gender: str = "0",
        nationality: str = "156",
        idempotency_key: str = "",
    ) -> RegisteredCard:
        """Issue a card with a deadline to a patient whose papers nobody has.

        Args:
            patient_id: The institution's own number; a repeat with it gets the same card.
            nationality: GB/T 2659, three digits.
        """
        body = {"patient_id": patient_id, "name": name, "gender": gender, "nationality": nationality}
        return self._change("/temporary-cards", body, results.registered_card, idempotency_key)

    def open_patient_record(
        self, *, code: str = "", health_card_id: str = "", idempotency_key: str = ""
    ) -> PatientRecord:
        """Get the institution's own number of a person in front of it; one is made if there is none.

        Args:
            code: The text that was scanned and verified.
            health_card_id: In place of the code, of a person whom the institution knows.
        """
        body = {"code": code, "health_card_id": health_card_id}
        return self._change("/patient-records", body, results.patient_record, idempotency_key)

    def read_patient_record(self, record_id: str) -> PatientRecord:
        """Where it stands; ask every second until ``is_over``."""
        return self._read(f"/patient-records/{quote(record_id, safe='')}", results.patient_record)
