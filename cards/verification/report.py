"""Reporting a use that has happened: inside a scan session, or without any scan."""

from dataclasses import dataclass, field
from datetime import datetime

from cards.centre import rules_in_force
from cards.models.usage import UseKind
from cards.rules.policy import CodeKind
from cards.verification import session, writer
from cards.verification.claim import Details, Found
from cards.verification.shown import Shown
from cards.verification.verify import claim_of, require_terminal
from foundation.core import clock
from foundation.gateway.caller import Caller
from foundation.gateway.scopes import USAGE_REPORT


@dataclass(frozen=True, slots=True)
class Reported:
    """A recorded use."""

    usage_id: str
    kind: UseKind
    at: datetime
    is_replayed: bool
    found: Found = field(repr=False)


def report_by_code(*, text: str, caller: Caller, details: Details) -> Reported:
    """Record a further use inside the scan session of a code (直接用码).

    Raises:
        ScopeMissing, InvalidInput, TerminalUnknown, TerminalDisabled, RequestIdReused, and the
        refusals of ``session.reference``.
    """
    _check(caller, details)
    scanned = session.reference(text, caller=caller)
    code = Shown(scanned.code_kind, scanned.card_id, text)
    return _write(code, details, caller, UseKind.DIRECT)


def report_by_card(*, card_id: str, caller: Caller, details: Details) -> Reported:
    """Record a use without a scan: the institution knew the card (间接用码).

    Raises:
        ScopeMissing, InvalidInput, TerminalUnknown, TerminalDisabled, RequestIdReused.
        CardUnknown: No card has this number.
    """
    _check(caller, details)
    card_id = card_id.strip().upper()
    return _write(Shown(CodeKind.NONE, card_id, card_id), details, caller, UseKind.INDIRECT)


def _check(caller: Caller, details: Details) -> None:
    details.check()
    caller.require(USAGE_REPORT)
    require_terminal(caller, details)


def _write(code: Shown, details: Details, caller: Caller, kind: UseKind) -> Reported:
    claim = claim_of(code, details, caller=caller, moment=clock.now(), kind=kind, is_report=True)
    found, is_replayed = writer.write(claim, rules_in_force())
    return Reported(found.usage_id, kind, found.at, is_replayed, found)
