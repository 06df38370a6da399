"""What the platform answers. Members that a newer platform adds are ignored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ServerTime:
    """The platform's clock."""

    server_time: int
    beijing_time: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """The holder of a card; personal values are left out of ``repr``.

    Masked, unless the client has ``card:read_full``; what a mask leaves nothing of is None, and
    the certificate of a person without papers.

    Attributes:
        gender: GB/T 2261.1.
        nation: GB/T 3304.
    """

    name: str = field(repr=False)
    id_type: str | None
    id_number: str | None = field(repr=False)
    gender: str
    nation: str | None = field(repr=False)
    birthday: date | None = field(repr=False)
    phone: str | None = field(repr=False)
    address: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Card:
    """A card; ``person`` is None while it is not active.

    Attributes:
        superseded_by: The card's number now, where name or certificate changed; both resolve.
        valid_until: The deadline of a temporary card.
    """

    health_card_id: str = field(repr=False)
    superseded_by: str | None = field(repr=False)
    main_index: str | None = field(repr=False)
    state: str
    static_code: str | None = field(repr=False)
    valid_until: datetime | None
    masked: bool
    person: Person | None


@dataclass(frozen=True, slots=True)
class RegisteredCard(Card):
    """The card of a registered person, and whether this call issued it."""

    created: bool


@dataclass(frozen=True, slots=True)
class NewbornCard(RegisteredCard):
    """The card of a newborn, and whether the mother's account has it."""

    held_by_mother: bool


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """What came of asking for the institution's own number of a person.

    Attributes:
        state: ``known``, ``done``; ``waiting`` and ``asking``; ``ambiguous`` and ``failed``, which
            the institution's staff decide.
        patient_id: With ``known`` and ``done``.
        record_id: To ask again with; None where the number was known.
    """

    state: str
    patient_id: str | None = field(repr=False)
    record_id: str | None

    @property
    def is_over(self) -> bool:
        """Whether asking again will tell nothing new, unless staff decide."""
        return self.state not in {"waiting", "asking"}


@dataclass(frozen=True, slots=True)
class ClaimedCard(Card):
    """A card that was handed over, and whether its own holder did it."""

    is_self: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate in a card; its number is masked."""

    id: str
    kind: str
    number: str = field(repr=False)
    issuer: str
    valid_until: date | None
    state: str


@dataclass(frozen=True, slots=True)
class MintedCode:
    """A code for a patient; a static one has no window. ``image`` is SVG."""

    code: str = field(repr=False)
    code_kind: str
    valid_from: datetime | None
    valid_until: datetime | None
    image: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verification:
    """Who is behind a code.

    Attributes:
        document_required: Whether a document must be shown besides the code.
        replayed: Whether this is the stored answer of an earlier try of the same request.
        issuer: EHCAPPID of the centre that issued the card; empty if it is this one.
        answered_by: EHCAPPID of the centre that verified another centre's code; empty likewise.
    """

    usage_id: str
    verified_at: datetime
    code_kind: str
    document_required: bool
    replayed: bool
    masked: bool
    health_card_id: str = field(repr=False)
    main_index: str | None = field(repr=False)
    person: Person
    issuer: str = ""
    answered_by: str = ""


@dataclass(frozen=True, slots=True)
class RecordedUse:
    """A recorded use, ``direct`` or ``indirect``."""

    usage_id: str
    kind: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class UploadedUse:
    """What became of one use of an upload.

    Attributes:
        result: ``recorded``, ``repeated`` or ``refused``.
        code: Why it was refused, stable; like the three after it empty where it was not.
    """

    id: str
    result: str
    usage_id: str = ""
    kind: str = ""
    recorded_at: datetime | None = None
    code: str = ""
    detail: str = ""
    next_step: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class UsageUpload:
    """What became of an upload, in the order in which its uses came."""

    recorded: int
    repeated: int
    refused: int
    results: Sequence[UploadedUse]


@dataclass(frozen=True, slots=True)
class TerminalSession:
    """A terminal's own sign-in; keep the token where the terminal alone can read it."""

    terminal_token: str = field(repr=False)
    valid_until: datetime


def terminal_session(answer: Mapping[str, Any]) -> TerminalSession:
    """Read the answer of a terminal's sign-in."""
    return TerminalSession(answer["terminal_token"], valid_until(answer))


def valid_until(answer: Mapping[str, Any]) -> datetime:
    """Read until when something stands."""
    return datetime.fromisoformat(answer["valid_until"])


