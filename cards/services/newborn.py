"""Newborns: registered on the mother's record, with a card on the first day.

A newborn has no number of its own. Mother, birth record, parity and order make a provisional
one, the same whoever reports the birth and however often; so a birth is one person. Later the
child's own certificate takes its place (``mpi.services.change_identity``): the same person, the
same card, and the old numbers resolve.
"""

from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

import gmcrypto
from cards.centre import rules_in_force
from cards.errors import MotherNotFemale
from cards.models import Card
from cards.rules.reasons import BIRTH
from cards.selectors import require_open_channel
from cards.services.binding import bind_card
from cards.services.issue import issue_card
from cards.services.numbers import follow_person
from cards.states import Channel
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from gmcrypto.index import blind_index, blind_index_versions
from identity import selectors as identity_read
from identity import services as identity
from identity.errors import LevelTooLow, TooManyDependants, TooManyGuardians
from identity.rules import Deed, Evidence, is_of_age, may
from institutions.rules import Duty
from institutions.services import require_of_staff
from mpi import rules as people
from mpi import selectors as mpi
from mpi import services as persons
from mpi.errors import IdentityConflict
from mpi.types import PersonIdentity, PersonRef

CHILD = "child"
BIRTH_CERTIFICATE = "08"
MALE = "1"
SERIAL_CHARACTERS = 28
_DOMAIN = "newborn"
# What follows the mother's name while the child has none; twins are told apart by the figure.
_SUFFIXES = {"1": "之子", "2": "之女"}
_NUMERALS = ("", "", "二", "三", "四", "五", "六", "七", "八", "九", "十")


@dataclass(frozen=True, slots=True)
class Birth:
    """One birth, as the hospital records it.

    Attributes:
        record: Number of the mother's delivery record.
        parity: 胎次, counted from one.
        order: Which of several children of one birth, counted from one.
        certificate: Number of the birth certificate; empty while there is none.
    """

    record: str = field(repr=False)
    parity: int
    born_on: date = field(repr=False)
    sex: str
    order: int = 1
    name: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Newborn:
    """A newborn's card.

    Attributes:
        is_held: Whether the mother's account holds the child.
    """

    card: Card
    created: bool
    is_held: bool


@transaction.atomic
def register_newborn(
    *,
    mother_pk: int,
    birth: Birth,
    institution_pk: int,
    actor: Actor,
    patient_id: str = "",
    channel: Channel = Channel.INSTITUTION,
) -> Newborn:
    """Register a birth and issue the child's card; a birth that was reported is found again.

    The mother's account becomes the child's guardian, if it is sure enough (level 2); a hold
    that was ended stays ended.

    Args:
        patient_id: The institution's own number for the child.
        channel: The institution's system, or its window.

    Raises:
        ChannelStopped: If the centre has stopped this way of issuing cards.
        MotherNotFemale: If the mother is registered as a man.
        InvalidParticulars: If something of the child cannot be.
        IdentifierTaken: If the birth certificate is another child's.
        SourceRecordTaken: If the institution's number is another patient's.
        ReportedCardCancelled: If the birth was reported before, and the card then cancelled.
    """
    require_of_staff(actor, Duty.WORK_AT_WINDOW)
    require_open_channel(channel)
    # Two reports of one birth wait for each other here: while the index key is exchanged they may
    # make different numbers of it, which no constraint would compare.
    persons.lock_cluster(mother_pk)
    mother = mpi.particulars(mother_pk)
    if mother.sex == MALE:
        raise MotherNotFemale(field="mother")
    child = _reported(mother.person_pk, birth) or _register(mother, birth, actor)
    if birth.certificate:
        persons.add_identifier(
            person_pk=child.person_pk, id_type=BIRTH_CERTIFICATE, number=birth.certificate, actor=actor
        )
    if patient_id:
        persons.link_source_record(person_pk=child.person_pk, source=actor.institution, local_id=patient_id)
    issued = issue_card(
        person_pk=child.person_pk,
        channel=channel,
        institution_pk=institution_pk,
        actor=actor,
        is_report=True,
    )
    if not issued.created:
        follow_person(card_pk=issued.card.pk, reason=BIRTH, actor=actor)
    bind_card(card_pk=issued.card.pk, actor=actor)
    return Newborn(issued.card, issued.created, _hold(mother.person_pk, child, actor))


