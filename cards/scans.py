"""Reading active scans: for the client that polls, and for the notice that tells it."""

from dataclasses import dataclass, field
from datetime import datetime

from cards.errors import ScanUnknown
from cards.models import CardNumber, ScanRequest
from cards.models.handover import ScanState
from cards.rules.scenes import scene_name
from cards.states import CardState, NumberState
from foundation.core import clock
from institutions import selectors as institutions

EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Scan:
    """Where a scan stands.

    Attributes:
        state: ``waiting``, ``scanned``, ``agreed``, ``refused`` or ``expired``.
        card_id: The 电子健康卡ID that was agreed to, while the card is in use.
    """

    scan_id: str
    institution: str
    client: str
    external_id: str
    notify_url: str = field(repr=False)
    state: str
    card_id: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """What the resident is asked."""

    institution: str
    place: str
    purpose: str
    state: str


def scan_of(scan_id: str, *, client: str = "") -> Scan:
    """One scan.

    Args:
        client: Whose it must be; empty for the product itself.

    Raises:
        ScanUnknown: There is no such scan of this client.
    """
    rows = ScanRequest.objects.filter(public_id=scan_id)
    row = (rows.filter(client=client) if client else rows).first()
    if row is None:
        raise ScanUnknown(field="uid")
    is_open = row.state in (ScanState.WAITING, ScanState.SCANNED)
    return Scan(
        scan_id=row.public_id,
        institution=row.institution,
        client=row.client,
        external_id=row.external_id,
        notify_url=row.notify_url,
        state=EXPIRED if is_open and row.expires_at <= clock.now() else row.state,
        card_id=_card_id(row),
        expires_at=row.expires_at,
    )


def question_of(row: ScanRequest) -> Question:
    """Who asks, where and for what."""
    place = institutions.institution_by_public_id(row.institution)
    terminal = institutions.terminal_of(row.institution, row.terminal) if row.terminal else None
    return Question(
        institution=place.name if place is not None else "",
        place=" ".join(filter(None, (terminal.name, terminal.place))) if terminal is not None else "",
        purpose=scene_name(row.scene),
        state=row.state,
    )


def _card_id(row: ScanRequest) -> str:
    if row.state != ScanState.AGREED:
        return ""
    number = CardNumber.objects.filter(
        card=row.card_id, state=NumberState.CURRENT, card__state=CardState.ACTIVE
    ).first()
    return number.value if number is not None else ""
