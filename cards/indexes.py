"""What the blind indexes of this room's models are made of, for the exchange of their key."""

from cards.batch.selectors import LOCAL_DOMAIN
from cards.models import BatchRow, CardNumber, LinkedCertificate, PhysicalCard
from cards.rules import certificates as rules
from cards.services import certificates, numbers, physical
from gmcrypto import indexed
from gmcrypto.indexed import Term


def register() -> None:
    """Name every model of this room that has one."""
    indexed.register("cards.BatchRow", _of_line)
    indexed.register("cards.CardNumber", _of_number)
    indexed.register("cards.LinkedCertificate", _of_certificate)
    indexed.register("cards.PhysicalCard", _of_physical_card)


def _of_line(row: BatchRow) -> dict[str, Term | None]:
    patient_id = row.given.get("patient_id", "")
    return {"local_index": (LOCAL_DOMAIN, patient_id) if patient_id else None}


def _of_number(row: CardNumber) -> dict[str, Term | None]:
    return {"value_index": (numbers.NUMBER_DOMAIN, row.value)}


def _of_certificate(row: LinkedCertificate) -> dict[str, Term | None]:
    form = rules.index_form(row.kind, row.issuer, row.number)
    return {"number_index": (certificates.INDEX_DOMAIN, form)}


def _of_physical_card(row: PhysicalCard) -> dict[str, Term | None]:
    return {"number_index": (physical.NUMBER_DOMAIN, row.number)}
