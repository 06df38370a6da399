"""The statement that we give an institution of a day, and what others stated of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Q

from foundation.core.actor import Actor
from payments.models import PaymentAttempt, Refund, StatementFile, StatementLine, Suspense
from payments.reconciliation.rules import FileState, ItemKind, Party, bounds
from payments.rules import AttemptState, RefundState
from payments.selectors.clearing import WITHOUT_MONEY, scoped


@dataclass(frozen=True, slots=True)
class Stated:
    """One line of the statement that we give an institution.

    Attributes:
        kind: ``payment``, ``refund``, or ``suspense`` (money that nobody has claimed yet) and
            ``suspense_returned``.
        payment_id, refund_id: Our numbers.
        bill_reference, refund_reference, receipt: The hospital's.
        fee_fen: What the channel keeps, as far as its statement says.
    """

    kind: str
    at: datetime
    way: str
    amount_fen: int
    payment_id: str = ""
    refund_id: str = ""
    bill_number: str = ""
    bill_reference: str = ""
    refund_reference: str = ""
    receipt: str = ""
    channel_ref: str = ""
    app: str = ""
    fee_fen: int = 0


def statement_of(*, actor: Actor, institution: str, day: date) -> list[Stated]:
    """What came and went at an institution on a day, one line for each, in the order of time.

    This is what its file says and what its interface answers; the sums are those of the ledger.
    """
    begins, ends = bounds(day)
    claimed = Suspense.objects.filter(attempt__isnull=False).values("attempt")
    attempts = scoped(
        PaymentAttempt.objects.filter(
            state=AttemptState.CAPTURED, captured_at__gte=begins, captured_at__lt=ends
        ).exclude(Q(pk__in=claimed) | Q(provider__in=WITHOUT_MONEY)),
        actor,
        institution,
        "bill__institution__public_id",
    ).select_related("bill", "leg__settlement")
    refunds = scoped(
        Refund.objects.filter(state=RefundState.PAID, ended_at__gte=begins, ended_at__lt=ends).exclude(
            provider__in=WITHOUT_MONEY
        ),
        actor,
        institution,
        "bill__institution__public_id",
    ).select_related("bill", "attempt__leg__settlement")
    suspense = scoped(
        Suspense.objects.filter(
            Q(found_at__gte=begins, found_at__lt=ends)
            | Q(state="returned", ended_at__gte=begins, ended_at__lt=ends)
        ),
        actor,
        institution,
        "channel__institution__public_id",
    ).select_related("channel")
    rows = [_payment(row) for row in attempts]
    fees = _fees([row.payment_id for row in rows])
    rows = [replace(row, fee_fen=fees.get((row.payment_id, row.channel_ref), 0)) for row in rows]
    rows += [_refund(row) for row in refunds]
    for row in suspense:
        rows += _unclaimed(row, begins, ends)
    return sorted(rows, key=lambda row: (row.at, row.payment_id, row.refund_id))


def _fees(numbers: Sequence[str]) -> dict[tuple[str, str], int]:
    lines = StatementLine.objects.filter(
        file__is_current=True, file__party=Party.CHANNEL, kind=ItemKind.PAYMENT, number__in=numbers
    )
    return {(line.number, line.channel_ref): line.fee_fen for line in lines}


def _payment(row: PaymentAttempt) -> Stated:
    return Stated(
        kind="payment",
        at=row.captured_at or row.started_at,
        way=row.provider,
        amount_fen=row.captured_fen,
        payment_id=row.public_id,
        bill_number=row.bill.number,
        bill_reference=row.bill.reference,
        receipt=row.bill.receipt,
        channel_ref=row.channel_ref,
        app=row.leg.settlement.app if row.leg else "",
    )


def _refund(row: Refund) -> Stated:
    return Stated(
        kind="refund",
        at=row.ended_at or row.opened_at,
        way=row.provider,
        amount_fen=row.amount_fen,
        payment_id=row.attempt.public_id,
        refund_id=row.public_id,
        bill_number=row.bill.number,
        bill_reference=row.bill.reference,
        refund_reference=row.hospital_ref,
        channel_ref=row.channel_ref,
        app=row.attempt.leg.settlement.app if row.attempt.leg else "",
    )


def _unclaimed(row: Suspense, begins: datetime, ends: datetime) -> Iterable[Stated]:
    common = {
        "way": row.channel.provider,
        "amount_fen": row.amount_fen,
        "payment_id": row.number,
        "channel_ref": row.channel_ref,
    }
    if begins <= row.found_at < ends:
        yield Stated(kind="suspense", at=row.found_at, **common)  # type: ignore[arg-type]
    if row.state == "returned" and row.ended_at and begins <= row.ended_at < ends:
        yield Stated(kind="suspense_returned", at=row.ended_at, refund_id=row.public_id, **common)  # type: ignore[arg-type]


def files_of(*, actor: Actor, institution: str, day: date) -> list[StatementFile]:
    """The statements that stand of a day, of every party, each in the version that counts."""
    rows = StatementFile.objects.filter(day=day, is_current=True).exclude(state=FileState.WAITING)
    return list(scoped(rows, actor, institution).select_related("channel").order_by("party", "pk"))
