"""What rows of every kind are made of."""

import itertools
import secrets
from datetime import datetime, timedelta

from cards import models as cards
from cards.states import (
    CardState,
)
from foundation.accounts import services as accounts
from foundation.accounts.models import Account
from foundation.core import clock
from foundation.core.ids import new_public_id
from identity.rules import Evidence
from institutions.models import Institution
from mpi.types import PersonIdentity
from tests.cards import world
from tests.cards.holding import CardHolder, card_holder

ID = new_public_id()
EVIDENCE = Evidence.WINDOW
PERSON = PersonIdentity(name="测试甲", id_type="01", id_number=world.citizen_number(), nation="01")
_phones = itertools.count(13_900_050_000)


def phone() -> str:
    return str(next(_phones))


def account() -> Account:
    return accounts.open_resident(phone=phone())


def holder() -> CardHolder:
    return card_holder(phone())


def card(state: str = CardState.ACTIVE) -> cards.Card:
    found = holder().card
    cards.Card.objects.filter(pk=found.pk).update(state=state)
    return found


def institution() -> Institution:
    return Institution.objects.get(public_id=world.hospital().public_id)


def digest() -> bytes:
    return secrets.token_bytes(32)


def soon() -> datetime:
    return clock.now() + timedelta(days=1)


# Cards
