"""What may follow what, for applications and for cards.

One table each; the services move a row by compare-and-set over these pairs, and nothing else
changes a state.
"""

from collections.abc import Mapping
from enum import StrEnum

from cards.errors import CardCancelled, CardFrozen, CardHeldByCentre, CardLost, CardMoveRefused
from cards.states import ApplicationState as A
from cards.states import CardState as C
from foundation.core.actor import ActorKind
from foundation.core.errors import DomainError
from identity.rules import Deed, guardian_may

APPLICATION_MOVES: frozenset[tuple[str, str]] = frozenset(
    {
        (A.DRAFT, A.SUBMITTED),
        (A.DRAFT, A.WITHDRAWN),
        (A.SUBMITTED, A.CHECKING),
        (A.SUBMITTED, A.WITHDRAWN),
        (A.CHECKING, A.SUBMITTED),  # the outside system did not answer: asked again later
        (A.CHECKING, A.ISSUED),
        (A.CHECKING, A.REFUSED),
        (A.CHECKING, A.IN_REVIEW),
        (A.IN_REVIEW, A.ISSUED),
        (A.IN_REVIEW, A.REFUSED),
        (A.IN_REVIEW, A.WITHDRAWN),
    }
)


class CardMove(StrEnum):
    """What can be done to a card."""

    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    REPORT_LOSS = "report_loss"
    WITHDRAW_LOSS = "withdraw_loss"
    REISSUE = "reissue"
    CANCEL = "cancel"


# From which states, and to which. A re-issue gives an active card another number, and ends a loss.
CARD_MOVES: Mapping[CardMove, tuple[frozenset[C], C]] = {
    CardMove.FREEZE: (frozenset({C.ACTIVE}), C.FROZEN),
    CardMove.UNFREEZE: (frozenset({C.FROZEN}), C.ACTIVE),
    CardMove.REPORT_LOSS: (frozenset({C.ACTIVE, C.FROZEN}), C.LOST),
    CardMove.WITHDRAW_LOSS: (frozenset({C.LOST}), C.ACTIVE),
    CardMove.REISSUE: (frozenset({C.ACTIVE, C.LOST}), C.ACTIVE),
    CardMove.CANCEL: (frozenset({C.ACTIVE, C.FROZEN, C.LOST}), C.CANCELLED),
}

# What an account needs to be allowed for each.
DEEDS: Mapping[CardMove, Deed] = {
    CardMove.FREEZE: Deed.FREEZE_CARD,
    CardMove.UNFREEZE: Deed.UNFREEZE_CARD,
    CardMove.REPORT_LOSS: Deed.REPORT_LOSS,
    CardMove.WITHDRAW_LOSS: Deed.WITHDRAW_LOSS,
    CardMove.REISSUE: Deed.REISSUE_CARD,
    CardMove.CANCEL: Deed.CANCEL_CARD,
}

# What is said where a card that is not active is shown or scanned.
REFUSALS: dict[str, type[DomainError]] = {
    C.FROZEN: CardFrozen,
    C.LOST: CardLost,
    C.CANCELLED: CardCancelled,
}
_BELOW_STAFF = (ActorKind.RESIDENT, ActorKind.CLIENT)


def may_move_application(before: str, after: str) -> bool:
    """Whether an application may go from one state to the other."""
    return (before, after) in APPLICATION_MOVES


def may_move_card(move: CardMove, before: str) -> bool:
    """Whether this can be done to a card in that state, whoever asks."""
    return before in CARD_MOVES[move][0]


def moves_of_guardian(*, is_by_consent: bool) -> frozenset[CardMove]:
    """What a guardian may do to the card of the one whom they hold."""
    return frozenset(move for move in CardMove if guardian_may(DEEDS[move], is_by_consent=is_by_consent))


def is_held_by_centre(before: str, *, stopped_by: str, mover: str) -> bool:
    """Whether staff stopped the card, and somebody else wants to move it.

    Not even a report of loss is taken then: whoever withdrew it would have undone the stop.
    """
    return before != C.ACTIVE and stopped_by == ActorKind.STAFF and mover in _BELOW_STAFF


def require_move(move: CardMove, before: C, *, stopped_by: str, mover: str) -> C:
    """The state after a move that may be made.

    Args:
        stopped_by: Kind of the actor who made the state.
        mover: Kind of the actor who asks.

    Raises:
        CardMoveRefused: If the state does not allow it.
        CardHeldByCentre: If staff stopped the card and somebody else asks.
    """
    if not may_move_card(move, before):
        raise CardMoveRefused(state=before.label)
    if is_held_by_centre(before, stopped_by=stopped_by, mover=mover):
        raise CardHeldByCentre
    return CARD_MOVES[move][1]
