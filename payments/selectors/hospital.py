"""Bills, payments and refunds as the system of the institution reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.core.pagination import newest_first
from mpi import selectors as mpi
from payments.models import Bill, PaymentAttempt, Refund, Settlement, SettlementLeg, WriteBack
from payments.providers.cash import TILL
from payments.rules import AttemptState, BillState, RefundState, SettlementState
from payments.scope import bill_for
from payments.selectors.desk import visible_bills
from payments.selectors.resident import lines_of_many
from payments.types import Charge


@dataclass(frozen=True, slots=True)
class PaidPart:
    """One part by which a bill was paid: an insurance's, a balance's, the payer's own."""

    kind: str
    provider: str
    amount_fen: int
    channel_ref: str


@dataclass(frozen=True, slots=True)
class HospitalRefund:
    """Money on its way back."""

    refund_id: str
    refund_no: str
    amount_fen: int
    state: str
    reason: str
    provider: str
    channel_ref: str
    failure: str
    opened_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class HospitalPayment:
    """One try to pay online.

    Attributes:
        total_fen: Of the bill.
        amount_fen: What the payer pays in this way; insurances, balances and the hospital bear the rest.
        code: What is drawn as a QR code, where the payer scans.
        attempt_id: For asking the channel; empty where there is none yet.
    """

    payment_id: str
    state: SettlementState
    provider: str
    way: str
    total_fen: int
    amount_fen: int
    failure: str
    code: str = field(repr=False)
    attempt_id: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing is waited for any more."""
        return self.state in (SettlementState.SETTLED, SettlementState.UNDONE)


@dataclass(frozen=True, slots=True)
class HospitalBill:
    """A bill with everything that the institution's books need of it.

    Attributes:
        due_fen: What is to be paid: the total without the reduction.
        payment_id: Public id of the settlement by which it was paid.
        parts: They sum to the total; what the hospital took off is one of them.
        posting: Where its write-back stands; empty where there is none.
    """

    bill_id: str
    number: str
    bill_no: str
    patient_id: str
    state: BillState
    total_fen: int
    reduction_fen: int
    due_fen: int
    captured_fen: int
    refund_fen: int
    refunded_fen: int
    created_at: datetime
    expires_at: datetime | None
    paid_at: datetime | None
    receipt_no: str
    payment_id: str
    posting: str
    items: Sequence[Charge] = field(repr=False)
    parts: Sequence[PaidPart] = ()
    refunds: Sequence[HospitalRefund] = ()


@dataclass(frozen=True, slots=True)
class HospitalBills:
    """Some bills, the latest first, and where the older ones begin."""

    rows: Sequence[HospitalBill]
    next_cursor: str


def bill_of_hospital(*, bill: str, actor: Actor) -> HospitalBill:
    """One bill of the institution.

    Raises:
        BillNotFound: It has none such.
    """
    return _told([bill_for(bill, actor)], actor)[0]


def bills_of_hospital(
    *,
    actor: Actor,
    person_pk: int | None = None,
    bill_no: str = "",
    number: str = "",
    state: str = "",
    cursor: str = "",
) -> HospitalBills:
    """The institution's bills of a person, or of a number; what has run out is not open."""
    rows = visible_bills(actor)
    if person_pk is not None:
        rows = rows.filter(person__in=mpi.cluster(person_pk))
    if bill_no:
        rows = rows.filter(reference=bill_no)
    if number:
        rows = rows.filter(number=number)
    if state:
        rows = rows.filter(state=state)
    if state == BillState.OPEN:
        rows = rows.exclude(expires_at__lte=clock.now())
    page = newest_first(rows, cursor=cursor)
    return HospitalBills(_told(page.rows, actor), page.next_cursor)


def payment_of_hospital(*, bill: str, payment: str, actor: Actor) -> HospitalPayment:
    """An online payment of one of the institution's bills.

    Raises:
        BillNotFound, NotFound: It has none such.
    """
    row = bill_for(bill, actor)
    settlement = Settlement.objects.filter(bill=row, public_id=payment, online=True).first()
    if settlement is None:
        raise NotFound
    # What an insurance or the hospital itself takes is asked for in its own way.
    attempts = PaymentAttempt.objects.select_related("bill").filter(
        leg__settlement=settlement, channel__isnull=False
    )
    attempt = attempts.order_by("-pk").first()
    launch = attempt.launch if attempt is not None and attempt.state == AttemptState.STARTED else None
    shown = launch["fields"].get("text", "") if launch and launch["kind"] == "code" else ""
    return HospitalPayment(
        payment_id=settlement.public_id,
        state=SettlementState(settlement.state),
        provider=attempt.provider if attempt else "",
        way=attempt.way if attempt else "",
        total_fen=settlement.total_fen,
        amount_fen=attempt.amount_fen if attempt else 0,
        failure=settlement.failure,
        code=shown,
        attempt_id=attempt.public_id if attempt else "",
    )


