"""What the open pages of a card's holders are told of its use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cards.centre import rules_in_force
from cards.rules.scenes import scene_name
from foundation.events import live
from identity import selectors as identity
from institutions import selectors as institutions

CODE_USED = "code.used"
CARD_USED = "card.used"
CARD_CHANGED = "card.changed"


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a card, as far as its holders are told."""

    usage_id: str
    card_id: str
    institution: str
    terminal: str
    scene: str
    code_kind: str
    at: datetime


def tell_holders(use: Use, *, person_pk: int) -> None:
    """Tell the holders of a verified code, after the caller's transaction has committed."""
    names = institutions.names({use.institution})
    data = data_of(use, names, swapped=rules_in_force().reports_swapped)
    for account_id in identity.holder_accounts({person_pk}).get(person_pk, ()):
        live.notify(account_id, CODE_USED, data)


def tell_changed(*, card_id: str, person_pk: int) -> None:
    """Tell the open pages of a card's holders that it was stopped or works again."""
    for account_id in identity.holder_accounts({person_pk}).get(person_pk, ()):
        live.notify(account_id, CARD_CHANGED, {"card": card_id})


def data_of(use: Use, names: Mapping[str, str], *, swapped: bool) -> dict[str, Any]:
    """The data of a notice.

    Args:
        names: Short names of institutions by public id.
        swapped: As ``scene_name`` takes it from the centre's rules.
    """
    return {
        "usage": use.usage_id,
        "card": use.card_id,
        "institution": names.get(use.institution, ""),
        "place": _place(use),
        "purpose": scene_name(use.scene, reports_swapped=swapped),
        "code_kind": use.code_kind,
        "at": use.at.isoformat(),
    }


def _place(use: Use) -> str:
    terminal = institutions.hot_terminal(use.institution, use.terminal) if use.terminal else None
    return (terminal.place or terminal.name) if terminal is not None else ""
