"""What one verification wants to write, and what it gets back."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import gmcrypto
from cards.models.usage import UseKind
from cards.rules.policy import CodeKind
from cards.rules.scenes import is_scene
from foundation.core.errors import InvalidInput

_SEPARATOR = b"\x1f"
_REQUEST_DOMAIN = b"ehc.usage.request.1"
_YEARS = range(2000, 2100)


@dataclass(frozen=True, slots=True)
class Details:
    """What the caller says about a use; all of it is recorded and none of it trusted.

    Attributes:
        scene: Step of care, six or seven digits.
        terminal_id: The institution's own number of the terminal; may be empty where the
            dialect has no place for it.
        request_id: The same at every repetition of one request.
        operation: What was called: ``verify``, ``report``, or the number of a dialect.
        caller_time: The caller's clock.
    """

    scene: str
    request_id: str
    operation: str
    terminal_id: str = ""
    department: str = ""
    channel: str = ""
    card_type: str = ""
    cost_type: str = ""
    use_city: str = ""
    branch: str = ""
    caller_time: datetime | None = None

    def check(self) -> None:
        """Refuse what does not fit into the record.

        Raises:
            InvalidInput: ``field`` names the value at fault.
        """
        if not is_scene(self.scene):
            raise InvalidInput(field="scene")
        if not self.request_id:
            raise InvalidInput(field="request_id")
        for name, limit in _LIMITS:
            value: str = getattr(self, name)
            if len(value) > limit or (value and not value.isprintable()):
                raise InvalidInput(field=name)

    def digest(self, code: str) -> bytes:
        """A digest of code and details, to tell a repetition from another request."""
        parts = (
            code,
            self.operation,
            self.scene,
            self.terminal_id,
            self.department,
            self.channel,
            self.card_type,
            self.cost_type,
            self.use_city,
            self.branch,
        )
        return gmcrypto.sm3("\x1f".join(parts).encode())


_LIMITS = (
    ("request_id", 64),
    ("terminal_id", 32),
    ("department", 60),
    ("channel", 4),
    ("card_type", 2),
    ("cost_type", 4),
    ("use_city", 12),
    ("branch", 22),
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One row that wants to be written.

    Attributes:
        public_id: The row's id; whoever finds it among the written rows has won.
        number_index: Blind index of the card number; the next one only while the key is exchanged.
        is_report: Tells of a use that has happened, so that the card's present state is no
            reason to refuse it.
    """

    public_id: str
    number_index: bytes
    number_index_next: bytes | None
    code_digest: bytes
    code_time: datetime
    use_no: int
    kind: UseKind
    code_kind: CodeKind
    is_report: bool
    institution: str
    client: str
    at: datetime
    body_digest: bytes
    details: Details


@dataclass(frozen=True, slots=True)
class Found:
    """What the statement returns for a row that was written (or is replayed).

    The two sealed values are opened only where the caller's scopes ask for them.
    """

    usage_id: str
    at: datetime
    card_pk: int
    card_public_id: str
    subject: str
    face: bytes = field(repr=False)
    number_public_id: str
    main_index: bytes = field(repr=False)


def caller_time_of(moment: datetime) -> datetime:
    """The caller's clock as it is recorded: in UTC, and of this century.

    Raises:
        InvalidInput: It has no time zone, or no clock of today shows it.
    """
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo is not None else moment
    except OverflowError as exc:
        raise InvalidInput(field="occurred_at") from exc
    if moment.tzinfo is None or moment.year not in _YEARS:
        raise InvalidInput(field="occurred_at")
    return moment


def request_digest(client: str, request_id: str) -> bytes:
    """The digest under which a use without a dynamic code is recorded."""
    return gmcrypto.sm3(_SEPARATOR.join((_REQUEST_DOMAIN, client.encode(), request_id.encode())))
