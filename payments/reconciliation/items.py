"""Both sides of a comparison, as it needs them: our rows of a day, and the lines of statements."""

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Exists, OuterRef, Q

from foundation.core import clock
from payments.models import (
    Bill,
    Channel,
    PaymentAttempt,
    Refund,
    StatementFile,
    StatementLine,
    Suspense,
    SuspenseState,
)
from payments.providers.cash import TILL
from payments.providers.within import REDUCTION
from payments.reconciliation.rules import ItemKind, beijing_day, bounds
from payments.reconciliation.sides import Line, Ours, Source
from payments.rules import TOP_UP, AttemptState, BillState, RefundState

# What a hospital's till gave back is its own, and what it took off has not moved.
NOT_COMPARED = (TILL, REDUCTION)


def lines_of(file: StatementFile) -> list[Line]:
    """The lines of a statement."""
    return [line_of(row) for row in StatementLine.objects.filter(file=file).select_related("file")]


def line_of(row: StatementLine) -> Line:
    """One line; its file is loaded."""
    return Line(
        pk=row.pk,
        day=row.file.day,
        place=row.place,
        item=ItemKind(row.kind),
        number=row.number,
        amount_fen=row.amount_fen,
        channel_ref=row.channel_ref,
        refund_number=row.refund_number,
        refund_ref=row.refund_ref,
        bill_number=row.bill_number,
        fee_fen=row.fee_fen,
        is_final=row.is_final,
    )


def channel_items(channel: Channel, file: StatementFile) -> list[Ours]:
    """What happened on the day by our books, and whatever a line of it may be about."""
    begins, ends = bounds(file.day)
    stated = StatementLine.objects.filter(file=file)
    numbers = stated.values("number")
    attempts = PaymentAttempt.objects.filter(channel=channel).exclude(
        Exists(Suspense.objects.filter(attempt=OuterRef("pk")))
    )
    suspense = Suspense.objects.filter(channel=channel)
    refunds = Refund.objects.filter(attempt__channel=channel, provider=channel.provider)
    told = stated.filter(kind=ItemKind.REFUND).exclude(refund_number="").values("refund_number")
    items = [
        _of_attempt(row)
        for row in attempts.filter(
            Q(captured_at__gte=begins, captured_at__lt=ends) | Q(public_id__in=numbers)
        )
    ]
    items += [
        _of_refund(row)
        for row in refunds.filter(
            Q(ended_at__gte=begins, ended_at__lt=ends, state=RefundState.PAID)
            | Q(public_id__in=told)
            | Q(attempt__public_id__in=numbers)
        ).select_related("attempt")
    ]
    kept = suspense.filter(
        Q(found_at__gte=begins, found_at__lt=ends)
        | Q(ended_at__gte=begins, ended_at__lt=ends)
        | Q(channel_ref__in=stated.values("channel_ref"))
        | Q(public_id__in=told)
    )
    for row in kept:
        items += _of_suspense(row)
    return items


def _of_attempt(row: PaymentAttempt) -> Ours:
    is_there = row.state == AttemptState.CAPTURED
    day = beijing_day(row.captured_at or row.started_at)
    return Ours(
        source=Source.ATTEMPT,
        pk=row.pk,
        item=ItemKind.PAYMENT,
        number=row.public_id,
        amount_fen=row.captured_fen if is_there else row.amount_fen,
        first_day=day,
        last_day=day,
        channel_ref=row.channel_ref,
        is_there=is_there,
        bill=row.bill_id,
    )


def _of_refund(row: Refund) -> Ours:
    return Ours(
        source=Source.REFUND,
        pk=row.pk,
        item=ItemKind.REFUND,
        number=row.attempt.public_id,
        amount_fen=row.amount_fen,
        first_day=beijing_day(row.opened_at),
        last_day=beijing_day(row.ended_at or clock.now()),
        channel_ref=row.attempt.channel_ref,
        refund_number=row.public_id,
        hospital_ref=row.hospital_ref,
        is_there=row.state == RefundState.PAID,
        bill=row.bill_id,
    )


