"""The numbers of a card: derived, derived anew where their person changes, replaced after a loss.

A number is a function of certificate, name and safe key. Everybody locks the card's row before
they touch its numbers; of two callers who replace the same number one does, and the other gets
what the first made.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from cards import notices
from cards.errors import CardNotFound, CardNumbersUsedUp, ReissuedLately
from cards.events import CardNumberChanged, CardStateChanged
from cards.models import Card, CardNumber
from cards.rules import derivation
from cards.rules.codes import TEMPORARY_KEY_VERSION
from cards.rules.face import face_of
from cards.rules.life import CardMove, require_move
from cards.states import CardState, NumberState
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events import services as events
from gmcrypto import index, keystore
from gmcrypto.keyring import Purpose
from institutions.rules import Duty
from institutions.services import require_of_staff
from mpi import selectors as mpi

NUMBER_DOMAIN = "card-number"


@dataclass(frozen=True, slots=True)
class _Derived:
    """A number that may be given; ``former`` is the row that already bears it."""

    value: str = field(repr=False)
    main_index: str = field(repr=False)
    key_version: int
    former: CardNumber | None = None


def first_number(*, card: Card, particulars: mpi.Particulars) -> CardNumber:
    """The number of a new card: under the oldest safe key that has given this person none.

    Raises:
        CardNumbersUsedUp: If every active key has.
    """
    return _take(card, _derived(card, particulars))


@transaction.atomic
def reissue_number(
    *, card_pk: int, reason: str, actor: Actor, replaces: str = "", spared: timedelta | None = None
) -> CardNumber:
    """Give the card a number under the next safe key, and refuse every number that it had.

    A card that was reported lost works again, under the new number alone: whoever has the old
    code, printed or photographed, has nothing.

    Args:
        replaces: Public id of the number that the caller saw. If it has been replaced
            meanwhile, nothing more happens; so a second click does not use up another key.
        spared: How long after a re-issue there is no other one.

    Returns:
        The card's number now.

    Raises:
        ReissuedLately: If the person's card was re-issued within ``spared``, by whomever.
        CardNotFound, CardMoveRefused, CardHeldByCentre: As the moves of ``services.life``.
        CardNumbersUsedUp: If every active key has given the person a number before.
    """
    require_of_staff(actor, Duty.MANAGE_CARDS)
    seen = replaces or _current(card_pk).public_id
    card = _locked(card_pk)
    current = _current(card_pk)
    if current.public_id != seen:
        return current
    before = CardState(card.state)
    require_move(CardMove.REISSUE, before, stopped_by=card.state_changed_by, mover=actor.kind)
    if spared is not None and _was_reissued(card, since=clock.now() - spared):
        raise ReissuedLately(field="health_card_id")
    _retire(card, NumberState.CURRENT, NumberState.REVOKED)
    _retire(card, NumberState.SUPERSEDED, NumberState.REVOKED)
    number = _take(card, _derived(card, mpi.particulars(card.person_id)))
    if before is not CardState.ACTIVE:
        _use_again(card, before, actor)
    audit.record(
        Action.CARD_REISSUED,
        actor=actor,
        subject=card,
        reason=reason,
        details={"before": before.value, "after": card.state, "key_version": number.key_version},
    )
    _tell(card, number, NumberState.REVOKED)
    return number


@transaction.atomic
def follow_person(*, card_pk: int, reason: str, actor: Actor) -> CardNumber:
    """Take the person's present particulars into the card, and its number where it hangs on them.

    Where certificate or name changed, the number is derived anew; the one before is superseded
    and still resolves.

    Returns:
        The card's number now.

    Raises:
        CardNotFound: If there is no such card.
        CardNumbersUsedUp: If every number of this certificate and name was revoked.
    """
    card = _locked(card_pk)
    current = _current(card_pk)
    if card.state == CardState.CANCELLED:
        return current
    particulars = mpi.particulars(card.person_id)
    card.face = face_of(particulars, card.hidden)
    card.save(update_fields=["face", "updated_at"])
    # Without a certificate there is nothing to derive from; the number stays until there is one.
    if not particulars.id_type or _main_index(particulars) == current.main_index:
        return current
    _retire(card, NumberState.CURRENT, NumberState.SUPERSEDED)
    if card.valid_until is not None:
        # The person is known from now on, and the card is theirs without a deadline.
        card.valid_until = None
        card.save(update_fields=["valid_until"])
    number = _take(card, _derived(card, particulars))
    audit.record(
        Action.CARD_NUMBER_FOLLOWED,
        actor=actor,
        subject=card,
        reason=reason,
        details={"key_version": number.key_version},
    )
    _tell(card, number, NumberState.SUPERSEDED)
    return number


def _was_reissued(card: Card, *, since: datetime) -> bool:
    """Whether a number of the person was revoked: the keys are the person's, whatever the card."""
    return CardNumber.objects.filter(
        card__person__in=mpi.cluster(card.person_id), state=NumberState.REVOKED, retired_at__gt=since
    ).exists()


