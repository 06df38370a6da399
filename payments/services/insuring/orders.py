"""An order in the terms of its insurer."""

from datetime import datetime, timedelta

from django.conf import settings

from mpi import selectors as mpi
from payments.insurance import Insurer, insurer_of
from payments.insurance.base import Asking, Settlement, Split, Uploaded
from payments.insurance.claims import insured_of
from payments.models import BillClaim, InsuranceOrder
from payments.providers.base import Merchant
from payments.reconciliation.rules import beijing_day, bounds
from payments.services.insuring.setups import merchant_of_setup


def find_order(order: str) -> InsuranceOrder | None:
    """An order with all that its steps need."""
    rows = InsuranceOrder.objects.select_related("bill__institution", "settlement", "setup__institution")
    return rows.filter(public_id=order).first()


def insurer_of_order(row: InsuranceOrder) -> tuple[Insurer, Merchant]:
    """Who is asked, and as whom."""
    return insurer_of(row.setup.insurer), merchant_of_setup(row.setup)


def claim_of(row: InsuranceOrder) -> BillClaim:
    """What the hospital told."""
    return BillClaim.objects.select_related("bill").get(bill=row.bill_id)


def uploaded_of(row: InsuranceOrder) -> Uploaded:
    """What stands for the bill at the insurer; there is something once it was handed in."""
    known = row.known or {}
    return Uploaded(known["order_id"], known["token"], known["visit_id"])


def asking_of(row: InsuranceOrder) -> Asking:
    """Which order is asked for, and whose it is."""
    person = mpi.particulars(row.bill.person_id)
    insured = insured_of(claim_of(row).told, name=person.name, id_number=person.id_number)
    return Asking(uploaded_of(row), insured)


def ask_insurer(row: InsuranceOrder) -> Settlement:
    """Where the order stands (6301)."""
    insurer, merchant = insurer_of_order(row)
    return insurer.query(merchant, asking_of(row))


def split_of(row: InsuranceOrder) -> Split:
    """Who pays what, as the insurer said; nothing before it has."""
    return Split(row.fund_fen or 0, row.account_fen or 0, row.own_fen or 0)


def compare_time(moment: datetime) -> datetime:
    """When an insurer is asked whether it says of an order what we say: the morning after it moved."""
    hours = settings.PAYMENT_STATEMENT_HOURS["default"]
    return bounds(beijing_day(moment))[1] + timedelta(hours=hours)