def _of_suspense(row: Suspense) -> Iterable[Ours]:
    found = beijing_day(row.found_at)
    yield Ours(
        source=Source.SUSPENSE,
        pk=row.pk,
        item=ItemKind.PAYMENT,
        number=row.number,
        amount_fen=row.amount_fen,
        first_day=found,
        last_day=found,
        channel_ref=row.channel_ref,
        is_open=row.state == SuspenseState.OPEN,
    )
    if row.state == SuspenseState.RETURNED and row.ended_at is not None:
        yield Ours(
            source=Source.SUSPENSE,
            pk=row.pk,
            item=ItemKind.REFUND,
            number=row.number,
            amount_fen=row.amount_fen,
            first_day=found,
            last_day=beijing_day(row.ended_at),
            channel_ref=row.channel_ref,
            refund_number=row.public_id,
        )


def hospital_items(institution_pk: int, file: StatementFile) -> list[Ours]:
    """Bills that were paid, and money that went back, on the day of a statement or by its lines."""
    begins, ends = bounds(file.day)
    stated = StatementLine.objects.filter(file=file)
    named = stated.values("bill_number")
    paid_by = PaymentAttempt.objects.filter(public_id__in=stated.exclude(number="").values("number"))
    by_refund = Refund.objects.filter(public_id__in=stated.exclude(refund_number="").values("refund_number"))
    given_back = Refund.objects.filter(
        bill__institution=institution_pk, state=RefundState.PAID, ended_at__gte=begins, ended_at__lt=ends
    )
    at_till = PaymentAttempt.objects.filter(bill=OuterRef("pk"), provider=TILL, applied_at__isnull=False)
    bills = list(
        Bill.objects.filter(institution=institution_pk)
        .exclude(Exists(at_till))
        .exclude(subject_type=TOP_UP)
        .filter(
            Q(paid_at__gte=begins, paid_at__lt=ends)
            | Q(number__in=named)
            | Q(reference__in=stated.exclude(bill_number="").values("bill_number"))
            | Q(pk__in=paid_by.values("bill"))
            | Q(pk__in=by_refund.values("bill"))
            | Q(pk__in=given_back.values("bill"))
        )
    )
    pks = [row.pk for row in bills]
    items = [_of_bill(row) for row in bills]
    attempts = PaymentAttempt.objects.filter(bill__in=pks)
    refunds = Refund.objects.filter(bill__in=pks).exclude(state=RefundState.WITHDRAWN)
    # What never paid the bill was never booked by the hospital, and neither is its way back.
    refunds = refunds.filter(attempt__applied_at__isnull=False).select_related("attempt")
    items += [_of_attempt(row) for row in attempts if row.state != AttemptState.CAPTURED or row.applied_at]
    return items + _booked_together([_of_refund(row) for row in refunds.exclude(provider__in=NOT_COMPARED)])


def _booked_together(refunds: list[Ours]) -> list[Ours]:
    """A hospital gives back a bill's parts under one number of its own: they count as one."""
    whole: dict[object, Ours] = {}
    for one in refunds:
        key = (one.bill, one.hospital_ref) if one.hospital_ref else one.pk
        before = whole.get(key)
        whole[key] = one if before is None else _joined(before, one)
    return list(whole.values())


def _joined(one: Ours, other: Ours) -> Ours:
    return replace(
        one,
        amount_fen=one.amount_fen + other.amount_fen,
        first_day=min(one.first_day, other.first_day),
        last_day=max(one.last_day, other.last_day),
        is_there=one.is_there and other.is_there,
    )


def _of_bill(row: Bill) -> Ours:
    day = beijing_day(row.paid_at or row.created_at)
    return Ours(
        source=Source.BILL,
        pk=row.pk,
        item=ItemKind.PAYMENT,
        number=row.number,
        other_number=row.reference,
        amount_fen=row.total_fen,
        first_day=day,
        last_day=day,
        is_there=row.state == BillState.PAID,
        bill=row.pk,
        off_fen=row.reduction_fen,
    )