def register_mother(*, mother: PersonIdentity, check_id: str, actor: Actor) -> int:
    """Register a mother who is named by her certificate, after ``check_for_registration``.

    Runs in the caller's transaction, in which the birth follows.

    Returns:
        Her anchor.

    Raises:
        InvalidParticulars, IdentityConflict: From the master index.
    """
    found = persons.register_person(identity=mother, source=actor.institution, actor=actor)
    identity.attach_person(check_id=check_id, person_pk=found.person_pk)
    return found.person_pk


def _reported(mother_pk: int, birth: Birth) -> PersonRef | None:
    """The child of this birth, by whichever anchor of the mother and under whichever index key."""
    for anchor in mpi.cluster(mother_pk):
        for digest in blind_index_versions(_DOMAIN, _key(mpi.public_id_of(anchor), birth)):
            found = mpi.find_by_provisional(_number(digest))
            if found is not None:
                return found
    return None


def _register(mother: mpi.Particulars, birth: Birth, actor: Actor) -> PersonRef:
    number = _number(blind_index(_DOMAIN, _key(mother.person_id, birth)))
    child = PersonIdentity(
        name=birth.name.strip() or _provisional_name(mother.name, birth),
        id_type=people.OTHER,
        id_number=number,
        sex=birth.sex,
        birth_date=birth.born_on,
        nation=mother.nation,
        nationality=mother.nationality,
        address=mother.address,
    )
    try:
        registration = persons.register_person(identity=child, source=actor.institution, actor=actor)
    except IdentityConflict as exc:
        # The same birth, reported at this moment under another name or day: the first one stands.
        return PersonRef(exc.person_pk, exc.person_id)
    if registration.created:
        audit.record(
            Action.NEWBORN_REGISTERED,
            actor=actor,
            subject=("mpi.Person", registration.person_id),
            details={"reference": mother.person_id},
        )
    return registration


def _provisional_name(mother: str, birth: Birth) -> str:
    place = _NUMERALS[birth.order] if birth.order < len(_NUMERALS) else str(birth.order)
    return mother + _SUFFIXES.get(birth.sex, "之婴") + place


def _hold(mother_pk: int, child: PersonRef, actor: Actor) -> bool:
    account = identity_read.self_account(mother_pk)
    if account is None or not may(account[1], Deed.HOLD_DEPENDANT):
        return False
    # A birth may be reported again at any time. That brings back no hold that was ended, and
    # gives nobody a hold on somebody who has grown up since.
    if identity_read.has_let_go(account[0], child.person_pk) or _is_of_age(child):
        return False
    try:
        with transaction.atomic():
            identity.open_dependant_holding(
                account_pk=account[0],
                person_pk=child.person_pk,
                relation=CHILD,
                evidence=Evidence.BIRTH_RECORD,
                limits=rules_in_force().family,
                actor=actor,
            )
    except (LevelTooLow, TooManyDependants, TooManyGuardians):
        # The child has a card all the same; the mother can add it when there is room.
        return False
    return True


def _is_of_age(child: PersonRef) -> bool:
    born = mpi.particulars(child.person_pk).birth_date
    today = clock.beijing(clock.now()).date()
    return born is not None and is_of_age(people.age_on(born, today))


def _key(mother_id: str, birth: Birth) -> str:
    record = birth.record.strip().upper()
    return gmcrypto.sm3(f"{mother_id}\x1f{record}\x1f{birth.parity}\x1f{birth.order}".encode()).hex()


def _number(digest: bytes) -> str:
    return people.provisional_number(digest.hex()[:SERIAL_CHARACTERS].upper())
