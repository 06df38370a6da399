"""Whose card a page is about: the account's own, or that of somebody whom the account holds.

The pages of a card's life are the same for both. What differs is kept here: who is read, what
may be done to the card, where the pages stand, and the name that a guardian sees on each.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse

from cards import family, selectors
from cards.errors import CardNotFound
from cards.rules.life import CardMove
from foundation.accounts import selectors as accounts
from foundation.core.actor import Actor
from identity import selectors as identity
from identity.rules import Deed, require


@dataclass(frozen=True, slots=True)
class Whose:
    """The person whose card a page is about.

    Attributes:
        person_id: Empty for the account's own person.
        name: In full, and empty for the account's own person: it stands on every page that
            acts for somebody else.
        since: From when on the account may know what was done; none for the whole past.
        actor: The account, acting for this person.
    """

    person_pk: int
    person_id: str
    shown: selectors.ShownCard | None
    since: datetime | None
    actor: Actor
    is_by_consent: bool = False
    name: str = field(default="", repr=False)
    relation_word: str = ""
    tint: int = 0

    @property
    def is_self(self) -> bool:
        """Whether it is the account's own person."""
        return not self.person_id

    @property
    def card(self) -> selectors.ShownCard:
        """The card, for a page that is nothing without one.

        Raises:
            CardNotFound: If the person has none.
        """
        if self.shown is None:
            raise CardNotFound
        return self.shown

    @property
    def card_url(self) -> str:
        """The page with the code."""
        return self._address("card")

    @property
    def settings_url(self) -> str:
        """What can be done to the card."""
        return self._address("settings")

    @property
    def history_url(self) -> str:
        """What was done to it."""
        return self._address("history")

    def move_url(self, move: CardMove) -> str:
        """The page of a move."""
        return self._address("move", move.value.replace("_", "-"))

    def _address(self, page: str, *more: str) -> str:
        if self.is_self:
            return reverse("card" if page == "card" else f"card-{page}", args=more)
        return reverse(f"family-{page}", args=[self.person_id, *more])


def whose_card(request: HttpRequest, person_id: str, deed: Deed) -> Whose:
    """The person whom a page is about, for something that the account wants to do.

    Args:
        person_id: Of a dependant; empty for the account's own person.

    Raises:
        CardNotFound: If the account holds nobody of that kind.
        GuardianshipOver, OwnPersonNeeded, LevelTooLow, NotForGuardians: As ``family.dependant_for``.
    """
    account = accounts.account_of(request)
    actor = accounts.actor_of(request)
    if person_id:
        one = family.dependant_for(account.pk, person_id, deed)
        acting = identity.acting(account.pk, person_id)
        return Whose(
            person_pk=one.person_pk,
            person_id=one.person_id,
            shown=one.shown,
            since=identity.known_since(account.pk, acting),
            actor=actor.acting_for(one.person_id),
            is_by_consent=one.is_by_consent,
            name=one.name,
            relation_word=one.relation_word,
            tint=one.tint,
        )
    own = identity.self_person(account.pk)
    if own is None:
        raise CardNotFound
    require(own.level, deed)
    return Whose(own.person_pk, "", selectors.own_card(account.pk), None, actor)
