"""The scan session: what an institution may do with a text that it has verified.

The first verifying use consumes a dynamic code. For some minutes after that the same
institution may name the card by the text; nobody else may, and nobody may verify with it
again. A static text names its card for as long after each of the institution's scans.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Q

from cards import notices
from cards.centre import Rules, rules_in_force
from cards.errors import CodeUsed, NoScanSession, ScanSessionOver
from cards.models import Card
from cards.models.usage import UsageRecord
from cards.rules.policy import CodeKind, Opens
from cards.services.numbers import NUMBER_DOMAIN
from cards.verification import misses, shown
from cards.verification.claim import Details
from cards.verification.shown import Shown
from cards.verification.verified import Verified
from cards.verification.verify import require_signed_in
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.gateway.caller import Caller, actor_of_caller
from gmcrypto.index import indexed_as


def reference(text: str, *, caller: Caller, within: timedelta | None = None) -> Verified:
    """The card that a text names, inside the caller's scan session. Nothing is consumed.

    Args:
        text: As scanned.
        caller: Of the institution that scanned it.
        within: How long a scan holds; by default what the centre's rules say.

    Raises:
        NoScanSession: The caller's institution has not scanned it.
        CodeUsed: Another institution has.
        ScanSessionOver: It was too long ago.
        CardFrozen, CardLost, CardCancelled: The card is not good any more.
        CodeForged and the other refusals of ``shown.read``.
    """
    code, row = _scan(text, caller, within)
    return _verified(code, row)


def complete(
    text: str,
    *,
    caller: Caller,
    details: Details,
    opened_by: str,
    within: timedelta | None = None,
) -> Verified:
    """Complete a scan that was opened by an operation without place and purpose, once.

    Tencent's 104 consumes a code and knows neither terminal nor scene; the 143 that follows
    brings them.

    Args:
        text: As scanned.
        caller: The very client that opened the scan.
        details: What is now known of the use.
        opened_by: The operation that opened the scan, for example ``104``.
        within: As in ``reference``.

    Raises:
        CodeUsed: The scan is complete already, or was not opened so by this client.
        TerminalUnknown, TerminalDisabled, TerminalNotSignedIn, InvalidInput, and the refusals of
            ``reference``.
    """
    details.check()
    # The dialect has no place for a terminal's session, so one that signs in cannot complete either.
    require_signed_in(caller, details, "")
    code, row = _scan(text, caller, within)
    # First the answer: a card that is not good any more refuses it and leaves the scan open.
    verified = _verified(code, row)
    completed = UsageRecord.objects.filter(
        pk=row.pk,
        code_time=row.code_time,
        client=caller.public_id,
        operation=opened_by,
        completed_at=None,
    ).update(
        completed_at=clock.now(),
        scene=details.scene,
        terminal=details.terminal_id,
        department=details.department,
        channel=details.channel,
        card_type=details.card_type,
        cost_type=details.cost_type,
        use_city=details.use_city,
        branch=details.branch,
        caller_time=details.caller_time,
    )
    if not completed:
        raise CodeUsed(field="code")
    audit.record(
        Action.CODE_VERIFIED,
        actor=actor_of_caller(caller),
        subject=("cards.Card", verified.found.card_public_id),
        details={
            "reference": row.public_id,
            "outcome": "completed",
            "scene": details.scene,
            "terminal": details.terminal_id,
        },
    )
    _tell_holders(row, verified, details)
    return replace(verified, scene=details.scene)


def _tell_holders(row: UsageRecord, verified: Verified, details: Details) -> None:
    """The notice of the opening knew neither place nor purpose."""
    found = verified.found
    use = notices.Use(
        usage_id=row.public_id,
        card_id=found.card_public_id,
        institution=row.institution,
        terminal=details.terminal_id,
        scene=details.scene,
        code_kind=row.code_kind,
        at=row.at,
    )
    person_pk = Card.objects.values_list("person_id", flat=True).get(pk=found.card_pk)
    notices.tell_holders(use, person_pk=person_pk)


def _scan(text: str, caller: Caller, within: timedelta | None) -> tuple[Shown, UsageRecord]:
    rules = rules_in_force()
    moment = clock.now()
    code = shown.read(text, caller=caller, rules=rules, moment=moment)
    rows = list(UsageRecord.objects.filter(_named_by(code, moment)).order_by("-at")[:50])
    own = [row for row in rows if row.institution == caller.institution]
    if not own:
        # A dynamic code that another institution consumed is gone; what others did with a
        # static code is none of this caller's affair.
        if rows and code.kind is CodeKind.DYNAMIC:
            raise CodeUsed(field="code")
        raise NoScanSession(field="code")
    if own[0].at < moment - _span(rules, within):
        raise ScanSessionOver(field="code")
    return code, own[0]


def _span(rules: Rules, within: timedelta | None) -> timedelta:
    return within if within is not None else timedelta(minutes=rules.session_minutes)


def _named_by(code: Shown, moment: datetime) -> Q:
    if code.digest is not None:
        return Q(code_digest=code.digest, code_time=code.code_time)
    return indexed_as("card__numbers__value_index", NUMBER_DOMAIN, code.card_id) & Q(
        is_report=False,
        code_kind=code.kind.value,
        code_time__gte=moment - timedelta(days=2),
    )


def _verified(code: Shown, row: UsageRecord) -> Verified:
    return Verified(
        card_id=code.card_id,
        code_kind=code.kind,
        opens=Opens.PERSON if code.kind is CodeKind.DYNAMIC else Opens.PERSON_WITH_DOCUMENT,
        scene=row.scene,
        is_replayed=True,
        found=misses.stored_answer(row),
    )
