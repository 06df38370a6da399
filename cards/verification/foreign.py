"""A code of another centre: asked there, by way of the upper centre, and recorded here.

Nobody is asked with a transaction open. The intent is written first, so that a question whose
answer never came is on file, and a repetition of the same request meets it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

import gmcrypto
from cards.errors import CodeForeign
from cards.models.crossing import Crossing, CrossUse
from cards.providers.base import CrossDomainProvider, ForeignAnswer, ForeignQuestion, Use
from cards.rules import codes
from cards.rules.policy import reads_full
from cards.verification import crossing
from cards.verification.claim import Details
from cards.verification.verified import Verified
from cards.verification.verify import require_signed_in, verify
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.errors import DomainError
from foundation.gateway.authenticate import SignedCall
from foundation.gateway.caller import Caller, actor_of_caller
from foundation.gateway.scopes import CODE_VERIFY
from institutions import selectors as institutions

_DOMAIN = "ehc.cross.request.1"


@dataclass(frozen=True, slots=True)
class ForeignVerified:
    """A code that another centre verified.

    Attributes:
        usage_id: Number of the record here.
        issuer: EHCAPPID of the issuing centre.
    """

    usage_id: str
    issuer: str
    answered: ForeignAnswer = field(repr=False)

    def answer(self) -> dict[str, Any]:
        """In the form of an answer about a code of our own; masked where the caller's scopes ask."""
        answered = self.answered
        return {
            "usage_id": self.usage_id,
            "verified_at": answered.verified_at.isoformat(timespec="milliseconds"),
            "code_kind": answered.code_kind,
            "document_required": answered.document_required,
            "replayed": answered.is_replayed,
            "masked": answered.is_masked,
            "health_card_id": answered.card_id,
            "main_index": answered.main_index,
            "person": dict(answered.person),
            "issuer": self.issuer,
            "answered_by": answered.answered_by,
        }


def is_foreign(text: str) -> bool:
    """Whether a text is a code that names another centre as its issuer.

    Raises:
        CodeTooLong, CodeMalformed: It is no code.
    """
    code = codes.parse(text, own_issuer=settings.EHCAPPID)
    return isinstance(code, codes.ForeignCode) and code.issuer not in {"", settings.EHCAPPID}


def verify_anywhere(
    *,
    text: str,
    caller: Caller,
    scene: str,
    request_id: str,
    terminal_id: str,
    operation: str = "verify",
    call: SignedCall | None = None,
    caller_time: datetime | None = None,
    terminal_token: str = "",
    **more: str,
) -> Verified | ForeignVerified:
    """Verify a code here or, where another centre issued it, there.

    Arguments and errors are those of ``verify`` and ``verify_foreign``.
    """
    try:
        return verify(
            text=text,
            caller=caller,
            scene=scene,
            request_id=request_id,
            terminal_id=terminal_id,
            operation=operation,
            call=call,
            caller_time=caller_time,
            terminal_token=terminal_token,
            **more,
        )
    except CodeForeign:
        if not is_foreign(text):
            raise
    if call is not None:
        caller = call.admit()
    details = Details(
        scene=scene,
        request_id=request_id,
        operation=operation,
        terminal_id=terminal_id,
        caller_time=caller_time,
        **more,
    )
    return verify_foreign(text=text, caller=caller, details=details, terminal_token=terminal_token)


def verify_foreign(
    *, text: str, caller: Caller, details: Details, terminal_token: str = ""
) -> ForeignVerified:
    """Have a code of another centre verified there, and record its use here.

    A repetition (same client, same request id, same content) asks again under the same number,
    and the issuing centre gives its stored answer.

    Raises:
        CodeForeign: There is no way to other centres, or the code names no issuer.
        RequestIdReused: The request id came before with other content.
        ScopeMissing, InvalidInput, TerminalUnknown, TerminalDisabled: As for a code of our own.
        DomainError: One of ``cards.errors.foreign``, or the issuing centre's refusal.
    """
    details.check()
    caller.require(CODE_VERIFY)
    require_signed_in(caller, details, terminal_token)
    code = codes.parse(text, own_issuer=settings.EHCAPPID)
    provider = _provider()
    if not isinstance(code, codes.ForeignCode) or not code.issuer or not provider.is_connected():
        raise CodeForeign(field="code")
    use = _use(caller, details)
    row = _asked(code, caller, details, use)
    question = ForeignQuestion(
        request_id=row.request_id,
        text=code.text,
        issuer=code.issuer,
        wants_full=reads_full(caller.scopes),
        use=use,
    )
    try:
        answered = provider.verify(question)
    except DomainError as exc:
        _settle(row, caller, outcome=exc.code)
        raise
    _settle(row, caller, outcome=crossing.VERIFIED, answered=answered)
    return ForeignVerified(row.public_id, code.issuer, answered)


def request_number(client: str, request_id: str) -> str:
    """Under which number a client's request goes to other centres."""
    return gmcrypto.sm3("\x1f".join((_DOMAIN, settings.EHCAPPID, client, request_id)).encode()).hex()


def _provider() -> CrossDomainProvider:
    provider: CrossDomainProvider = import_string(settings.CROSS_DOMAIN_PROVIDER)()
    return provider


def _use(caller: Caller, details: Details) -> Use:
    place = institutions.institution_by_public_id(caller.institution)
    return Use(
        centre=settings.EHCAPPID,
        centre_name=settings.CENTRE_NAME,
        institution=place.code if place is not None else "",
        institution_name=place.name if place is not None else "",
        scene=details.scene,
        terminal=details.terminal_id,
        department=details.department,
        channel=details.channel,
        card_type=details.card_type,
        cost_type=details.cost_type,
        use_city=details.use_city or settings.EHCAPPID[:6],
        branch=details.branch,
        occurred_at=details.caller_time.isoformat() if details.caller_time else "",
    )


def _asked(code: codes.ForeignCode, caller: Caller, details: Details, use: Use) -> CrossUse:
    row = CrossUse(
        crossing=Crossing.FOREIGN_HERE,
        request_id=request_number(caller.public_id, details.request_id),
        body_digest=details.digest(code.text),
        using_centre=settings.EHCAPPID,
        using_centre_name=settings.CENTRE_NAME[:60],
        issuing_centre=code.issuer,
        asked_by=caller.public_id,
        institution=caller.institution,
        institution_name=use.institution_name[:120],
        scene=details.scene,
        terminal=details.terminal_id,
        department=details.department,
        channel=details.channel,
        asked_at=clock.now(),
    )
    return crossing.keep_asked(row)


def _settle(row: CrossUse, caller: Caller, *, outcome: str, answered: ForeignAnswer | None = None) -> None:
    """Write what came of the question; what was verified once stays so."""
    found: dict[str, str] = {}
    if answered is not None:
        found = {
            "answered_by": answered.answered_by[:20],
            "reference": answered.reference[:64],
            "code_kind": answered.code_kind[:8],
        }
    with transaction.atomic():
        if not crossing.settle(row, outcome=outcome, **found):
            return
        audit.record(
            Action.CODE_VERIFIED_ELSEWHERE,
            actor=actor_of_caller(caller),
            subject=row,
            details={"outcome": outcome, "scene": row.scene, "terminal": row.terminal},
        )
