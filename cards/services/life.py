"""The life of a card: frozen, released, lost, found, cancelled; its static code switched.

``cards.rules.life`` holds the table of what may follow what; another number for a card is the
business of ``services.numbers``.
"""

from django.db import transaction

from cards import notices
from cards.errors import CardNotFound
from cards.events import CardStateChanged
from cards.models import Card
from cards.rules.life import CardMove, require_move
from cards.states import CardState
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import StalePage
from foundation.events import services as events
from institutions.rules import Duty
from institutions.services import require_of_staff

_ACTIONS = {
    CardMove.FREEZE: Action.CARD_FROZEN,
    CardMove.UNFREEZE: Action.CARD_UNFROZEN,
    CardMove.REPORT_LOSS: Action.CARD_LOSS_REPORTED,
    CardMove.WITHDRAW_LOSS: Action.CARD_LOSS_WITHDRAWN,
    CardMove.CANCEL: Action.CARD_CANCELLED,
}


@transaction.atomic
def freeze_card(*, card_pk: int, reason: str, actor: Actor) -> None:
    """Stop a card at once; its codes fail until it is released."""
    _move(CardMove.FREEZE, card_pk, reason, actor)


@transaction.atomic
def unfreeze_card(*, card_pk: int, reason: str, actor: Actor) -> None:
    """Release a frozen card.

    Raises:
        CardHeldByCentre: If staff froze it and its holder asks.
    """
    _move(CardMove.UNFREEZE, card_pk, reason, actor)


@transaction.atomic
def report_loss(*, card_pk: int, reason: str, actor: Actor) -> None:
    """Stop a card whose printed code, or the phone that shows it, is in other hands.

    Afterwards it is found again (``withdraw_loss``), or gets another number
    (``numbers.reissue_number``).
    """
    _move(CardMove.REPORT_LOSS, card_pk, reason, actor)


@transaction.atomic
def withdraw_loss(*, card_pk: int, reason: str, actor: Actor) -> None:
    """Take a card that was found again into use, with the number that it has.

    Raises:
        CardHeldByCentre: If staff reported the loss and its holder asks.
    """
    _move(CardMove.WITHDRAW_LOSS, card_pk, reason, actor)


@transaction.atomic
def cancel_card(*, card_pk: int, reason: str, actor: Actor) -> None:
    """End a card; the person may apply for another."""
    _move(CardMove.CANCEL, card_pk, reason, actor)


@transaction.atomic
def switch_static_code(*, card_pk: int, enabled: bool, actor: Actor) -> None:
    """Let the static code be shown and accepted, or not."""
    changed = Card.objects.filter(pk=card_pk, static_enabled=not enabled).update(static_enabled=enabled)
    if not changed:
        return
    card = Card.objects.get(pk=card_pk)
    audit.record(
        Action.CARD_STATIC_CODE_SWITCHED,
        actor=actor,
        subject=card,
        details={"after": "on" if enabled else "off"},
    )


def _move(move: CardMove, card_pk: int, reason: str, actor: Actor) -> None:
    require_of_staff(actor, Duty.MANAGE_CARDS)
    card = Card.objects.filter(pk=card_pk).first()
    if card is None:
        raise CardNotFound
    before = CardState(card.state)
    after = require_move(move, before, stopped_by=card.state_changed_by, mover=actor.kind)
    moment = clock.now()
    moved = Card.objects.filter(pk=card_pk, state=before, state_changed_by=card.state_changed_by).update(
        state=after, state_changed_at=moment, state_changed_by=actor.kind.value, updated_at=moment
    )
    if not moved:
        raise StalePage
    audit.record(
        _ACTIONS[move],
        actor=actor,
        subject=card,
        reason=reason,
        details={"before": before.value, "after": after.value},
    )
    events.publish(
        CardStateChanged(
            card_id=card.public_id,
            person_id=card.subject,
            before=before.value,
            after=after.value,
        )
    )
    notices.tell_changed(card_id=card.public_id, person_pk=card.person_id)