def server_time(answer: Mapping[str, Any]) -> ServerTime:
    """Read an answer of ``GET /time``."""
    return ServerTime(int(answer["server_time"]), datetime.fromisoformat(answer["beijing_time"]))


def person(answer: Mapping[str, Any]) -> Person:
    """Read the holder."""
    birthday = answer["birthday"]
    return Person(
        name=answer["name"],
        id_type=answer["id_type"],
        id_number=answer["id_number"],
        gender=answer["gender"] or "",
        nation=answer["nation"],
        birthday=date.fromisoformat(birthday) if birthday else None,
        phone=answer["phone"],
        address=answer["address"],
    )


def card(answer: Mapping[str, Any]) -> Card:
    """Read a card."""
    return Card(**_card(answer))


def registered_card(answer: Mapping[str, Any]) -> RegisteredCard:
    """Read the answer of a registration."""
    return RegisteredCard(**_card(answer), created=answer["created"])


def newborn_card(answer: Mapping[str, Any]) -> NewbornCard:
    """Read the answer of the registration of a birth."""
    return NewbornCard(**_card(answer), created=answer["created"], held_by_mother=answer["held_by_mother"])


def claimed_card(answer: Mapping[str, Any]) -> ClaimedCard:
    """Read a card that was handed over."""
    return ClaimedCard(**_card(answer), is_self=answer["is_self"])


def certificate(answer: Mapping[str, Any]) -> Certificate:
    """Read a certificate."""
    valid_until = answer["valid_until"]
    return Certificate(
        id=answer["id"],
        kind=answer["kind"],
        number=answer["number"],
        issuer=answer["issuer"],
        valid_until=date.fromisoformat(valid_until) if valid_until else None,
        state=answer["state"],
    )


def slip(answer: Mapping[str, Any]) -> Mapping[str, str]:
    """Read the fields behind a printed code."""
    return dict(answer["values"])


def patient_record(answer: Mapping[str, Any]) -> PatientRecord:
    """Read where a patient number stands."""
    return PatientRecord(answer["state"], answer["patient_id"], answer["record_id"])


def minted_code(answer: Mapping[str, Any]) -> MintedCode:
    """Read a code."""
    return MintedCode(
        code=answer["code"],
        code_kind=answer["code_kind"],
        valid_from=moment(answer["valid_from"]),
        valid_until=moment(answer["valid_until"]),
        image=answer["image"],
    )


def verification(answer: Mapping[str, Any]) -> Verification:
    """Read the answer of a verification."""
    return Verification(
        usage_id=answer["usage_id"],
        verified_at=datetime.fromisoformat(answer["verified_at"]),
        code_kind=answer["code_kind"],
        document_required=answer["document_required"],
        replayed=answer["replayed"],
        masked=answer["masked"],
        health_card_id=answer["health_card_id"],
        main_index=answer["main_index"],
        person=person(answer["person"]),
        issuer=answer.get("issuer", ""),
        answered_by=answer.get("answered_by", ""),
    )


def recorded_use(answer: Mapping[str, Any]) -> RecordedUse:
    """Read the answer of a report."""
    return RecordedUse(answer["usage_id"], answer["kind"], datetime.fromisoformat(answer["recorded_at"]))


def usage_upload(answer: Mapping[str, Any]) -> UsageUpload:
    """Read the answer of an upload."""
    results = [
        UploadedUse(
            id=each["id"],
            result=each["result"],
            usage_id=each.get("usage_id", ""),
            kind=each.get("kind", ""),
            recorded_at=moment(each.get("recorded_at")),
            code=each.get("code", ""),
            detail=each.get("detail", ""),
            next_step=each.get("next_step", ""),
            field=each.get("field", ""),
        )
        for each in answer["results"]
    ]
    return UsageUpload(answer["recorded"], answer["repeated"], answer["refused"], results)


def moment(text: str | None) -> datetime | None:
    """Read a time that may be missing."""
    return datetime.fromisoformat(text) if text else None


def _card(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "health_card_id": answer["health_card_id"],
        "superseded_by": answer["superseded_by"],
        "main_index": answer["main_index"],
        "state": answer["state"],
        "static_code": answer["static_code"],
        "valid_until": moment(answer["valid_until"]),
        "masked": answer["masked"],
        "person": person(answer["person"]) if answer["person"] else None,
    }