def refunds_of_hospital(*, bill: str, refund_no: str = "", actor: Actor) -> Sequence[HospitalRefund]:
    """The refunds of one of the institution's bills, or those under one number of its own.

    Raises:
        BillNotFound, NotFound: It has none such.
    """
    row = bill_for(bill, actor)
    found = _refunds([row])[row.pk]
    if not refund_no:
        return found
    named = [
        each
        for each in found
        if refund_no in (each.refund_no, each.channel_ref if each.provider == TILL else each.refund_no)
    ]
    if not named:
        raise NotFound(field="refund_no")
    return named


def _told(rows: Sequence[Bill], actor: Actor) -> list[HospitalBill]:
    refunds, parts, postings, items = _refunds(rows), _parts(rows), _postings(rows), lines_of_many(rows)
    numbers = {pk: mpi.local_id_of(pk, actor.institution) for pk in {row.person_id for row in rows}}
    payments = {
        each.bill_id: each.public_id
        for each in Settlement.objects.filter(bill__in=rows, state=SettlementState.SETTLED)
    }
    return [
        HospitalBill(
            bill_id=row.public_id,
            number=row.number,
            bill_no=row.reference,
            patient_id=numbers[row.person_id],
            state=_state(row),
            total_fen=row.total_fen,
            reduction_fen=row.reduction_fen,
            due_fen=row.due_fen,
            captured_fen=row.captured_fen,
            refund_fen=row.refund_fen,
            refunded_fen=row.refunded_fen,
            created_at=row.created_at,
            expires_at=row.expires_at,
            paid_at=row.paid_at,
            receipt_no=row.receipt,
            payment_id=payments.get(row.pk, ""),
            posting=postings.get(row.pk, ""),
            items=items[row.pk],
            parts=parts[row.pk],
            refunds=refunds[row.pk],
        )
        for row in rows
    ]


def _state(row: Bill) -> BillState:
    state = BillState(row.state)
    is_over = state is BillState.OPEN and row.expires_at is not None and row.expires_at <= clock.now()
    return BillState.EXPIRED if is_over else state


def _refunds(rows: Sequence[Bill]) -> Mapping[int, list[HospitalRefund]]:
    found: dict[int, list[HospitalRefund]] = {row.pk: [] for row in rows}
    refunds = Refund.objects.filter(bill__in=rows).exclude(state=RefundState.WITHDRAWN)
    for refund in refunds.order_by("pk"):
        found[refund.bill_id].append(
            HospitalRefund(
                refund_id=refund.public_id,
                refund_no=refund.hospital_ref,
                amount_fen=refund.amount_fen,
                state=refund.state,
                reason=refund.reason,
                provider=refund.provider,
                channel_ref=refund.channel_ref,
                failure=refund.failure,
                opened_at=refund.opened_at,
                ended_at=refund.ended_at,
            )
        )
    return found


def _parts(rows: Sequence[Bill]) -> Mapping[int, list[PaidPart]]:
    found: dict[int, list[PaidPart]] = {row.pk: [] for row in rows}
    legs = SettlementLeg.objects.filter(
        settlement__bill__in=rows, settlement__state=SettlementState.SETTLED
    ).select_related("settlement")
    taken = {
        attempt.leg_id: attempt.channel_ref
        for attempt in PaymentAttempt.objects.filter(leg__in=legs, state=AttemptState.CAPTURED)
    }
    for leg in legs:
        found[leg.settlement.bill_id].append(
            PaidPart(leg.kind, leg.provider, leg.amount_fen, taken.get(leg.pk, ""))
        )
    return found


def _postings(rows: Sequence[Bill]) -> Mapping[int, str]:
    return dict(WriteBack.objects.filter(bill__in=rows).values_list("bill_id", "state"))
