"""A card as an institution reads it by its number."""

from typing import Any

from cards.centre import rules_in_force
from cards.models import CardNumber
from cards.rules.policy import reads_full
from cards.states import CardState, NumberState
from cards.verification.verified import person_of


def card_answer(number: CardNumber, scopes: frozenset[str]) -> dict[str, Any]:
    """The card with its holder, masked unless the scopes say otherwise.

    Whose card is frozen, lost or cancelled is not told: the state is all that the institution
    needs to send the person on.
    """
    card = number.card
    full = reads_full(scopes)
    is_active = card.state == CardState.ACTIVE
    has_static = is_active and card.static_enabled and rules_in_force().static_allowed
    return {
        "health_card_id": number.value,
        "valid_until": card.valid_until,
        "superseded_by": _current_value(number) if number.state == NumberState.SUPERSEDED else None,
        "main_index": number.main_index if full and is_active else None,
        "state": card.state,
        "static_code": number.fixed_text if has_static else None,
        "masked": not full,
        "person": person_of(card.face, full=full) if is_active else None,
    }


def _current_value(number: CardNumber) -> str:
    current = CardNumber.objects.get(card=number.card_id, state=NumberState.CURRENT)
    value: str = current.value
    return value
