"""Registration by an institution: the person, its own number for them, and the card.

The card goes back to the institution. No resident's account becomes a holder by it: that
takes the resident's own application, or a proof (decision 2).
"""

from dataclasses import dataclass

from django.db import transaction

import gmcrypto
from cards.errors import RealNameMismatch
from cards.models import Card
from cards.selectors import require_open_channel
from cards.services.binding import bind_card
from cards.services.issue import issue_card
from cards.states import Channel
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.text import normalise_name
from gmcrypto import subject_keys
from identity import services as identity
from identity.types import CheckOutcome
from mpi import services as mpi
from mpi.errors import raise_first
from mpi.rules import canonical_number, check_certificate, check_name, check_phone
from mpi.types import PersonIdentity


@dataclass(frozen=True, slots=True)
class Registered:
    """The person's card, and whether this call issued it."""

    card: Card
    created: bool


def register_by_institution(
    *,
    identity_given: PersonIdentity,
    institution_pk: int,
    actor: Actor,
    request_id: str,
    patient_id: str = "",
) -> Registered:
    """Register a person whom an institution has in front of it, and issue the card.

    Not to be called in a transaction; a caller that needs one takes the two parts apart.

    Args:
        patient_id: The institution's own number for the person; linked, so that the same
            institution finds them again.
        request_id: The caller's own id of this registration; names the check as evidence.

    Raises:
        InvalidParticulars, IdentityConflict, SourceRecordTaken, RealNameMismatch: As the two parts.
    """
    check_id = check_for_registration(identity_given=identity_given, actor=actor, request_id=request_id)
    return register_checked(
        identity_given=identity_given,
        check_id=check_id,
        institution_pk=institution_pk,
        actor=actor,
        patient_id=patient_id,
    )


def check_for_registration(
    *, identity_given: PersonIdentity, actor: Actor, request_id: str, channel: Channel = Channel.INSTITUTION
) -> str:
    """Check what was given by the rules, and the name by the population database.

    The check runs before the transaction, within the time that a waiting window allows, and
    its evidence stays also when it was not answered. A mismatch refuses the registration; for
    the rest the institution has the document in front of it.

    Returns:
        Public id of the evidence.

    Raises:
        ChannelStopped: If the centre has stopped this way of issuing cards.
        InvalidParticulars: One subclass for each kind of fault.
        RealNameMismatch: If the population database knows the number by another name.
    """
    require_open_channel(channel)
    check_particulars(identity_given)
    check = identity.check_real_name(
        # Clients number their requests as they like; two of them may use the same number.
        request_id=gmcrypto.sm3(f"{actor.id}\n{request_id}".encode()).hex(),
        subject=("institutions.Institution", actor.institution),
        id_type=identity_given.id_type,
        id_number=canonical_number(identity_given.id_type, identity_given.id_number),
        name=normalise_name(identity_given.name),
        actor=actor,
        deadline=identity.SYNCHRONOUS_SECONDS,
    )
    if check.outcome is CheckOutcome.MISMATCH:
        raise RealNameMismatch(field="name")
    return check.check_id


def check_particulars(identity_given: PersonIdentity) -> None:
    """Refuse what cannot be true of anybody, before anybody outside is asked.

    Raises:
        InvalidParticulars: One subclass for each kind of fault.
    """
    today = clock.beijing(clock.now()).date()
    raise_first(
        [
            *check_certificate(
                identity_given.id_type, identity_given.id_number, identity_given.birth_date, today=today
            ),
            *check_name(identity_given.name),
            *(check_phone(identity_given.phone) if identity_given.phone.strip() else []),
        ]
    )


@transaction.atomic
@subject_keys.remembering_keys()
def register_checked(
    *,
    identity_given: PersonIdentity,
    check_id: str,
    institution_pk: int,
    actor: Actor,
    patient_id: str = "",
    channel: Channel = Channel.INSTITUTION,
) -> Registered:
    """Register a person after ``check_for_registration``, and issue the card.

    Args:
        check_id: The evidence; from now on it names the person.
        patient_id: As in ``register_by_institution``.
        channel: The way in which the person came to the institution, the same as in the check.

    Raises:
        InvalidParticulars, IdentityConflict, SourceRecordTaken: From the master index.
    """
    registration = mpi.register_person(identity=identity_given, source=actor.institution, actor=actor)
    if patient_id:
        mpi.link_source_record(
            person_pk=registration.person_pk, source=actor.institution, local_id=patient_id
        )
    identity.attach_person(check_id=check_id, person_pk=registration.person_pk)
    issued = issue_card(
        person_pk=registration.person_pk,
        channel=channel,
        actor=actor,
        institution_pk=institution_pk,
    )
    bind_card(card_pk=issued.card.pk, actor=actor)
    return Registered(card=issued.card, created=issued.created)
