"""Codes that an institution asks for, for a patient of its own."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from cards.centre import rules_in_force
from cards.codes.mint import mint_dynamic
from cards.codes.page import showable_number
from cards.codes.windows import windows
from cards.errors import CardNumberRevoked, CardUnknown, PersonNotBound, StaticSwitchedOff, TemporaryCodeOnly
from cards.events import CodeMinted
from cards.models import Card, CardNumber, CodeMint
from cards.rules.policy import CodeKind
from cards.services import binding
from cards.services.numbers import NUMBER_DOMAIN
from cards.states import NumberState
from cards.verification.claim import request_digest
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.events import services as events
from foundation.gateway.caller import Caller, actor_of_caller
from foundation.gateway.scopes import CODE_MINT
from gmcrypto.index import indexed_as

HOUR = 3_600


@dataclass(frozen=True, slots=True)
class MintedCode:
    """A code for an institution; a static one has no window."""

    text: str = field(repr=False)
    code_kind: CodeKind
    valid_from: datetime | None
    valid_until: datetime | None


def find_number(card_id: str) -> CardNumber:
    """The card number with this 电子健康卡ID, current or superseded.

    Raises:
        CardUnknown: If there is none.
        CardNumberRevoked: If the card was re-issued, and has another one.
    """
    named = indexed_as("value_index", NUMBER_DOMAIN, card_id.strip().upper())
    number = CardNumber.objects.select_related("card").filter(named).first()
    if number is None:
        raise CardUnknown(field="health_card_id")
    if number.state == NumberState.REVOKED:
        raise CardNumberRevoked(field="health_card_id")
    return number


@transaction.atomic
def mint_for_institution(
    *, card_id: str, caller: Caller, request_id: str, code_kind: CodeKind = CodeKind.DYNAMIC
) -> MintedCode:
    """Make a code for a card whose holder the institution knows; the holder is told.

    Args:
        card_id: The 电子健康卡ID.
        caller: Holds the scope ``code:mint``.
        request_id: The caller's own id of the request, kept with the record.
        code_kind: Dynamic or static.

    Raises:
        ScopeMissing: The caller may not make codes.
        CardUnknown, PersonNotBound: No such card, or not a patient of this institution.
        CardFrozen, CardLost, CardCancelled, StaticSwitchedOff: The card shows no such code.
        TemporaryCodeOnly: A temporary card has no dynamic codes.
        TooManyRequests: Too many for this card.
    """
    caller.require(CODE_MINT)
    card = find_number(card_id).card
    if not binding.is_bound(card.pk, caller.institution):
        raise PersonNotBound(field="health_card_id")
    number = showable_number(card)
    if number.is_temporary and code_kind is not CodeKind.STATIC:
        raise TemporaryCodeOnly(field="code_kind")
    rules = rules_in_force()
    ratelimit.hit(f"mint:{card.public_id}", limit=rules.institution_codes_per_hour, per_seconds=HOUR)
    moment = clock.now()
    if code_kind is CodeKind.STATIC:
        if not (card.static_enabled and rules.static_allowed):
            raise StaticSwitchedOff
        minted = MintedCode(number.fixed_text, code_kind, None, None)
        digest = request_digest(caller.public_id, request_id)
    else:
        window = windows(moment, rules)[0]
        code = mint_dynamic(number, at=window.begins)
        minted = MintedCode(code.text, code_kind, window.begins, window.ends)
        digest = code.digest
    _record(card, caller, code_kind, digest, moment)
    return minted


def _record(card: Card, caller: Caller, code_kind: CodeKind, digest: bytes, moment: datetime) -> None:
    mint = CodeMint.objects.create(
        card=card,
        institution=caller.institution,
        client=caller.public_id,
        code_kind=code_kind.value,
        code_digest=digest,
        at=moment,
    )
    audit.record(
        Action.CODE_MINTED,
        actor=actor_of_caller(caller),
        subject=card,
        details={"code_kind": code_kind.value, "reference": mint.public_id},
    )
    events.publish(
        CodeMinted(
            card_id=card.public_id,
            person_id=card.subject,
            institution_id=caller.institution,
            client_id=caller.public_id,
        )
    )
