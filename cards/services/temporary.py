"""Temporary cards: for patients whose name or papers nobody knows yet.

The number is random and its code is of type 9. When the person is known, their certificate goes
into the master index (``mpi.services.change_identity``), and ``numbers.follow_person`` turns the
same card into an ordinary one; the temporary number still resolves.
"""

from datetime import timedelta

from django.db import transaction

from cards.centre import rules_in_force
from cards.errors import CardNotFound, NotTemporary
from cards.models import Card
from cards.rules.reasons import EXPIRED
from cards.selectors import require_open_channel
from cards.services.binding import bind_card
from cards.services.issue import issue_card
from cards.services.life import cancel_card
from cards.services.registration import Registered
from cards.states import CardState, Channel
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from institutions.rules import Duty
from institutions.services import require, require_of_staff
from mpi import services as mpi

# What a ward writes on the wristband where it knows no name.
PLACEHOLDER = "无名氏"
CLOCK = Actor.system("temporary-cards")


@transaction.atomic
def register_temporary(
    *,
    patient_id: str,
    institution_pk: int,
    actor: Actor,
    name: str = "",
    sex: str = "0",
    nationality: str = "156",
    channel: Channel = Channel.INSTITUTION,
) -> Registered:
    """Register a patient without papers and issue a temporary card.

    The institution's own number is what makes a repeat a repeat: it gets the same card again,
    and for a patient who is known by now the ordinary one.

    Args:
        name: Empty for the placeholder.
        channel: The institution's system, or its window.

    Raises:
        ChannelStopped: If the centre has stopped this way of issuing cards.
        InvalidParticulars, InvalidInput: If something cannot be.
        ReportedCardCancelled: If somebody has cancelled the card of this number.
    """
    require_of_staff(actor, Duty.WORK_AT_WINDOW)
    require_open_channel(channel)
    person = mpi.register_unidentified(
        name=name.strip() or PLACEHOLDER,
        sex=sex,
        nationality=nationality,
        source=actor.institution,
        local_id=patient_id,
        actor=actor,
    )
    issued = issue_card(
        person_pk=person.person_pk,
        channel=channel,
        institution_pk=institution_pk,
        valid_until=clock.now() + timedelta(days=rules_in_force().temporary_days),
        actor=actor,
        is_report=True,
    )
    bind_card(card_pk=issued.card.pk, actor=actor)
    return Registered(card=issued.card, created=issued.created)


@transaction.atomic
def extend_temporary(*, card_pk: int, reason: str, actor: Actor) -> None:
    """Give a temporary card that has not ended a new deadline, counted from now.

    Raises:
        CardNotFound: If there is no such card.
        NotTemporary: If it has no deadline, or has ended.
    """
    require(actor, Duty.MANAGE_CARDS)
    card = Card.objects.filter(pk=card_pk).first()
    if card is None:
        raise CardNotFound
    until = clock.now() + timedelta(days=rules_in_force().temporary_days)
    extended = (
        Card.objects.filter(pk=card_pk, valid_until__isnull=False)
        .exclude(state=CardState.CANCELLED)
        .update(valid_until=until, updated_at=clock.now())
    )
    if not extended:
        raise NotTemporary
    audit.record(Action.TEMPORARY_CARD_EXTENDED, actor=actor, subject=card, reason=reason)


def end_temporary_cards() -> int:
    """Cancel the temporary cards whose deadline has passed; verification refuses them already."""
    over = Card.objects.filter(valid_until__lte=clock.now()).exclude(state=CardState.CANCELLED)
    ended = 0
    for card_pk in list(over.values_list("pk", flat=True)[:1_000]):
        with transaction.atomic():
            # Between the list and here the card may have been extended, or its person recognised.
            still = Card.objects.select_for_update().filter(pk=card_pk, valid_until__lte=clock.now())
            if still.exclude(state=CardState.CANCELLED).exists():
                cancel_card(card_pk=card_pk, reason=EXPIRED, actor=CLOCK)
                ended += 1
    return ended
