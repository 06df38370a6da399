"""What an institution does to the card of a person whom it treats and has in front of it.

Only institutions that are bound to the card; its holder is told of everything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

import gmcrypto
from cards.errors import (
    CardNumberRevoked,
    CardUnknown,
    CertificateDisagrees,
    IdentityUnconfirmed,
    PersonNotBound,
    RealNameMismatch,
)
from cards.models import Card, CardNumber
from cards.rules.life import CardMove
from cards.services import binding, life, numbers
from cards.services.issue import live_card
from cards.states import NumberState
from foundation.core.actor import Actor
from foundation.core.text import normalise_name
from gmcrypto.index import indexed_as
from identity import services as identity
from identity.types import CheckOutcome
from mpi import selectors as mpi
from mpi import services as persons
from mpi.rules import canonical_number
from mpi.types import PersonChanges

SPARED = timedelta(days=365)

_MOVES: Mapping[CardMove, Callable[..., None]] = {
    CardMove.REPORT_LOSS: life.report_loss,
    CardMove.WITHDRAW_LOSS: life.withdraw_loss,
    CardMove.CANCEL: life.cancel_card,
}


@dataclass(frozen=True, slots=True)
class NewIdentity:
    """Another name or certificate that a check has confirmed.

    Attributes:
        check_id: Public id of the evidence.
    """

    id_type: str
    id_number: str
    name: str
    check_id: str


def move_by_institution(*, card_id: str, move: CardMove, reason: str, actor: Actor) -> CardNumber:
    """Report a loss, withdraw it, or cancel the card.

    Args:
        card_id: The 电子健康卡ID.
        move: One of the three.

    Raises:
        CardUnknown, PersonNotBound, CardNumberRevoked: The card is none of this institution's
            patients, or has another number.
        CardMoveRefused, CardHeldByCentre, StalePage: As the moves.
    """
    number = _living(card_id, actor)
    _MOVES[move](card_pk=number.card_id, reason=reason, actor=actor)
    return _read(number.pk)


def reissue_by_institution(
    *, card_id: str, id_type: str, id_number: str, reason: str, actor: Actor
) -> CardNumber:
    """Give the card another number, against the certificate that was shown, once a year.

    Asked for a number that the card no longer has, it changes nothing: the answer is the number
    that took its place. So a repeated call, or a list with old numbers, does no harm. Each number
    uses up one of the keys, and a real loss must find one left; so a card that was re-issued
    within the year gets another number only from its holder or the centre.

    Returns:
        The card's number now.

    Raises:
        CardUnknown, PersonNotBound: As ``move_by_institution``.
        CertificateDisagrees: If the certificate is not the person's.
        ReissuedLately, CardMoveRefused, CardHeldByCentre, CardNumbersUsedUp: As
            ``reissue_number``.
    """
    number = _bound(card_id, actor)
    shown = mpi.find_by_identifier(id_type, id_number)
    if shown is None or shown.person_pk != mpi.survivor(number.card.person_id):
        raise CertificateDisagrees(field="id_number")
    current = numbers.reissue_number(
        card_pk=number.card_id,
        reason=reason,
        actor=actor,
        replaces=number.public_id,
        spared=SPARED,
    )
    return _read(current.pk)


def check_new_identity(
    *, card_id: str, id_type: str, id_number: str, name: str, actor: Actor, request_id: str
) -> NewIdentity:
    """Ask the population database about another name or certificate of a card's person.

    Not to be called in a transaction. Unlike a registration, a change needs a yes: it moves a
    card that somebody may hold.

    Args:
        id_type: Empty, with the number, to leave the certificate as it is.
        name: Empty to leave it as it is.

    Raises:
        CardUnknown, PersonNotBound, CardNumberRevoked: As ``move_by_institution``.
        RealNameMismatch: If the number belongs to another name.
        IdentityUnconfirmed: If nothing was answered, or the number is not known.
    """
    before = mpi.particulars(_living(card_id, actor).card.person_id)
    given = NewIdentity(
        id_type=id_type or before.id_type,
        id_number=canonical_number(id_type, id_number) if id_type else before.id_number,
        name=normalise_name(name) or before.name,
        check_id="",
    )
    check = identity.check_real_name(
        request_id=gmcrypto.sm3(f"{actor.id}\n{request_id}".encode()).hex(),
        subject=("institutions.Institution", actor.institution),
        id_type=given.id_type,
        id_number=given.id_number,
        name=given.name,
        actor=actor,
        deadline=identity.SYNCHRONOUS_SECONDS,
    )
    if check.outcome is CheckOutcome.MISMATCH:
        raise RealNameMismatch(field="name")
    if check.outcome is not CheckOutcome.MATCH:
        raise IdentityUnconfirmed
    return NewIdentity(given.id_type, given.id_number, given.name, check.check_id)


@transaction.atomic
def update_by_institution(
    *,
    card_id: str,
    changes: PersonChanges,
    new_identity: NewIdentity | None = None,
    reason: str,
    actor: Actor,
) -> CardNumber:
    """Change particulars of a card's person; the card follows in the same transaction.

    Args:
        changes: Phone, address, ethnic group.
        new_identity: From ``check_new_identity``.

    Returns:
        The card's number now: another one where name or certificate changed.

    Raises:
        CardUnknown, PersonNotBound, CardNumberRevoked: As ``move_by_institution``.
        InvalidParticulars, IdentifierTaken: From the master index.
    """
    number = _living(card_id, actor)
    person_pk = number.card.person_id
    if new_identity is not None:
        persons.change_identity(
            person_pk=person_pk,
            id_type=new_identity.id_type,
            id_number=new_identity.id_number,
            name=new_identity.name,
            actor=actor,
            reason=reason,
        )
        identity.attach_person(check_id=new_identity.check_id, person_pk=person_pk)
    persons.update_person(person_pk=person_pk, changes=changes, actor=actor, reason=reason)
    current = numbers.follow_person(card_pk=number.card_id, reason=reason, actor=actor)
    return _read(current.pk)


def bound_card(*, card_id: str, actor: Actor) -> Card:
    """The card of a patient of the institution.

    Raises:
        CardUnknown, PersonNotBound, CardNumberRevoked: As ``move_by_institution``.
    """
    return _living(card_id, actor).card


def card_of_patient(*, patient_id: str, actor: Actor) -> Card:
    """The card of the person whom the institution knows by a number of its own.

    Raises:
        PersonNotBound: If it knows nobody by it, or the person has no card that it is bound to.
    """
    person = mpi.find_by_source(actor.institution, patient_id)
    card = live_card(person.person_pk) if person is not None else None
    if card is None or not binding.is_bound(card.pk, actor.institution):
        raise PersonNotBound(field="patient_id")
    return card


def _bound(card_id: str, actor: Actor) -> CardNumber:
    """The number, also one that is revoked, of a card that the institution knows."""
    named = indexed_as("value_index", numbers.NUMBER_DOMAIN, card_id.strip().upper())
    number = CardNumber.objects.select_related("card").filter(named).first()
    if number is None:
        raise CardUnknown(field="health_card_id")
    if not binding.is_bound(number.card_id, actor.institution):
        raise PersonNotBound(field="health_card_id")
    return number


def _living(card_id: str, actor: Actor) -> CardNumber:
    number = _bound(card_id, actor)
    if number.state == NumberState.REVOKED:
        raise CardNumberRevoked(field="health_card_id")
    return number


def _read(number_pk: int) -> CardNumber:
    return CardNumber.objects.select_related("card").get(pk=number_pk)
