"""At the window: people without a certificate of their own, until they have one."""

from django.conf import settings
from django.db import transaction

from cards.codes.institution import find_number
from cards.codes.page import showable_number
from cards.errors import BirthDateDiffers, CodeMalformed, HasCertificate, PersonNotBound
from cards.models import Card
from cards.rules import codes
from cards.rules.reasons import IDENTIFIED
from cards.services.binding import is_bound
from cards.services.numbers import follow_person
from cards.services.registration import check_for_registration
from cards.states import Channel
from foundation.audit import services as audit
from foundation.core.actor import Actor
from identity import services as identity
from identity.rules import Evidence
from institutions.rules import Duty
from institutions.services import require
from mpi import rules as people
from mpi import selectors as mpi
from mpi import services as persons
from mpi.types import PersonChanges, PersonIdentity

_BIRTH_CERTIFICATE = "08"


def card_by_code(*, text: str, actor: Actor) -> Card:
    """The card whose code was scanned at a window, of a patient of the clerk's institution.

    The code names the card, as a number on a label does, and proves nothing: no code is used up,
    and nobody who was not registered here becomes this institution's patient.

    Raises:
        CodeTooLong, CodeMalformed: The text is no code of a card.
        CardUnknown, CardNumberRevoked: No card has the number, or it has another one now.
        PersonNotBound: The person is not registered at the institution.
        CardFrozen, CardLost, CardCancelled: The card is not in use.
    """
    require(actor, Duty.WORK_AT_WINDOW)
    code = codes.parse(text, own_issuer=settings.EHCAPPID)
    match code:
        case codes.StaticCode(card_id) | codes.DynamicCode(card_id=card_id) | codes.TemporaryCode(card_id):
            card = find_number(card_id).card
        case _:
            raise CodeMalformed(field="code")
    if not is_bound(card.pk, actor.institution):
        raise PersonNotBound(field="code")
    showable_number(card)
    return card


def lacks_certificate(*, card: Card) -> bool:
    """Whether the person has no certificate of their own: a newborn, or a patient without papers."""
    data = mpi.particulars(card.person_id)
    return data.id_type in ("", _BIRTH_CERTIFICATE) or people.is_provisional(data.id_type, data.id_number)


def name_at_window(*, card: Card, identity_given: PersonIdentity, request_id: str, actor: Actor) -> None:
    """Give a person who had none the certificate that the clerk has seen; person and card stay.

    Not to be called in a transaction: the population database is asked before it, as for a card
    that is issued at a window.

    Args:
        request_id: One for each press of the button.

    Raises:
        HasCertificate: If the person has one already.
        BirthDateDiffers: If the certificate is that of somebody born on another day.
        ChannelStopped, InvalidParticulars, RealNameMismatch: As ``check_for_registration``.
        IdentifierTaken: If the certificate is somebody else's.
        CardNumbersUsedUp: As ``follow_person``.
    """
    require(actor, Duty.WORK_AT_WINDOW)
    if not lacks_certificate(card=card):
        raise HasCertificate
    given = identity_given
    check_id = check_for_registration(
        identity_given=given, actor=actor, request_id=request_id, channel=Channel.WINDOW
    )
    born = mpi.particulars(card.person_id).birth_date
    stated = given.birth_date or people.birth_date_of(given.id_type, given.id_number)
    if born is not None and stated is not None and born != stated:
        raise BirthDateDiffers(field="id_number")
    _name_seen(card, given, check_id, request_id, actor)


@transaction.atomic
def _name_seen(card: Card, given: PersonIdentity, check_id: str, request_id: str, actor: Actor) -> None:
    persons.change_identity(
        person_pk=card.person_id,
        id_type=given.id_type,
        id_number=given.id_number,
        name=given.name,
        birth_date=given.birth_date,
        sex=given.sex,
        actor=actor,
        reason=IDENTIFIED,
    )
    persons.update_person(
        person_pk=card.person_id,
        changes=PersonChanges(
            phone=given.phone or None, address=given.address or None, nation=given.nation or None
        ),
        actor=actor,
        reason=IDENTIFIED,
    )
    identity.attach_person(check_id=check_id, person_pk=card.person_id)
    identity.keep_evidence(
        request_id=request_id,
        subject=audit.subject_of(card),
        person_pk=card.person_id,
        evidence=Evidence.WINDOW,
        actor=actor,
    )
    follow_person(card_pk=card.pk, reason=IDENTIFIED, actor=actor)
