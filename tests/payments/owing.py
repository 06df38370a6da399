"""Bills of this room's tests, made by services."""

import itertools
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Sum

from foundation.accounts.models import Account
from foundation.core import clock
from foundation.core.actor import Actor
from institutions.rules import Role
from mpi import services as mpi
from mpi.types import PersonIdentity
from payments import services
from payments.models import Bill, LedgerEntry
from payments.rules import Category
from payments.types import BillRef, Charge
from tests.cards.world import citizen_number
from tests.institutions import people

SYSTEM = Actor.system("tests")
_serial = itertools.count(1)


@dataclass(frozen=True)
class Desk:
    """A hospital with a cashier."""

    institution: str
    account: Account

    @property
    def actor(self) -> Actor:
        return people.actor(self.account)


def desk(serial: int = 1, role: Role = Role.WINDOW_CLERK) -> Desk:
    institution = people.hospital(serial)
    return Desk(institution, people.staff(role, institution, username=f"cashier{serial}"))


def person(name: str = "测试甲") -> int:
    return mpi.register_person(
        identity=PersonIdentity(name=name, id_type="01", id_number=citizen_number(), nation="01"),
        source="tests",
        actor=SYSTEM,
    ).person_pk


def owed(
    institution: str,
    *,
    total_fen: int = 1_200,
    person_pk: int | None = None,
    minutes: int | None = 10,
    reference: str = "",
) -> BillRef:
    return services.open_bill(
        subject=("tests.Thing", f"thing{next(_serial)}"),
        person_pk=person_pk or person(),
        institution=institution,
        items=[Charge("门诊挂号", total_fen, Category.REGISTRATION)],
        expires_at=clock.now() + timedelta(minutes=minutes) if minutes is not None else None,
        reference=reference,
        actor=SYSTEM,
    )


def paid(where: Desk, **more: object) -> BillRef:
    bill = owed(where.institution, **more)  # type: ignore[arg-type]
    services.pay_in_cash(bill=bill.bill_id, received_fen=bill.total_fen, actor=where.actor)
    return bill


def row(bill: BillRef) -> Bill:
    return Bill.objects.get(public_id=bill.bill_id)


def balances() -> dict[str, int]:
    """What stands on each account of the ledger; accounts at zero are left out."""
    sums = LedgerEntry.objects.values("account").annotate(sum=Sum("amount_fen"))
    return {row["account"]: row["sum"] for row in sums if row["sum"]}
