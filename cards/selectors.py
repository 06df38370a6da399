"""Reading cards and applications, always for somebody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from cards.errors import CardNotFound, ChannelStopped
from cards.models import Card, CardApplication, CardNumber, IssuingChannel, PhysicalCard
from cards.models.usage import UsageRecord
from cards.rules import life
from cards.rules.steps import Answers
from cards.services.issue import live_card
from cards.services.numbers import NUMBER_DOMAIN
from cards.states import ApplicationState, CardState, NumberState
from foundation.core.actor import Actor, ActorKind
from foundation.core.text import mask_name, mask_number
from gmcrypto.fields import prefetch_keys
from gmcrypto.index import indexed_as
from identity import selectors as identity
from identity.rules import Deed, require
from institutions import selectors as institutions
from mpi import selectors as mpi

TINTS = 5
SELF = "self"


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card as its holder's page shows it, masked.

    Attributes:
        tint: 1 to 5, the same for a person on every page, so that cards are told apart.
        level: The assurance level of the holding.
        allowed: What this account may do to the card, where its state allows it.
    """

    card: Card
    holder: str
    number: str
    tint: int
    status: str
    level: int
    allowed: frozenset[life.CardMove] = frozenset(life.CardMove)

    @property
    def is_active(self) -> bool:
        """Whether its codes are accepted."""
        return self.card.state == CardState.ACTIVE

    @property
    def is_held_by_centre(self) -> bool:
        """Whether staff stopped the card, so that its holder cannot move it."""
        return life.is_held_by_centre(
            self.card.state, stopped_by=self.card.state_changed_by, mover=ActorKind.RESIDENT
        )

    @property
    def moves(self) -> list[life.CardMove]:
        """What the account can do to the card now."""
        if self.is_held_by_centre:
            return []
        return [
            move
            for move in life.CardMove
            if move in self.allowed and life.may_move_card(move, self.card.state)
        ]


def own_card(account_pk: int) -> ShownCard | None:
    """The card of the account's own person; nothing if there is none yet."""
    holding = identity.self_person(account_pk)
    if holding is None:
        return None
    card = live_card(holding.person_pk)
    if card is None:
        return None
    return ShownCard(
        card=card,
        holder=mask_name(card.face["name"]),
        number=mask_number(card.face["id_number"]),
        tint=card.person_id % TINTS + 1,
        status="" if card.state == CardState.ACTIVE else CardState(card.state).label,
        level=holding.level,
    )


def require_own_card(account_pk: int, deed: Deed) -> ShownCard:
    """The card of the account's own person, for something that its holder wants to do.

    Raises:
        CardNotFound: If there is none.
        LevelTooLow: If the holding is not sure enough for this.
    """
    shown = own_card(account_pk)
    if shown is None:
        raise CardNotFound
    require(shown.level, deed)
    return shown


def is_moved(person_pk: int, move: life.CardMove, *, number_id: str) -> bool:
    """Whether a holder has moved the person's card so already, which has the number that was seen."""
    seen = CardNumber.objects.filter(public_id=number_id, state=NumberState.CURRENT)
    return seen.filter(
        card__person__in=mpi.cluster(person_pk),
        card__state=life.CARD_MOVES[move][1],
        card__state_changed_by=ActorKind.RESIDENT,
    ).exists()


def latest_application(account_pk: int, *, relation: str = SELF) -> CardApplication | None:
    """The newest application of an account for its own person, or for one of the family."""
    return (
        CardApplication.objects.select_related("account", "card")
        .filter(account_id=account_pk, relation=relation)
        .order_by("-pk")
        .first()
    )


def refusal_reason(application: CardApplication) -> str:
    """Why the application was refused, as far as the applicant is told; empty otherwise."""
    if application.state != ApplicationState.REFUSED:
        return ""
    last = application.results.order_by("-at").first()
    return last.reason if last else ""


def visible_applications(actor: Actor) -> "QuerySet[CardApplication]":
    """The applications that staff may see: the centre all that were handed in, nobody else any."""
    if not actor.is_centre:
        return CardApplication.objects.none()
    return CardApplication.objects.exclude(state=ApplicationState.DRAFT)


def visible_cards(actor: Actor) -> "QuerySet[Card]":
    """The cards that staff may see: the centre all, an institution those that it issued."""
    if actor.is_centre:
        return Card.objects.all()
    if not actor.institution:
        return Card.objects.none()
    return Card.objects.filter(institution__public_id=actor.institution)


def visible_usage(actor: Actor) -> "QuerySet[UsageRecord]":
    """The uses that staff may see: the centre all, an institution those that it recorded."""
    rows = UsageRecord.objects.select_related("card").defer("card__face", "code_digest", "body_digest")
    return institutions.scope(rows, actor, path="institution")


def visible_physical_cards(actor: Actor) -> "QuerySet[PhysicalCard]":
    """The physical cards that staff may see: the centre all, nobody else any."""
    rows = PhysicalCard.objects.select_related("card").filter(shredded_at=None)
    return rows if actor.is_centre else rows.none()


def person_of_number(card_id: str) -> int | None:
    """The anchor of whom a 电子健康卡ID was ever given to, also if it is refused by now.

    For what is told of a person. It opens nothing, so a hospital may still use the number before a
    re-issue.
    """
    named = indexed_as("value_index", NUMBER_DOMAIN, card_id.strip().upper())
    return CardNumber.objects.filter(named).values_list("card__person_id", flat=True).first()


def card_ids_of(person_pk: int) -> list[str]:
    """Public ids of every card that the person has or had."""
    cards = Card.objects.filter(person__in=mpi.cluster(person_pk))
    return list(cards.order_by("pk").values_list("public_id", flat=True))


def current_numbers(card_pks: Iterable[int]) -> dict[int, str]:
    """The 电子健康卡ID of many cards, by the card's key."""
    rows = list(CardNumber.objects.filter(card__in=set(card_pks), state=NumberState.CURRENT))
    prefetch_keys(rows)
    return {row.card_id: row.value for row in rows}


def require_open_channel(channel: str) -> None:
    """Let pass a way of issuing cards that the centre has not stopped.

    Raises:
        ChannelStopped: If it has.
    """
    if IssuingChannel.objects.filter(code=channel, is_open=False).exists():
        raise ChannelStopped


def answers_of(application: CardApplication) -> Answers:
    """What the application holds so far."""
    return Answers(
        id_type=application.id_type,
        id_number=application.id_number or "",
        name=application.name or "",
        birth_date=date.fromisoformat(application.birth_date) if application.birth_date else None,
        gender=application.gender,
        nation=application.nation,
        phone=application.phone or "",
        relation=application.relation,
        proof_kind=application.proof_kind,
        proof_number=application.proof_number or "",
    )
