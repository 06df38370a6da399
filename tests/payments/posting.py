"""Paid bills of a hospital that waits to be asked."""

from datetime import timedelta

from foundation.core import clock
from payments import services
from payments.models import Bill, WriteBack
from payments.services import posting
from payments.types import BillRef, Charge
from tests.payments.owing import SYSTEM, Desk, person


def charged(
    institution: str, *, number: str = "MZ1", total_fen: int = 1_200, person_pk: int | None = None
) -> BillRef:
    """A bill that the hospital opened."""
    return services.open_bill(
        subject=("hospital.bill", number),
        person_pk=person_pk or person(),
        institution=institution,
        items=[Charge("腹部彩超", total_fen)],
        expires_at=None,
        reference=number,
        actor=SYSTEM,
    )


def paid_at(place: Desk, **more: object) -> BillRef:
    """The same, paid in cash at the platform's window, and waited for."""
    bill = charged(place.institution, **more)  # type: ignore[arg-type]
    services.pay_in_cash(bill=bill.bill_id, received_fen=bill.total_fen, actor=place.actor)
    posting.begin_write_back(bill=bill.bill_id, is_reachable=True)
    return bill


def write_back(bill: BillRef) -> WriteBack:
    return WriteBack.objects.get(bill__public_id=bill.bill_id)


def waited_out(bill: BillRef) -> None:
    """As if its time was over."""
    moment = clock.now() - timedelta(seconds=1)
    WriteBack.objects.filter(bill__public_id=bill.bill_id).update(give_up_at=moment, next_ask_at=moment)


def owed_back(bill: BillRef) -> int:
    return Bill.objects.get(public_id=bill.bill_id).refund_fen


def waited_out_all() -> None:
    """As if the time of everything was over."""
    moment = clock.now() - timedelta(seconds=1)
    WriteBack.objects.filter(state="waiting").update(give_up_at=moment, next_ask_at=moment)
