"""What a holder keeps from institutions."""

from django.db import transaction

from cards.errors import CardNotFound
from cards.models import Card
from cards.rules.face import Category, face_of
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from mpi import selectors as mpi


@transaction.atomic
def set_visibility(*, card_pk: int, category: str, is_visible: bool, actor: Actor) -> None:
    """Hide a category from institutions, or show it again; the next scan follows.

    Raises:
        CardNotFound: If there is no such card.
        InvalidInput: If there is no such category.
    """
    if category not in Category.values:
        raise InvalidInput(field="category")
    card = Card.objects.select_for_update().filter(pk=card_pk).first()
    if card is None:
        raise CardNotFound
    hidden = sorted({*card.hidden} - {category} if is_visible else {*card.hidden, category})
    if hidden == card.hidden:
        return
    card.hidden = hidden
    card.face = face_of(mpi.particulars(card.person_id), hidden)
    card.save(update_fields=["hidden", "face", "updated_at"])
    audit.record(
        Action.CARD_VISIBILITY_CHANGED,
        actor=actor,
        subject=card,
        details={"kind": category, "after": "shown" if is_visible else "hidden"},
    )
