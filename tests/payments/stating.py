"""Statements of the bank of the tests, and of a hospital."""

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from foundation.core import clock
from payments.models import Channel, Difference, PaymentAttempt, Refund
from payments.providers.base import NoticeKind, Statement, StatementRow
from payments.reconciliation.rules import DifferenceState, ItemKind
from payments.reconciliation.sides import Booked
from payments.rules import RefundReason
from payments.services import asking, reconciling, returning, statements
from payments.services.owing import owe_back
from tests.payments.bank import Ledger
from tests.payments.owing import SYSTEM, owed
from tests.payments.paying import begun, tell_paid

DAY = date(2026, 11, 18)
NOON = datetime(2026, 11, 18, 12, tzinfo=clock.BEIJING)
NEXT = DAY + timedelta(days=1)


def paid_online(where: Channel, bank: Ledger, *, total_fen: int = 1_200, **more: Any) -> PaymentAttempt:
    """A bill that was paid at the bank, which told us."""
    attempt = begun(owed(where.institution.public_id, total_fen=total_fen, **more).bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    tell_paid(where, attempt, notice=f"n-{attempt.public_id}")
    attempt.refresh_from_db()
    return attempt


def refunded(attempt: PaymentAttempt, amount_fen: int) -> Refund:
    """Money that has gone back."""
    [public_id] = owe_back(bill=attempt.bill, amount_fen=amount_fen, reason=RefundReason.STAFF, actor=SYSTEM)
    returning.send_refund(refund=public_id)
    return Refund.objects.select_related("attempt").get(public_id=public_id)


def line(attempt: PaymentAttempt, **changes: Any) -> StatementRow:
    """What the bank states of a payment."""
    made = StatementRow(
        kind=NoticeKind.PAYMENT,
        number=attempt.public_id,
        channel_ref=f"B{attempt.public_id}",
        amount_fen=attempt.amount_fen,
        fee_fen=0,
        at=NOON,
        state="SUCCESS",
    )
    return replace(made, **changes)


def refund_line(refund: Refund, **changes: Any) -> StatementRow:
    """What the bank states of a refund."""
    made = StatementRow(
        kind=NoticeKind.REFUND,
        number=refund.attempt.public_id,
        channel_ref=refund.attempt.channel_ref,
        amount_fen=refund.amount_fen,
        fee_fen=0,
        at=NOON,
        refund_number=refund.public_id,
        refund_ref=f"R{refund.public_id}",
        state="SUCCESS",
    )
    return replace(made, **changes)


def state(bank: Ledger, day: date, *rows: StatementRow) -> None:
    """Have the bank state these lines of a day."""

    def total(kind: NoticeKind) -> int:
        return sum(row.amount_fen for row in rows if row.kind is kind)

    bank.statements[day] = Statement(
        day=day,
        rows=rows,
        count=len(rows),
        gross_fen=total(NoticeKind.PAYMENT),
        refund_fen=total(NoticeKind.REFUND),
        fee_fen=sum(row.fee_fen for row in rows),
        digest=hashlib.sha256(repr(rows).encode()).hexdigest(),
    )


def fetch(where: Channel, *days: date) -> None:
    """Ask the bank for the statements of days, and compare them."""
    for day in days:
        for file in statements.ask_for_day(day=day, channel=where.public_id, actor=SYSTEM):
            statements.fetch_statement(file=file)
            reconciling.reconcile_file(file=file, actor=SYSTEM)


def booked(attempt: PaymentAttempt, **changes: Any) -> Booked:
    """What a hospital books of a payment."""
    made = Booked(
        kind=ItemKind.PAYMENT,
        bill_number=attempt.bill.number,
        amount_fen=attempt.amount_fen,
        at=NOON,
        receipt=f"SJ{attempt.pk}",
    )
    return replace(made, **changes)


def hand_in(institution: str, day: date, *rows: Booked) -> None:
    """Have a hospital hand in its statement of a day, and compare it."""
    digest = hashlib.sha256(repr(rows).encode()).hexdigest()
    file = statements.take_hospital_statement(
        institution=institution, day=day, rows=rows, digest=digest, actor=SYSTEM
    )
    reconciling.reconcile_file(file=file, actor=SYSTEM)


def live() -> list[tuple[str, str]]:
    """Kinds and acts of what is open."""
    rows = Difference.objects.filter(state=DifferenceState.OPEN).order_by("kind", "pk")
    return [(row.kind, row.act) for row in rows]