def _locked(card_pk: int) -> Card:
    card = Card.objects.select_for_update(no_key=True).filter(pk=card_pk).first()
    if card is None:
        raise CardNotFound
    return card


def _current(card_pk: int) -> CardNumber:
    number = CardNumber.objects.filter(card=card_pk, state=NumberState.CURRENT).first()
    if number is None:
        raise CardNotFound
    return number


def _main_index(particulars: mpi.Particulars) -> str:
    return derivation.main_index(particulars.id_type, particulars.id_number, particulars.name)


def _derived(card: Card, particulars: mpi.Particulars) -> _Derived:
    """The number under the oldest active key that may be this card's number.

    A temporary card's is random, until there is a certificate to derive one from.

    One that was never given, or that the card had until its person changed and now has again.
    """
    if card.valid_until is not None and not particulars.id_type:
        value = secrets.token_hex(32).upper()
        return _Derived(value, value, TEMPORARY_KEY_VERSION)
    main_index = _main_index(particulars)
    for key in sorted(keystore.all_active(Purpose.DERIVATION), key=lambda key: key.version):
        value = derivation.card_id(key.secret, main_index, particulars.id_type, particulars.id_number)
        former = CardNumber.objects.filter(index.indexed_as("value_index", NUMBER_DOMAIN, value)).first()
        if former is None or (former.card_id == card.pk and former.state == NumberState.SUPERSEDED):
            return _Derived(value, main_index, key.version, former)
    raise CardNumbersUsedUp


def _take(card: Card, number: _Derived) -> CardNumber:
    if number.former is not None:
        CardNumber.objects.filter(pk=number.former.pk).update(state=NumberState.CURRENT, retired_at=None)
        return _current(card.pk)
    return CardNumber.objects.create(
        card=card,
        subject=card.subject,
        value=number.value,
        value_index=index.blind_index(NUMBER_DOMAIN, number.value),
        value_index_next=index.next_blind_index(NUMBER_DOMAIN, number.value),
        main_index=number.main_index,
        key_version=number.key_version,
        created_at=clock.now(),
    )


def _retire(card: Card, before: NumberState, after: NumberState) -> None:
    CardNumber.objects.filter(card=card, state=before).update(state=after, retired_at=clock.now())


def _use_again(card: Card, before: CardState, actor: Actor) -> None:
    card.state = CardState.ACTIVE
    card.state_changed_at = clock.now()
    card.state_changed_by = actor.kind.value
    card.save(update_fields=["state", "state_changed_at", "state_changed_by", "updated_at"])
    events.publish(
        CardStateChanged(
            card_id=card.public_id, person_id=card.subject, before=before.value, after=card.state
        )
    )


def _tell(card: Card, number: CardNumber, before: NumberState) -> None:
    events.publish(
        CardNumberChanged(
            card_id=card.public_id,
            person_id=card.subject,
            number_id=number.public_id,
            before=before.value,
        )
    )
    notices.tell_changed(card_id=card.public_id, person_pk=card.person_id)
