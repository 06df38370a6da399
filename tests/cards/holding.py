"""Residents who hold a card, made by services."""

from dataclasses import dataclass

from cards.models import Card
from cards.services.issue import issue_card
from cards.states import Channel
from foundation.accounts.models import Account
from foundation.core.actor import Actor
from identity import services as identity
from identity.rules import Evidence
from mpi import services as mpi
from mpi.types import PersonIdentity
from tests.cards.applying import applicant
from tests.cards.world import citizen_number

CENTRE = Actor.system("tests")


@dataclass(frozen=True)
class CardHolder:
    account: Account
    actor: Actor
    card: Card
    id_number: str


def card_holder(phone: str = "13900001001", name: str = "测试甲") -> CardHolder:
    who = applicant(phone)
    id_number = citizen_number()
    person = mpi.register_person(
        identity=PersonIdentity(name=name, id_type="01", id_number=id_number, nation="01", phone=phone),
        source="tests",
        actor=CENTRE,
    )
    identity.open_self_holding(
        account_pk=who.account.pk, person_pk=person.person_pk, evidence=Evidence.REAL_NAME, actor=CENTRE
    )
    card = issue_card(person_pk=person.person_pk, channel=Channel.H5, actor=CENTRE).card
    return CardHolder(who.account, who.actor, card, id_number)
