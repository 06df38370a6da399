"""One row of every model with a blind index, made as the product makes them, and the way to the end."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import time_machine
from django.core.management import call_command

from cards.batch.selectors import by_patient_id
from cards.models import BatchRow, Card, PhysicalCard
from cards.services import physical
from cards.services.certificates import link_certificate
from foundation.accounts import enrolment
from foundation.accounts.models import Account, MethodKind, SignInMethod
from foundation.core import clock
from gmcrypto.index import indexed_as
from gmcrypto.reindexing import SETTLE
from institutions.rules import Role
from mpi import selectors as mpi
from mpi import services as persons
from onboarding.models import Merchant
from onboarding.services import merchants
from tests.cards import listing, world
from tests.cards.world import CENTRE, Holder, Hospital, citizen_number
from tests.institutions import people
from tests.onboarding.applying import PDF

PHONE = "13900007001"
PHYSICAL = "A1100990077"
ACCOUNT = "1101019000001234"
PATIENT = "P-7001"


class Everything:
    """The rows, and whether each is still found by its value."""

    def __init__(self) -> None:
        self.place: Hospital = world.hospital()
        self.holder: Holder = world.holder()
        persons.link_source_record(
            person_pk=self.holder.card.person_id, source=self.place.public_id, local_id=PATIENT
        )
        link_certificate(
            person_pk=self.holder.card.person_id,
            kind="vaccination",
            number="V20267001",
            issuer="示范区疾控中心",
            actor=CENTRE,
        )
        content = f"卡号,姓名,证件类型,证件号码,手机号\n{PHYSICAL},测试乙,01,{citizen_number()},{PHONE}\n"
        physical.load_cards(content=content.encode(), actor=CENTRE, reason="测试")
        owner = people.staff(Role.INSTITUTION_ADMIN, self.place.public_id, username="keeper")
        self.owner = people.actor(owner)
        self.apply_merchant()
        self.account = enrolment.find_or_open([(MethodKind.PHONE, PHONE)])
        listing.handed_in(self.place, [listing.line("测试丙", patient=PATIENT)])

    def apply_merchant(self) -> None:
        merchants.apply_merchant(
            institution=self.place.public_id,
            payee_name="测试医院",
            bank="示范银行",
            account_number=ACCOUNT,
            document=PDF,
            actor=self.owner,
        )

    def is_found(self) -> dict[str, bool]:
        """By which of its values each is found at this moment."""
        person = self.holder.card.person_id
        number = self.holder.number.value
        cards = Card.objects.filter(indexed_as("numbers__value_index", "card-number", number))
        return {
            "certificate": _is(mpi.find_by_identifier("01", self.holder.id_number), person),
            "source": _is(mpi.find_by_source(self.place.public_id, PATIENT), person),
            "name": person in {one.person_pk for one in mpi.find_by_name(world.NAME)},
            "sound": person in {one.person_pk for one in mpi.find_by_sound(world.NAME)},
            "number": cards.get() == self.holder.card,
            "scan": world.scan(world.code_of(self.holder), self.place).card_id == number.upper(),
            "physical": PhysicalCard.objects.filter(
                indexed_as("number_index", physical.NUMBER_DOMAIN, PHYSICAL)
            ).exists(),
            "merchant": Merchant.objects.filter(
                indexed_as("account_index", merchants.INDEX_DOMAIN, ACCOUNT)
            ).exists(),
            "phone": _leads_to(enrolment.find(MethodKind.PHONE, PHONE), self.account),
            "line": by_patient_id(BatchRow.objects.all(), PATIENT).count() == 1,
        }


def _leads_to(found: SignInMethod | None, account: Account) -> bool:
    return found is not None and found.account == account


def _is(found: object, person_pk: int) -> bool:
    return getattr(found, "person_pk", None) == person_pk


def command(step: str, *more: str) -> str:
    """What the operator's command says; it does not wait."""
    out = io.StringIO()
    reason = () if step == "status" else ("--reason", "测试", "--no-wait")
    call_command("rotate_index_key", step, *reason, *more, stdout=out, stderr=io.StringIO())
    return out.getvalue()


@contextmanager
def later() -> Iterator[None]:
    """When every process has noticed the key of today."""
    with time_machine.travel(clock.now() + 1.1 * SETTLE):
        yield
