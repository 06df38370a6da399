"""Reading the cards of everybody whom an account holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cards.errors import CardNotFound
from cards.models import Card
from cards.rules.life import CardMove, moves_of_guardian
from cards.selectors import SELF, TINTS, ShownCard
from cards.states import CardState
from foundation.core.text import mask_name, mask_number
from identity import selectors as identity
from identity.errors import GuardianshipOver, OwnPersonNeeded
from identity.rules import Deed, require, require_guardians_deed
from identity.types import Acting, Relation
from mpi import selectors as mpi


@dataclass(frozen=True, slots=True)
class Relative:
    """Somebody whom an account holds, with their card if they have one.

    Attributes:
        name: In full: whoever opens the page of one of several children must see whose it is.
        relation: A value of ``identity.models.Relation``.
        holder: Masked.
        is_by_consent: As in ``identity.types.Acting``.
    """

    person_id: str
    person_pk: int
    relation: str
    name: str = field(repr=False)
    holder: str
    tint: int
    level: int
    is_by_consent: bool
    shown: ShownCard | None

    @property
    def is_self(self) -> bool:
        """Whether this is the account's own person."""
        return self.relation == SELF

    @property
    def relation_word(self) -> str:
        """The relation as pages say it."""
        return str(Relation(self.relation).label)


def relatives(account_pk: int) -> list[Relative]:
    """Everybody whom the account holds, itself first; in a fixed number of queries."""
    persons = identity.persons_of(account_pk)
    known = mpi.particulars_many(acts.person_pk for acts in persons)
    cards = _cards(acts.person_pk for acts in persons)
    tints = tints_of(persons)
    return [
        Relative(
            person_id=acts.person_id,
            person_pk=acts.person_pk,
            relation=acts.relation,
            name=known[acts.person_pk].name,
            holder=mask_name(known[acts.person_pk].name),
            tint=tints[acts.person_pk],
            level=acts.level,
            is_by_consent=acts.is_by_consent,
            shown=_shown(cards.get(acts.person_pk), acts, tints[acts.person_pk]),
        )
        for acts in persons
        if acts.person_pk in known
    ]


def dependants(account_pk: int) -> list[Relative]:
    """The others whom the account holds."""
    return [one for one in relatives(account_pk) if one.relation != SELF]


def dependant(account_pk: int, person_id: str) -> Relative:
    """One of the others whom the account holds.

    Raises:
        GuardianshipOver: If the account held the person once.
        CardNotFound: For strangers, for the account's own person and for nobody alike.
    """
    return _among(relatives(account_pk), account_pk, person_id)


def dependant_for(account_pk: int, person_id: str, deed: Deed) -> Relative:
    """One of the others, for something that the guardian wants to do for them.

    The guardian is asked about anew each time: whoever took the guardian's own person into
    another account has not taken the children along.

    Raises:
        GuardianshipOver, CardNotFound: As ``dependant``.
        OwnPersonNeeded: If the account holds nobody as itself any more.
        LevelTooLow: If guardian or holding are not sure enough.
        NotForGuardians: If a guardian of this kind may not do it.
    """
    everybody = relatives(account_pk)
    found = _among(everybody, account_pk, person_id)
    own = next((one for one in everybody if one.is_self), None)
    if own is None:
        raise OwnPersonNeeded
    require(own.level, Deed.HOLD_DEPENDANT)
    require(found.level, deed)
    require_guardians_deed(deed, is_by_consent=found.is_by_consent)
    return found


def require_dependants_card(account_pk: int, person_id: str, deed: Deed) -> ShownCard:
    """The card of a dependant, for something that the guardian wants to do.

    Raises:
        CardNotFound: If the account does not hold the person, or the person has no card.
        GuardianshipOver, OwnPersonNeeded, LevelTooLow, NotForGuardians: As ``dependant_for``.
    """
    shown = dependant_for(account_pk, person_id, deed).shown
    if shown is None:
        raise CardNotFound
    return shown


def _among(everybody: Iterable[Relative], account_pk: int, person_id: str) -> Relative:
    found = next((one for one in everybody if one.person_id == person_id and not one.is_self), None)
    if found is not None:
        return found
    person = mpi.by_public_id(person_id)
    if person is not None and identity.has_let_go(account_pk, person.person_pk):
        raise GuardianshipOver
    raise CardNotFound


def _cards(person_pks: Iterable[int]) -> Mapping[int, Card]:
    clusters = mpi.clusters(person_pks)
    owner = {anchor: asked for asked, anchors in clusters.items() for anchor in anchors}
    live = Card.objects.filter(person__in=owner).exclude(state=CardState.CANCELLED)
    return {owner[card.person_id]: card for card in live}


def _shown(card: Card | None, acts: Acting, tint: int) -> ShownCard | None:
    if card is None:
        return None
    return ShownCard(
        card=card,
        holder=mask_name(card.face["name"]),
        number=mask_number(card.face["id_number"]),
        tint=tint,
        status="" if card.state == CardState.ACTIVE else CardState(card.state).label,
        level=acts.level,
        allowed=frozenset(CardMove)
        if acts.relation == SELF
        else moves_of_guardian(is_by_consent=acts.is_by_consent),
    )


def tints_of(persons: Iterable[Acting]) -> dict[int, int]:
    """A tint for each, the same every time, and no two alike while there are enough of them."""
    chosen: dict[int, int] = {}
    for acts in persons:
        wanted = [(acts.person_pk + step) % TINTS + 1 for step in range(TINTS)]
        chosen[acts.person_pk] = next((tint for tint in wanted if tint not in chosen.values()), wanted[0])
    return chosen
