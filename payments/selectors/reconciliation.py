"""Differences and statements as staff see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.money import yuan
from institutions import selectors as institutions
from payments.models import (
    DailyClosing,
    Difference,
    DifferenceStep,
    InsuranceOrder,
    PaymentAttempt,
    Refund,
    StatementFile,
    StatementLine,
)
from payments.providers import label_of
from payments.reconciliation.rules import ItemKind, Party

MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class Said:
    """What one side says: when, under which numbers, how much, and in which state."""

    side: str
    at: str
    numbers: str
    amount: str
    state: str


def visible_differences(actor: Actor) -> "QuerySet[Difference]":
    """The differences that the actor may see."""
    rows = Difference.objects.select_related("institution", "channel", "bill", "suspense", "target")
    return institutions.scope(rows, actor)


def visible_files(actor: Actor) -> "QuerySet[StatementFile]":
    """The statements that the actor may see."""
    return institutions.scope(StatementFile.objects.select_related("institution", "channel"), actor)


def visible_closings(actor: Actor) -> "QuerySet[DailyClosing]":
    """The closed days that the actor may see."""
    return institutions.scope(DailyClosing.objects.select_related("institution", "channel"), actor)


def sides_of(row: Difference) -> Sequence[Said]:
    """What each side says of the money that a difference is about; ours first."""
    said = [*_ours(row), *_insurers(row)]
    for line in _lines(row):
        side = str(Party(line.file.party).label)
        numbers = (line.number or line.bill_number, line.channel_ref, line.refund_number, line.refund_ref)
        said.append(_said(f"{side} {line.file.day:%m-%d}", line.at, numbers, line.amount_fen, line.state))
    return said


def _ours(row: Difference) -> Sequence[Said]:
    side = _("平台")
    said = []
    if row.suspense is not None:
        one = row.suspense
        numbers = (one.number, one.channel_ref)
        said.append(_said(side, one.found_at, numbers, one.amount_fen, one.get_state_display()))
    payments = PaymentAttempt.objects.filter(Q(pk=row.attempt_id) | Q(bill=row.bill_id, captured_fen__gt=0))
    if row.attempt_id or row.bill_id:
        for paid in payments.order_by("pk")[:MOST_LINES]:
            state = f"{label_of(paid.provider)} {paid.get_state_display()}"
            at = paid.captured_at or paid.started_at
            amount = paid.captured_fen or paid.amount_fen
            said.append(_said(side, at, (paid.public_id, paid.channel_ref), amount, state))
    refunds = Refund.objects.filter(Q(pk=row.refund_id) | Q(bill=row.bill_id))
    if row.refund_id or (row.bill_id and row.item == ItemKind.REFUND):
        for back in refunds.order_by("pk")[:MOST_LINES]:
            state = f"{_('退款')} {back.get_state_display()}"
            told = (back.public_id, back.channel_ref, back.hospital_ref)
            said.append(_said(side, back.ended_at or back.opened_at, told, back.amount_fen, state))
    return said


def _insurers(row: Difference) -> Sequence[Said]:
    """What an insurer said when it was asked to be compared."""
    if row.bill_id is None:
        return []
    orders = InsuranceOrder.objects.filter(bill=row.bill_id, compared_at__isnull=False).order_by("pk")
    return [
        _said(
            str(Party.INSURANCE.label),
            one.compared_at or one.created_at,
            (one.public_id, one.order_ref),
            (one.stated_fund_fen or 0) + (one.stated_account_fen or 0),
            _("医保已退回") if one.stated_back else one.said,
        )
        for one in orders[:MOST_LINES]
    ]


def _lines(row: Difference) -> Sequence[StatementLine]:
    """Lines of every party about the same money."""
    about = Q(pk=row.line_id)
    payments = list(
        PaymentAttempt.objects.filter(Q(pk=row.attempt_id) | Q(bill=row.bill_id)).values_list(
            "public_id", flat=True
        )
        if row.attempt_id or row.bill_id
        else ()
    )
    about |= Q(number__in=payments)
    if row.bill is not None:
        about |= Q(bill_number__in=[number for number in (row.bill.number, row.bill.reference) if number])
    if row.suspense is not None:
        about |= Q(channel_ref=row.suspense.channel_ref)
    lines = StatementLine.objects.filter(
        about, file__institution=row.institution_id, file__is_current=True
    ).select_related("file")
    return list(lines.order_by("file__party", "file__day", "place")[:MOST_LINES])


def steps_of(row: Difference) -> Sequence[DifferenceStep]:
    """What happened to a difference, the earliest first."""
    return list(row.steps.order_by("pk"))


def _said(side: str, at: datetime, numbers: Sequence[str], amount_fen: int, state: str) -> Said:
    shown = clock.beijing(at).strftime("%Y-%m-%d %H:%M:%S")
    told = " / ".join(dict.fromkeys(number for number in numbers if number))
    return Said(side, shown, told or "—", yuan(amount_fen), state or "—")
