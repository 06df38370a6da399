"""Verifying a code: the one function behind every dialect.

The checks run in the order of their cost: shape, authenticity and freshness need no database;
policy and terminal are answered from memory; then one statement consumes the code, checks the
card and records the use.
"""

from datetime import datetime, timedelta

from cards.centre import Rules, rules_in_force
from cards.errors import CodeExpired, CodeUsed, StaticNotAllowed, TerminalDisabled, TerminalUnknown
from cards.models.usage import UsageRecord, UseKind
from cards.rules.policy import CodeKind, Opens, opens
from cards.services.numbers import NUMBER_DOMAIN
from cards.verification import misses, shown, writer
from cards.verification.claim import Claim, Details, Found, request_digest
from cards.verification.shown import Shown
from cards.verification.verified import Verified
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.ids import new_public_id
from foundation.gateway.authenticate import SignedCall
from foundation.gateway.caller import Caller, actor_of_caller
from foundation.gateway.scopes import CODE_VERIFY
from gmcrypto.index import blind_index, next_blind_index
from institutions import selectors as institutions
from institutions.errors import TerminalBoundElsewhere, TerminalNotNamed
from institutions.types import TerminalRef

# In the first hour of a day a repeated request may stand under the day before.
_OVERLAP = timedelta(hours=1)
_DAY = timedelta(days=1)


def verify(
    *,
    text: str,
    caller: Caller,
    scene: str,
    request_id: str,
    terminal_id: str,
    department: str = "",
    channel: str = "",
    card_type: str = "",
    cost_type: str = "",
    use_city: str = "",
    branch: str = "",
    caller_time: datetime | None = None,
    operation: str = "verify",
    terminal_token: str = "",
    call: SignedCall | None = None,
) -> Verified:
    """Verify a scanned code, consume it and record the use.

    A repetition (same client, same request id, same content) gets the stored answer again.

    Args:
        text: As the scanner sent it.
        caller: Whose signature was checked.
        scene: Step of care, six or seven digits.
        request_id: Unique per request, the same at its repetitions; at most 64 characters.
        terminal_id: A terminal of the caller's institution; may be empty only in dialects
            whose operation has no terminal.
        department: Name or standard code.
        channel: 用卡渠道, for example ``0100``.
        card_type: 用卡类型.
        cost_type: 费别.
        use_city: Division in which the card is used.
        branch: Code of the branch of the institution.
        caller_time: The caller's clock; recorded, never trusted.
        operation: What was called; the number in a dialect that has numbers.
        terminal_token: Proves the terminal's own sign-in, where it has one.
        call: The signed call, where it has yet to be let in; that is then done with the write,
            or is left to whoever answers if nothing is written.

    Raises:
        InvalidInput: A value does not fit; ``field`` names it.
        ScopeMissing: The caller may not verify.
        CodeTooLong, CodeMalformed, CodeForged, CodeForeign, CityCardNotAccepted,
            TemporaryCardNotAccepted, TooManyRequests: As ``shown.read``.
        CodeExpired, CodeNotYetValid: It is not the code's time, and this is no repetition.
        StaticNotAllowed: A static code does not open this scene.
        TerminalUnknown, TerminalDisabled, TerminalBoundElsewhere, TerminalNotSignedIn,
            TerminalNotNamed: The terminal may not read codes.
        CodeUsed, RequestIdReused, CardUnknown, CardNumberRevoked, CardFrozen, CardLost,
            CardCancelled, StaticSwitchedOff, VerificationBusy: As ``writer.write``.
    """
    details = Details(
        scene=scene,
        request_id=request_id,
        operation=operation,
        terminal_id=terminal_id,
        department=department,
        channel=channel,
        card_type=card_type,
        cost_type=cost_type,
        use_city=use_city,
        branch=branch,
        caller_time=caller_time,
    )
    details.check()
    moment = clock.now()
    rules = rules_in_force()
    code = shown.read(text, caller=caller, rules=rules, moment=moment)
    repeated = _repeated(code, details, caller=caller, rules=rules, moment=moment, call=call)
    caller.require(CODE_VERIFY)
    granted = _granted(code, scene, rules)
    require_signed_in(caller, details, terminal_token)
    if call is not None:
        call.recheck_with(lambda present: require_signed_in(present, details, terminal_token))
    if repeated is not None:
        found, is_replayed = repeated, True
    else:
        found, is_replayed = _written(code, details, caller=caller, rules=rules, moment=moment, call=call)
    return Verified(
        card_id=code.card_id,
        code_kind=code.kind,
        opens=granted,
        scene=scene,
        is_replayed=is_replayed,
        found=found,
    )


