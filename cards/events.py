"""What this room tells the others: ids and codes only."""

from dataclasses import dataclass
from typing import ClassVar

from foundation.events.services import Event


@dataclass(frozen=True)
class ApplicationSubmitted(Event):
    """A resident handed in an application."""

    topic: ClassVar[str] = "application.submitted.v1"

    application_id: str
    account_id: str


@dataclass(frozen=True)
class ApplicationReviewed(Event):
    """An application was decided, or passed on to a human reviewer.

    Attributes:
        outcome: ``approved``, ``refused`` or ``referred``.
        relation: ``self``, or what the person is to the applicant.
    """

    topic: ClassVar[str] = "application.reviewed.v1"

    application_id: str
    account_id: str
    outcome: str
    automatic: bool
    relation: str = "self"


@dataclass(frozen=True)
class CardIssued(Event):
    """A person has a card."""

    topic: ClassVar[str] = "card.issued.v1"

    card_id: str
    person_id: str
    channel: str
    institution_id: str


@dataclass(frozen=True)
class CardStateChanged(Event):
    """A card was frozen, reported lost, taken into use again or cancelled."""

    topic: ClassVar[str] = "card.state_changed.v1"

    card_id: str
    person_id: str
    before: str
    after: str


@dataclass(frozen=True)
class CardNumberChanged(Event):
    """A card has another number.

    Attributes:
        before: What became of the number before: ``superseded`` (still resolves, because the
            person's certificate or name changed) or ``revoked`` (re-issued, refused from now on).
    """

    topic: ClassVar[str] = "card.number_changed.v1"

    card_id: str
    person_id: str
    number_id: str
    before: str


@dataclass(frozen=True)
class CodeMinted(Event):
    """An institution made a code for a card; its holder is told."""

    topic: ClassVar[str] = "code.minted.v1"

    card_id: str
    person_id: str
    institution_id: str
    client_id: str


@dataclass(frozen=True)
class CardClaimed(Event):
    """An institution took over a card by a code that its holder had agreed to."""

    topic: ClassVar[str] = "card.claimed.v1"

    card_id: str
    person_id: str
    institution_id: str
    account_id: str


@dataclass(frozen=True)
class RecordNoticed(Event):
    """An institution has something for a card's holders to read; of what is not told."""

    topic: ClassVar[str] = "record.noticed.v1"

    card_id: str
    person_id: str
    institution_id: str


@dataclass(frozen=True)
class ScanAnswered(Event):
    """A resident agreed to an active scan, or refused it.

    Attributes:
        outcome: ``agreed`` or ``refused``.
    """

    topic: ClassVar[str] = "scan.answered.v1"

    scan_id: str
    institution_id: str
    outcome: str


@dataclass(frozen=True)
class CertificateLinked(Event):
    """A certificate is joined in a person's card; its holder is told."""

    topic: ClassVar[str] = "certificate.linked.v1"

    certificate_id: str
    person_id: str
    kind: str


@dataclass(frozen=True)
class CertificateRefused(Event):
    """What a holder claimed was not confirmed."""

    topic: ClassVar[str] = "certificate.refused.v1"

    certificate_id: str
    person_id: str


@dataclass(frozen=True)
class ConfirmationAsked(Event):
    """An institution asks a card's holders to confirm something; of what is not told."""

    topic: ClassVar[str] = "confirmation.asked.v1"

    confirmation_id: str
    person_id: str
    institution_id: str
