"""A bill of which the insurer of the tests pays a part, and the bank the rest."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F

from foundation.core import clock
from mpi import selectors as mpi
from payments import services
from payments.insurance.base import Allowed
from payments.models import Bill, InsuranceOrder, InsurerSetup, PaymentAttempt, Refund, Settlement
from payments.rules import App, Category, LegKind
from payments.services import asking, returning
from payments.services.insuring import asking as insurers
from payments.services.insuring.beginning import begin_insured, confirm_split
from payments.services.insuring.setups import InsurerDetails, add_insurer_setup, switch_insurer_setup
from payments.services.online import Start
from payments.types import BillRef, Charge
from tests.payments import bank, insurer
from tests.payments.owing import SYSTEM, person
from tests.payments.paying import PAYER

SECRET = "insurer-secret"
TOTAL = 1_200


def setup(institution: str, *, is_on: bool = True) -> InsurerSetup:
    public_id = add_insurer_setup(
        institution=institution,
        insurer=insurer.CODE,
        details=InsurerDetails(
            "H1", "https://insurer.example", {"own_providers": bank.CODE}, {"secret": SECRET}
        ),
        reason="测试",
        actor=SYSTEM,
    )
    if is_on:
        switch_insurer_setup(setup=public_id, is_on=True, reason="测试", actor=SYSTEM)
    return InsurerSetup.objects.get(public_id=public_id)


def claim(total_fen: int = TOTAL, **changes: Any) -> dict[str, Any]:
    """What a hospital tells of such a bill."""
    return {
        "visit_no": "OP0001",
        "visit_id": "VIS1",
        "began_at": "2026-11-20T09:30:00+08:00",
        "department_code": "0301",
        "department_name": "呼吸内科",
        "speciality": "A03",
        "care_kind": "11",
        "batch_no": "B0001",
        "person_no": "0042",
        "scheme": "310",
        "insured_at": "110100",
        "lines": [
            {
                "line_no": "1",
                "national_code": "A01",
                "own_code": "H-A01",
                "charged_at": "2026-11-20T09:40:00+08:00",
                "quantity": "1",
                "price_yuan": f"{total_fen / 100:.2f}",
                "amount_fen": total_fen,
            }
        ],
        **changes,
    }


def insured(
    institution: str, *, person_pk: int | None = None, reduction_fen: int = 0, total_fen: int = TOTAL
) -> BillRef:
    return services.open_bill(
        subject=("hospital.bill", f"I{clock.now().timestamp()}"),
        person_pk=person_pk or person(),
        institution=institution,
        items=[Charge("示范检查", total_fen, Category.EXAMINATION)],
        expires_at=None,
        reduction_fen=reduction_fen,
        claim=claim(total_fen),
        actor=SYSTEM,
    )


@dataclass
class Mixed:
    """One try to pay a bill with an insurance."""

    bill: str
    settlement: str

    @property
    def order(self) -> InsuranceOrder:
        return InsuranceOrder.objects.select_related("settlement").get(settlement__public_id=self.settlement)

    @property
    def number(self) -> str:
        return self.order.public_id

    @property
    def state(self) -> str:
        return Settlement.objects.get(public_id=self.settlement).state

    @property
    def bill_state(self) -> str:
        return Bill.objects.get(public_id=self.bill).state

    @property
    def own(self) -> PaymentAttempt:
        return PaymentAttempt.objects.get(
            leg__settlement__public_id=self.settlement, leg__kind=LegKind.OWN, channel__isnull=False
        )

    def legs(self) -> dict[str, int]:
        rows = Settlement.objects.get(public_id=self.settlement).legs
        return dict(rows.values_list("kind", "amount_fen"))

    def work(self) -> None:
        insurers.work_order(order=self.number)

    def confirm(self) -> None:
        """The resident confirms the split; the channel is asked."""
        confirm_split(settlement=self.settlement, actor=SYSTEM)
        asking.launch_attempt(attempt=self.own.public_id)

    def expire(self) -> None:
        Settlement.objects.filter(public_id=self.settlement).update(
            expires_at=clock.now() - timedelta(seconds=1)
        )


def begun(bill: BillRef, *, permission: str = "AUTH1", account: str = PAYER) -> Mixed:
    """The resident allowed it; the insurer knows nothing yet."""
    holder = Bill.objects.get(public_id=bill.bill_id).person_id
    settlement = begin_insured(
        bill=bill.bill_id,
        start=Start(bank.CODE, "scans", App.H5, account),
        allowed=Allowed(number=permission),
        holder=mpi.public_id_of(holder),
        actor=SYSTEM,
    )
    return Mixed(bill.bill_id, settlement)


def planned(bill: BillRef) -> Mixed:
    """The split is known."""
    mixed = begun(bill)
    mixed.work()
    return mixed


def paying(bill: BillRef) -> Mixed:
    """The resident has confirmed, and both are asked."""
    mixed = planned(bill)
    mixed.confirm()
    return mixed


def round_now() -> None:
    """The clock's rounds, with nothing left to wait for: channels, insurers, refunds."""
    PaymentAttempt.objects.filter(next_ask_at__isnull=False).update(next_ask_at=F("started_at"))
    for attempt in asking.due_attempts():
        asking.ask_attempt(attempt=attempt)
    InsuranceOrder.objects.filter(next_ask_at__isnull=False).update(next_ask_at=F("created_at"))
    for order in insurers.due_orders():
        insurers.work_order(order=order)
    for _ in range(2):
        Refund.objects.filter(next_try_at__isnull=False).update(next_try_at=F("opened_at"))
        for refund in returning.due_refunds():
            returning.send_refund(refund=refund)


def come_to_rest(rounds: int = 4) -> None:
    for _ in range(rounds):
        round_now()
