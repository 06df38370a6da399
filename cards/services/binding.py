"""Binding cards to institutions that know their holders."""

from django.db import transaction

from cards.models import Card, CardBinding
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from mpi import services as mpi


def bind_card(*, card_pk: int, actor: Actor) -> bool:
    """Note that the actor's institution knows the holder; a repeat changes nothing.

    Returns:
        Whether the binding is new.
    """
    _, created = CardBinding.objects.get_or_create(
        card_id=card_pk,
        institution=actor.institution,
        defaults={"bound_by": actor.id, "at": clock.now()},
    )
    return created


def is_bound(card_pk: int, institution: str) -> bool:
    """Whether the institution knows the holder."""
    return CardBinding.objects.filter(card_id=card_pk, institution=institution).exists()


@transaction.atomic
def link_patient(*, card_pk: int, patient_id: str, actor: Actor) -> None:
    """Keep the institution's own number for a card's holder; from now on it knows them.

    Raises:
        InvalidInput: The number is empty or too long.
        SourceRecordTaken: The number is linked to somebody else.
        PersonErased: The person is shredded by now.
    """
    card = Card.objects.get(pk=card_pk)
    mpi.link_source_record(
        person_pk=mpi.take_on(card.person_id), source=actor.institution, local_id=patient_id
    )
    bind_card(card_pk=card.pk, actor=actor)
    audit.record(Action.CARD_BOUND, actor=actor, subject=card)
