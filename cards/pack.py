"""The pack: every card that an account may show, with the institutions that it was handed to."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cards.errors import NotHeldByYou
from cards.family import tints_of
from cards.models import Card, PackedCard
from cards.states import CardState
from foundation.core.text import mask_name, mask_number
from identity import selectors as identity
from identity.rules import Deed, may
from identity.types import Acting
from institutions import selectors as institutions
from mpi import selectors as mpi

RELATIONS: Mapping[str, str | Promise] = {
    "self": _("本人"),
    "child": _("子女"),
    "parent": _("父母"),
    "spouse": _("配偶"),
    "other": _("其他家人"),
}


@dataclass(frozen=True, slots=True)
class PackCard:
    """A card in the pack, masked.

    Attributes:
        places: Short names of the institutions that the account has handed it to.
    """

    card: Card
    holder: str
    number: str
    tint: int
    status: str
    relation: str | Promise
    is_self: bool
    may_show: bool
    places: tuple[str, ...]
    person_id: str

    @property
    def is_usable(self) -> bool:
        """Whether it can be handed over now."""
        return self.may_show and self.card.state == CardState.ACTIVE


def cards_of(account_pk: int) -> list[PackCard]:
    """The account's own card first, then those of the family."""
    held = {acting.person_pk: acting for acting in identity.persons_of(account_pk)}
    tints = tints_of(held.values())
    clusters = mpi.clusters(held)
    owner = {anchor: person for person, anchors in clusters.items() for anchor in anchors}
    cards = Card.objects.filter(person__in=owner).exclude(state=CardState.CANCELLED)
    by_person = {owner[card.person_id]: card for card in cards}
    places = _places(account_pk)
    return [
        _shown(by_person[person], acting, tints[person], places.get(by_person[person].pk, ()))
        for person, acting in held.items()
        if person in by_person
    ]


def held_card(account_pk: int, card_id: str) -> PackCard:
    """One of those cards, for something that the account wants to do with it.

    Raises:
        NotHeldByYou: The account may not show such a card.
    """
    for shown in cards_of(account_pk):
        if shown.card.public_id == card_id and shown.may_show:
            return shown
    raise NotHeldByYou


def _places(account_pk: int) -> dict[int, tuple[str, ...]]:
    rows = list(
        PackedCard.objects.filter(account=account_pk).order_by("pk").values_list("card", "institution")
    )
    names = institutions.names(institution for _card, institution in rows)
    found: dict[int, tuple[str, ...]] = {}
    for card_pk, institution in rows:
        found[card_pk] = (*found.get(card_pk, ()), names.get(institution, ""))
    return found


def _shown(card: Card, acting: Acting, tint: int, places: tuple[str, ...]) -> PackCard:
    return PackCard(
        card=card,
        holder=mask_name(card.face["name"]),
        number=mask_number(card.face["id_number"]),
        tint=tint,
        status="" if card.state == CardState.ACTIVE else CardState(card.state).label,
        relation=RELATIONS.get(acting.relation, RELATIONS["other"]),
        is_self=acting.relation == "self",
        may_show=may(acting.level, Deed.SHOW_CODE),
        places=places,
        person_id=acting.person_id,
    )
