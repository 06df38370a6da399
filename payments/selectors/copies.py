"""What a resident takes along of what they owed and paid."""

from typing import Any

from foundation.core import clock
from gmcrypto.fields import prefetch_keys
from mpi import selectors as mpi
from payments.models import Bill, BillItem, Invoice, PrepaidAccount, PrepaidDeposit
from payments.selectors.money import money_of_many


def bills_for_copy(person_pk: int) -> list[dict[str, Any]]:
    """Every bill of a person with its lines, the oldest first; for a reader who has been checked."""
    found = Bill.objects.filter(person__in=mpi.cluster(person_pk)).select_related("institution")
    rows = list(found.order_by("pk"))
    money = money_of_many(rows)
    items = list(BillItem.objects.filter(bill__in=rows).select_related("bill").order_by("bill", "place"))
    prefetch_keys(items)
    invoices = list(Invoice.objects.filter(bill__in=rows).order_by("pk"))
    prefetch_keys(invoices)
    return [
        {
            "number": row.number,
            "institution": row.institution.name,
            "state": row.state,
            "total_fen": row.total_fen,
            "reduction_fen": row.reduction_fen,
            "refunded_fen": money[row.pk].refunded_fen,
            "created_at": clock.beijing(row.created_at).isoformat(timespec="seconds"),
            "paid_at": clock.beijing(row.paid_at).isoformat(timespec="seconds") if row.paid_at else None,
            "invoices": [
                {
                    "code": one.code,
                    "number": one.number,
                    "check_code": one.check_code,
                    "amount_fen": one.amount_fen,
                    "state": one.state,
                }
                for one in invoices
                if one.bill_id == row.pk
            ],
            "lines": [
                {"title": item.title, "quantity": item.quantity, "amount_fen": item.amount_fen}
                for item in items
                if item.bill_id == row.pk
            ],
        }
        for row in rows
    ]


def balances_for_copy(person_pk: int) -> list[dict[str, Any]]:
    """Every balance of a person with its top-ups, the oldest first; for a reader who has been checked."""
    rows = PrepaidAccount.objects.filter(person__in=mpi.cluster(person_pk)).select_related("institution")
    deposits = PrepaidDeposit.objects.filter(account__in=rows, arrived_at__isnull=False)
    found = list(deposits.select_related("bill__institution").order_by("arrived_at", "pk"))
    return [
        {
            "kind": row.kind,
            "institution": row.institution.name if row.institution else "",
            "visit": row.visit,
            "balance_fen": row.balance_fen,
            "top_ups": [
                {
                    "institution": one.bill.institution.name,
                    "amount_fen": one.amount_fen,
                    "left_fen": one.left_fen,
                    "arrived_at": clock.beijing(one.arrived_at).isoformat(timespec="seconds"),
                }
                for one in found
                if one.account_id == row.pk and one.arrived_at is not None
            ],
        }
        for row in rows.order_by("pk")
    ]
