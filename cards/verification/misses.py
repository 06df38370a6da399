"""Why a claim was not written."""

from dataclasses import replace
from datetime import datetime

from django.db.models import Q

from cards.centre import Rules
from cards.errors import (
    CardNumberRevoked,
    CardUnknown,
    CodeUsed,
    RequestIdReused,
    StaticSwitchedOff,
    TemporaryCardExpired,
    TemporaryCardNotAccepted,
    VerificationBusy,
)
from cards.models import Card, CardNumber
from cards.models.usage import UsageRecord
from cards.rules.life import REFUSALS
from cards.rules.policy import CodeKind
from cards.states import NumberState
from cards.verification.claim import Claim, Found
from foundation.core import clock
from foundation.core.errors import DomainError
from gmcrypto.fields import Sealed

FIXED = (CodeKind.STATIC, CodeKind.TEMPORARY)


def explain(claim: Claim, rules: Rules) -> Found | Claim:
    """What to do about a claim that was not written.

    Returns:
        The stored answer, if this very request was answered before; or the claim to try next,
        if the code may be used once more.

    Raises:
        RequestIdReused: The request id came before with another content.
        CodeUsed: Somebody else, or another request, consumed the code.
        CardUnknown, CardNumberRevoked, CardFrozen, CardLost, CardCancelled, StaticSwitchedOff:
            The card is why.
        VerificationBusy: The card became good again in between; asking again settles it.
    """
    rows = list(
        UsageRecord.objects.filter(code_digest=claim.code_digest, code_time=claim.code_time).order_by(
            "use_no"
        )
    )
    for row in rows:
        if row.client == claim.client and row.request_id == claim.details.request_id:
            if bytes(row.body_digest) != claim.body_digest:
                raise RequestIdReused(field="request_id")
            return stored_answer(row, is_report=claim.is_report)
    if not rows or claim.use_no > rows[-1].use_no:
        # The place that was tried is free, so it is not the code that was refused.
        _refuse_by_card(claim)
    if len(rows) >= rules.uses_per_code:
        raise CodeUsed(field="code")
    return replace(claim, use_no=rows[-1].use_no + 1)


def answered_before(claim: Claim) -> Found | None:
    """The stored answer, if this very request was answered while its code was fresh.

    Raises:
        CardFrozen, CardLost, CardCancelled: As ``stored_answer``.
    """
    row = UsageRecord.objects.filter(
        code_digest=claim.code_digest,
        code_time=claim.code_time,
        client=claim.client,
        request_id=claim.details.request_id,
        body_digest=claim.body_digest,
    ).first()
    return None if row is None else stored_answer(row)


def stored_answer(row: UsageRecord, *, is_report: bool = False) -> Found:
    """The answer of an earlier use, built again from its row.

    Raises:
        CardFrozen, CardLost, CardCancelled: The card was good then and is not now; what is
            frozen is not read out again.
    """
    number = CardNumber.objects.select_related("card").get(pk=row.number_id)
    card = number.card
    if is_over(card, clock.now()) and not is_report:
        raise TemporaryCardExpired(field="code")
    refusal = REFUSALS.get(card.state)
    if refusal is not None and not is_report:
        raise refusal(field="code")
    return Found(
        usage_id=row.public_id,
        at=row.at,
        card_pk=card.pk,
        card_public_id=card.public_id,
        subject=card.subject,
        face=_blob(card, "face"),
        number_public_id=number.public_id,
        main_index=_blob(number, "main_index"),
    )


def _blob(row: object, name: str) -> bytes:
    value = vars(row)[name]
    if not isinstance(value, Sealed):
        raise TypeError(f"{name} was opened already")
    return value.blob


def _refuse_by_card(claim: Claim) -> None:
    named = Q(value_index=claim.number_index)
    if claim.number_index_next is not None:
        named |= Q(value_index_next=claim.number_index_next)
    number = CardNumber.objects.select_related("card").filter(named).first()
    if number is None or _is_dressed_up(claim, number):
        raise _unknown(claim)
    if number.state == NumberState.REVOKED:
        raise CardNumberRevoked(field="code")
    if is_over(number.card, claim.at):
        raise TemporaryCardExpired(field="code")
    refusal = REFUSALS.get(number.card.state)
    if refusal is not None:
        raise refusal(field="code")
    if claim.code_kind in FIXED and not number.card.static_enabled:
        raise StaticSwitchedOff(field="code")
    raise VerificationBusy


def is_over(card: Card, moment: datetime) -> bool:
    """Whether the deadline of a temporary card has passed."""
    return card.valid_until is not None and moment >= card.valid_until


def _is_dressed_up(claim: Claim, number: CardNumber) -> bool:
    """A temporary number as a static code, or the other way round: we make neither."""
    return claim.code_kind in FIXED and number.is_temporary != (claim.code_kind is CodeKind.TEMPORARY)


def _unknown(claim: Claim) -> DomainError:
    if claim.code_kind is CodeKind.TEMPORARY:
        return TemporaryCardNotAccepted(field="code")
    return CardUnknown(field="code")
