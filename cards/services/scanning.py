"""Active scan (主扫, CC-02): a terminal shows a code, a resident scans it and agrees.

The code is an address of ours with a secret in it. The first account that opens it has it;
what was agreed to is one card for one institution, once. The terminal polls, and is told by a
notice if its client wants one.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

import gmcrypto
from cards import pack
from cards.centre import rules_in_force
from cards.codes.page import showable_number
from cards.errors import ScanOver, ScanTaken, ScanUnknown
from cards.events import ScanAnswered
from cards.models import ScanRequest
from cards.models.handover import ScanState
from cards.models.usage import UseKind
from cards.rules.policy import CodeKind
from cards.verification import writer
from cards.verification.claim import Details
from cards.verification.shown import Shown
from cards.verification.verify import claim_of, require_signed_in
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from foundation.core.ids import new_public_id
from foundation.events import services as events
from foundation.gateway.caller import Caller, actor_of_caller

log = structlog.get_logger(__name__)

LIFETIME = timedelta(seconds=180)
OPERATION = "active_scan"
_OPEN = (ScanState.WAITING, ScanState.SCANNED)


@dataclass(frozen=True, slots=True)
class Started:
    """A scan that a terminal may show; ``text`` is what its code says."""

    scan_id: str
    text: str = field(repr=False)
    expires_at: datetime


@transaction.atomic
def start_scan(
    *,
    caller: Caller,
    scene: str = "000000",
    terminal_id: str = "",
    external_id: str = "",
    notify_url: str = "",
    terminal_token: str = "",
) -> Started:
    """Begin a scan.

    Args:
        scene: What the card is wanted for; the resident reads it.
        terminal_id: The terminal that shows the code; may be empty in dialects without it.
        external_id: The caller's own number of it.
        notify_url: Where the answer is posted; already checked against the client's hosts.
        terminal_token: Proves the terminal's own sign-in, where it has one.

    Raises:
        InvalidInput: A value does not fit.
        TerminalUnknown, TerminalDisabled, TerminalNotSignedIn, TerminalNotNamed: As
            ``require_signed_in``.
    """
    details = Details(scene=scene, request_id=OPERATION, operation=OPERATION, terminal_id=terminal_id)
    details.check()
    require_signed_in(caller, details, terminal_token)
    token = new_public_id()
    moment = clock.now()
    row = ScanRequest.objects.create(
        token_digest=_digest(token),
        institution=caller.institution,
        client=caller.public_id,
        terminal=terminal_id,
        scene=scene,
        external_id=external_id,
        notify_url=notify_url,
        created_at=moment,
        expires_at=moment + LIFETIME,
    )
    audit.record(
        Action.SCAN_STARTED,
        actor=actor_of_caller(caller),
        subject=row,
        details={"scene": scene, "terminal": terminal_id},
    )
    return Started(row.public_id, f"{settings.BASE_URL}/open/scan/{token}/", row.expires_at)


@transaction.atomic
def open_scan(*, token: str, actor: Actor) -> ScanRequest:
    """What the resident who scanned the code is asked; from now on it is theirs alone.

    Raises:
        ScanUnknown: There is no such code.
        ScanOver: Nobody answered it in time.
        ScanTaken: Somebody else was first.
    """
    row = _by_token(token).first()
    if row is None:
        raise ScanUnknown
    if row.state == ScanState.WAITING and row.expires_at > clock.now():
        taken = _by_token(token).filter(state=ScanState.WAITING)
        taken.update(state=ScanState.SCANNED, account=actor.id)
        row.refresh_from_db()
    if row.account not in {"", actor.id}:
        raise ScanTaken
    if row.state in _OPEN and row.expires_at <= clock.now():
        raise ScanOver
    return row


def agree_to_scan(*, token: str, account_pk: int, card_id: str, actor: Actor) -> None:
    """Hand a card of the pack over to the terminal's institution, and record the use.

    Raises:
        NotHeldByYou: The account may not show such a card.
        CardFrozen, CardLost, CardCancelled: The card is not in use.
        ScanUnknown, ScanTaken, ScanOver: As ``open_scan``; also if it was answered.
    """
    with transaction.atomic():
        shown = pack.held_card(account_pk, card_id)
        number = showable_number(shown.card)
        if not shown.is_self:
            actor = actor.acting_for(shown.card.subject)
        row = _answer(token, actor, ScanState.AGREED, card_id=shown.card.pk)
    _record_use(row, number.value)


@transaction.atomic
def refuse_scan(*, token: str, actor: Actor) -> None:
    """Say no.

    Raises:
        ScanUnknown, ScanTaken, ScanOver: As ``open_scan``; also if it was answered.
    """
    _answer(token, actor, ScanState.REFUSED)


def is_answered_so(*, token: str, card_id: str | None, actor: Actor) -> bool:
    """Whether the account has answered already, with this card, or with no where there is none."""
    rows = _by_token(token).filter(account=actor.id)
    if card_id is not None:
        return rows.filter(state=ScanState.AGREED, card__public_id=card_id).exists()
    return rows.filter(state=ScanState.REFUSED).exists()


def _answer(token: str, actor: Actor, state: ScanState, **values: int) -> ScanRequest:
    """Of several answers at once the conditional update takes one."""
    row = open_scan(token=token, actor=actor)
    moment = clock.now()
    answered = _by_token(token).filter(state=ScanState.SCANNED, account=actor.id, expires_at__gt=moment)
    if not answered.update(state=state, answered_at=moment, **values):
        raise ScanOver
    audit.record(
        Action.SCAN_ANSWERED,
        actor=actor,
        subject=row,
        institution=row.institution,
        details={"outcome": state.value, "scene": row.scene, "terminal": row.terminal},
    )
    events.publish(ScanAnswered(scan_id=row.public_id, institution_id=row.institution, outcome=state.value))
    return row


def _record_use(row: ScanRequest, card_id: str) -> None:
    """A use like any other, under the scan's own id; the answer stands also without it."""
    details = Details(
        scene=row.scene, request_id=row.public_id, operation=OPERATION, terminal_id=row.terminal
    )
    caller = Caller(0, row.client, row.institution, frozenset(), "", "", 1)
    code = Shown(CodeKind.NONE, card_id, card_id)
    claim = claim_of(code, details, caller=caller, moment=clock.now(), kind=UseKind.DIRECT)
    try:
        writer.write(claim, rules_in_force())
    except DomainError as exc:
        log.warning("scan_use_not_recorded", scan=row.public_id, code=exc.code)


def _by_token(token: str) -> "QuerySet[ScanRequest]":
    return ScanRequest.objects.filter(token_digest=_digest(token))


def _digest(token: str) -> bytes:
    return gmcrypto.sm3(f"ehc.scan.1\n{token}".encode())
