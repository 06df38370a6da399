"""What the cards room asks of other card centres."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Use:
    """Where and for what a code is used, as the issuing centre records it.

    Attributes:
        centre: EHCAPPID of the using centre.
        institution: The institution's code at its own centre, and its name.
    """

    centre: str
    centre_name: str
    institution: str
    institution_name: str
    scene: str
    terminal: str = ""
    department: str = ""
    channel: str = ""
    card_type: str = ""
    cost_type: str = ""
    use_city: str = ""
    branch: str = ""
    occurred_at: str = ""


@dataclass(frozen=True, slots=True)
class ForeignQuestion:
    """A code of another centre that is to be verified there.

    Attributes:
        request_id: The same at every repetition of one request, 64 hexadecimal digits.
        issuer: EHCAPPID in the code.
        wants_full: Whether the asking institution may read the holder unmasked.
    """

    request_id: str
    text: str = field(repr=False)
    issuer: str
    wants_full: bool
    use: Use


@dataclass(frozen=True, slots=True)
class ForeignAnswer:
    """What another centre says of a code that it verified.

    Attributes:
        answered_by: EHCAPPID of the centre that verified.
        reference: That centre's number of its record of use.
        person: As ``cards.verification.verified.person_of`` makes it.
    """

    answered_by: str
    reference: str
    verified_at: datetime
    code_kind: str
    document_required: bool
    is_replayed: bool
    is_masked: bool
    card_id: str = field(repr=False)
    main_index: str | None = field(repr=False)
    person: Mapping[str, Any] = field(repr=False)


class CrossDomainProvider(Protocol):
    """The way to other centres."""

    def is_connected(self) -> bool:
        """Whether there is an upper centre to ask at all."""
        ...

    def verify(self, question: ForeignQuestion) -> ForeignAnswer:
        """Ask, within the total deadline, with no transaction open.

        Raises:
            DomainError: One of ``cards.errors.foreign``, or the refusal of the issuing centre in
                our own words.
        """
        ...


class UpwardError(Exception):
    """A report did not arrive, or it is not known whether. ``code`` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the upper centre says of a batch: its number, and the records that it refused."""

    reference: str
    refused: Mapping[str, str]


class UpwardProvider(Protocol):
    """The upper centre, to which registrations and uses are reported."""

    def is_connected(self) -> bool:
        """Whether there is one; may be up to some seconds old."""
        ...

    def send(self, *, batch_id: str, kind: str, records: Sequence[Mapping[str, Any]]) -> Receipt:
        """Deliver a batch; each record has an ``id`` by which a repeat is known.

        Raises:
            UpwardError: It is to be sent again later.
        """
        ...

    def counts(self, day: date) -> Mapping[str, int]:
        """How many records of each kind the upper centre holds for a day."""
        ...

    def ids(self, *, day: date, kind: str) -> frozenset[str]:
        """Which records of a kind it holds for a day."""
        ...
