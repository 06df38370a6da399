"""Confirmations signed with the card: an institution asks, a holder answers once (ID-16)."""

from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction

import gmcrypto
from cards.codes.page import showable_number
from cards.confirmations import confirmation_of
from cards.errors import ConfirmationOver
from cards.events import ConfirmationAsked
from cards.models import Card, Confirmation
from cards.models.confirmation import ConfirmationState
from cards.selectors import SELF
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from foundation.events import services as events
from gmcrypto.index import blind_index
from gmcrypto.statements import sign_statement
from identity import selectors as identity
from identity.rules import Deed, require
from identity.types import Acting
from institutions import selectors as institutions
from mpi import selectors as mpi

FORM = "ehc.confirmation.1"
LONGEST_TITLE, LONGEST_TEXT, LONGEST_REASON = 60, 2_000, 200
LONGEST_VALIDITY = timedelta(days=7)
ASKED_PER_DAY = 20
_DAY = 86_400
_SUBJECT_DOMAIN = "confirmation-subject"


@transaction.atomic
def ask_for_confirmation(
    *, card: Card, title: str, text: str, valid_minutes: int, actor: Actor
) -> Confirmation:
    """Ask the holders of a card to confirm a statement; they are told.

    Args:
        card: Of a patient of the actor's institution; the caller has checked that.
        text: Kept and signed exactly as it is given.

    Raises:
        InvalidInput: A value does not fit.
        CardFrozen, CardLost, CardCancelled: The card is not in use.
        TooManyRequests: This institution asked too often for this card.
    """
    if not title.strip() or len(title) > LONGEST_TITLE:
        raise InvalidInput(field="title")
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise InvalidInput(field="text")
    if not timedelta(0) < timedelta(minutes=valid_minutes) <= LONGEST_VALIDITY:
        raise InvalidInput(field="valid_minutes")
    showable_number(card)
    ratelimit.hit(f"confirmation:{actor.institution}:{card.public_id}", limit=ASKED_PER_DAY, per_seconds=_DAY)
    moment = clock.now()
    row = Confirmation.objects.create(
        card=card,
        subject=card.subject,
        institution=actor.institution,
        client=actor.id,
        title=title,
        text=text,
        created_at=moment,
        expires_at=moment + timedelta(minutes=valid_minutes),
    )
    audit.record(Action.CONFIRMATION_ASKED, actor=actor, subject=row)
    events.publish(
        ConfirmationAsked(
            confirmation_id=row.public_id, person_id=card.subject, institution_id=row.institution
        )
    )
    return row


@transaction.atomic
def answer_confirmation(
    *, public_id: str, account_pk: int, agrees: bool, reason: str = "", actor: Actor
) -> Confirmation:
    """Agree, or refuse with or without a reason, and sign the receipt; of several answers one stands.

    Raises:
        ConfirmationNotFound: Also for one of somebody whom the account does not hold.
        LevelTooLow: The account is not sure enough to be the person.
        CardFrozen, CardLost, CardCancelled: A card that is not in use signs no agreement.
        ConfirmationOver: It was answered, or its time is over.
    """
    row = confirmation_of(account_pk=account_pk, public_id=public_id)
    acting = identity.acting(account_pk, row.subject)
    require(acting.level, Deed.CONFIRM_STATEMENT)
    if acting.relation != SELF:
        actor = actor.acting_for(acting.person_id)
    if agrees:
        showable_number(row.card)
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(field="reason")
    state = ConfirmationState.AGREED if agrees else ConfirmationState.REFUSED
    moment = clock.now()
    receipt = sign_statement(FORM, _statement(row, acting, state, moment.replace(microsecond=0)))
    answered = Confirmation.objects.filter(
        pk=row.pk, state=ConfirmationState.WAITING, expires_at__gt=moment
    ).update(
        state=state,
        account=actor.id,
        answered_at=moment,
        reason=_sealed(row, "reason", reason),
        receipt=_sealed(row, "receipt", orjson.dumps(receipt).decode()),
    )
    if not answered:
        raise ConfirmationOver
    audit.record(
        Action.CONFIRMATION_ANSWERED,
        actor=actor,
        subject=row,
        institution=row.institution,
        details={"outcome": state.value, "level": acting.level},
    )
    return confirmation_of(account_pk=account_pk, public_id=public_id)


def _statement(row: Confirmation, acting: Acting, state: ConfirmationState, moment: Any) -> dict[str, Any]:
    """What is signed: no name and no number of the person, and of the text its digest."""
    place = institutions.institution_by_public_id(row.institution)
    person = mpi.public_id_of(mpi.survivor(row.card.person_id))
    return {
        "form": FORM,
        "id": row.public_id,
        "centre": {"name": settings.CENTRE_NAME, "ehcappid": settings.EHCAPPID},
        "institution": {"id": row.institution, "name": place.name if place is not None else ""},
        "title": row.title,
        "text_sm3": gmcrypto.sm3(row.text.encode()).hex(),
        "card": row.card.public_id,
        "person": blind_index(_SUBJECT_DOMAIN, f"{row.institution}\n{person}").hex(),
        "answered_by": acting.relation,
        "level": acting.level,
        "answered_at": clock.beijing(moment).isoformat(),
        "outcome": state.value,
    }


def _sealed(row: Confirmation, name: str, value: str) -> Any:
    field: Any = Confirmation._meta.get_field(name)
    return field.seal(row, value)
