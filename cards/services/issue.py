"""Issuing a card: one per person, however many times, channels and clicks."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from cards.errors import ReportedCardCancelled
from cards.events import CardIssued
from cards.models import Card
from cards.rules.face import face_of
from cards.services.numbers import first_number
from cards.states import CardState
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events import services as events
from mpi import selectors as mpi
from mpi import services as persons


@dataclass(frozen=True, slots=True)
class Issued:
    """A person's card, and whether this call made it."""

    card: Card
    created: bool


def issue_card(
    *,
    person_pk: int,
    channel: str,
    actor: Actor,
    institution_pk: int | None = None,
    valid_until: datetime | None = None,
    is_report: bool = False,
) -> Issued:
    """Issue the person's card, or return the one that lives.

    Runs in the caller's transaction. The partial unique constraint on the person decides who
    of several callers issues; the others get the same card.

    Args:
        person_pk: Anchor of the person; the card is made on the cluster's survivor.
        channel: A value of ``cards.states.Channel``.
        valid_until: The deadline of a temporary card, for somebody without a certificate.
        is_report: The same record may be reported again at any time. That brings back no card
            that somebody cancelled; where the deadline ended the card there may be another.

    Raises:
        ReportedCardCancelled: If ``is_report`` and the person's card was cancelled.
        PersonErased: If the person is shredded by now.
    """
    anchor = mpi.survivor(person_pk)
    existing = live_card(anchor)
    if existing is not None:
        return Issued(existing, created=False)
    # Asked after the question for a live one: a card that is cancelled between the two is found.
    if is_report and _was_cancelled(anchor):
        raise ReportedCardCancelled
    persons.take_on(anchor)
    try:
        with transaction.atomic():
            card = _create(anchor, channel, institution_pk, valid_until, actor)
    except IntegrityError:
        winner = live_card(anchor)
        if winner is None:
            raise
        return Issued(winner, created=False)
    audit.record(
        Action.CARD_ISSUED,
        actor=actor,
        subject=card,
        details={"channel": channel, "key_version": card.numbers.get().key_version},
    )
    events.publish(
        CardIssued(
            card_id=card.public_id,
            person_id=card.subject,
            channel=channel,
            institution_id=actor.institution,
        )
    )
    return Issued(card, created=True)


def live_card(person_pk: int) -> Card | None:
    """The live card of a person's cluster, whichever anchor it was issued on."""
    return Card.objects.filter(person__in=mpi.cluster(person_pk)).exclude(state=CardState.CANCELLED).first()


def _was_cancelled(person_pk: int) -> bool:
    ended = Card.objects.filter(person__in=mpi.cluster(person_pk), state=CardState.CANCELLED)
    return ended.exclude(valid_until__lte=F("state_changed_at")).exists()


def _create(
    anchor: int, channel: str, institution_pk: int | None, valid_until: datetime | None, actor: Actor
) -> Card:
    particulars = mpi.particulars(anchor)
    moment = clock.now()
    card = Card.objects.create(
        person_id=anchor,
        subject=mpi.public_id_of(anchor),
        face=face_of(particulars),
        channel=channel,
        institution_id=institution_pk,
        issued_at=moment,
        valid_until=valid_until,
        state_changed_at=moment,
        state_changed_by=actor.kind.value,
    )
    first_number(card=card, particulars=particulars)
    return card
