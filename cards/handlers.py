"""Reactions to what other rooms publish."""

from cards.notices import CARD_CHANGED
from cards.rules.reasons import PERSON_UPDATED
from cards.services.issue import live_card
from cards.services.numbers import follow_person
from cards.upward.collecting import note_card
from foundation.core.actor import Actor
from foundation.events import live
from foundation.events.services import Message
from mpi import selectors as mpi

FOLLOWER = Actor.system("person-updated")


def on_person_updated(message: Message) -> None:
    """Let the person's card follow: what it answers to a verification, and its number."""
    person = mpi.by_public_id(message.payload["person_id"])
    card = live_card(person.person_pk) if person is not None else None
    if card is not None:
        follow_person(card_pk=card.pk, reason=PERSON_UPDATED, actor=FOLLOWER)


def on_holding_ended(message: Message) -> None:
    """Tell the open pages of whoever held the person: the code on them is not theirs to show any more."""
    live.notify(message.payload["account_id"], CARD_CHANGED)


def on_card_issued(message: Message) -> None:
    """Report upward that there is a card."""
    note_card(event_id=message.id, card_id=message.payload["card_id"], change="issued")


def on_card_state_changed(message: Message) -> None:
    """Report upward in which state a card is now."""
    note_card(event_id=message.id, card_id=message.payload["card_id"], change=message.payload["after"])


def on_card_number_changed(message: Message) -> None:
    """Report upward that a card has another number."""
    note_card(event_id=message.id, card_id=message.payload["card_id"], change="renumbered")


def on_holder_updated(message: Message) -> None:
    """Report upward that the particulars of a holder changed."""
    person = mpi.by_public_id(message.payload["person_id"])
    card = live_card(person.person_pk) if person is not None else None
    if card is not None:
        note_card(event_id=message.id, card_id=card.public_id, change="changed")