def _repeated(
    code: Shown,
    details: Details,
    *,
    caller: Caller,
    rules: Rules,
    moment: datetime,
    call: SignedCall | None,
) -> Found | None:
    """The stored answer where a request is repeated after the window; nothing within it."""
    if code.code_time is None:
        return None
    try:
        shown.require_fresh(code.code_time, rules=rules, moment=moment)
    except CodeExpired:
        if call is not None:
            # Nobody asks the database who was not let in.
            call.admit()
        found = misses.answered_before(claim_of(code, details, caller=caller, moment=moment))
        if found is None:
            raise
        return found
    return None


def _written(
    code: Shown,
    details: Details,
    *,
    caller: Caller,
    rules: Rules,
    moment: datetime,
    call: SignedCall | None,
) -> tuple[Found, bool]:
    try:
        return writer.write(claim_of(code, details, caller=caller, moment=moment), rules, call)
    except CodeUsed:
        _record_refusal(caller, details)
        raise


def claim_of(
    code: Shown,
    details: Details,
    *,
    caller: Caller,
    moment: datetime,
    kind: UseKind = UseKind.DIRECT,
    is_report: bool = False,
) -> Claim:
    """The row that wants to be written for a code, or for a use without one."""
    digest, code_time = code.digest, code.code_time
    if digest is None or code_time is None:
        digest = request_digest(caller.public_id, details.request_id)
        code_time = day_of(digest, moment)
    return Claim(
        public_id=new_public_id(),
        number_index=blind_index(NUMBER_DOMAIN, code.card_id),
        number_index_next=next_blind_index(NUMBER_DOMAIN, code.card_id),
        code_digest=digest,
        code_time=code_time,
        use_no=1,
        kind=kind,
        code_kind=code.kind,
        is_report=is_report,
        institution=caller.institution,
        client=caller.public_id,
        at=moment,
        body_digest=details.digest(code.text),
        details=details,
    )


def day_of(digest: bytes, moment: datetime) -> datetime:
    """The beginning of the day in Beijing under which a use without a dynamic code is recorded."""
    local = clock.beijing(moment)
    today = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if local - today < _OVERLAP:
        before = today - _DAY
        if UsageRecord.objects.filter(code_digest=digest, code_time=before).exists():
            return before
    return today


def require_terminal(caller: Caller, details: Details) -> TerminalRef | None:
    """Refuse a terminal that is not registered or not in use; none at all is passed.

    Raises:
        TerminalUnknown: The caller's institution has no such terminal.
        TerminalDisabled: It is switched off.
        TerminalBoundElsewhere: It belongs to another client.
    """
    if not details.terminal_id:
        return None
    terminal = institutions.hot_terminal(
        caller.institution, details.terminal_id, generation=caller.generation
    )
    if terminal is None:
        raise TerminalUnknown(field="terminal_id")
    if not terminal.is_active:
        raise TerminalDisabled(field="terminal_id")
    if terminal.client and terminal.client != caller.public_id:
        raise TerminalBoundElsewhere(field="terminal_id")
    return terminal


def require_signed_in(caller: Caller, details: Details, token: str) -> None:
    """Refuse a terminal that may not read codes, or has to sign in and has not.

    The one place of the rule: whatever a client learns of a person by a code, it learns at a
    terminal. Where a terminal of the client's signs in, a call that names none is refused, or the
    sign-in could be gone around by an operation that has no place for a terminal. Reports of
    uses learn nothing and are not asked.

    Raises:
        TerminalUnknown, TerminalDisabled: As ``require_terminal``.
        TerminalNotNamed: No terminal is named, and those of the client sign in.
        TerminalNotSignedIn: The terminal has to sign in and has not.
    """
    terminal = require_terminal(caller, details)
    if terminal is None:
        if institutions.has_signed_in_terminals(caller.institution, caller.public_id):
            raise TerminalNotNamed(field="terminal_id")
    elif terminal.must_sign_in:
        institutions.require_session(terminal, token)


def _granted(code: Shown, scene: str, rules: Rules) -> Opens:
    scenes = rules.static_scenes if rules.static_allowed else frozenset()
    granted = opens(code.kind, scene, static_scenes=scenes)
    if granted is Opens.NOTHING and code.kind in (CodeKind.STATIC, CodeKind.TEMPORARY):
        raise StaticNotAllowed(field="code")
    return granted


def _record_refusal(caller: Caller, details: Details) -> None:
    audit.record(
        Action.CODE_REFUSED,
        actor=actor_of_caller(caller),
        subject=("gateway.ApiClient", caller.public_id),
        details={"outcome": CodeUsed.code, "scene": details.scene, "terminal": details.terminal_id},
    )
