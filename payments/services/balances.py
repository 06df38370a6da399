"""What moves a balance: money that was topped up, spent, given back into it, or paid out of it.

Always inside the transaction of what moved it, and after the settlement and the bill are held. Whoever
changes a balance holds its row, and with it all its deposits.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Case, F, Value, When

from payments import ledger
from payments.errors import BalanceTooLittle
from payments.models import (
    Bill,
    PaymentAttempt,
    PrepaidAccount,
    PrepaidDeposit,
    PrepaidDraw,
    Refund,
    SettlementLeg,
)
from payments.rules import PrepaidState


def arrive(*, bill: Bill, at: datetime) -> None:
    """A top-up was paid: the balance grows by it, also where nothing may be spent of it now."""
    deposit = PrepaidDeposit.objects.get(bill=bill)
    _grow(deposit.account_id, deposit.amount_fen)
    PrepaidDeposit.objects.filter(pk=deposit.pk).update(left_fen=deposit.amount_fen, arrived_at=at)


def spend(*, attempt: PaymentAttempt, at: datetime) -> None:
    """Take a payment out of its balance.

    What was topped up at the same institution goes first, so that institutions owe each other
    little; then the oldest.

    Raises:
        BalanceTooLittle: There is less, or the balance cannot be used.
    """
    if attempt.leg is None or attempt.leg.prepaid_id is None:
        raise BalanceTooLittle
    shrink(account=attempt.leg.prepaid_id, amount_fen=attempt.amount_fen)
    wanted = attempt.amount_fen
    is_there = Case(When(bill__institution=attempt.bill.institution_id, then=Value(0)), default=Value(1))
    deposits = PrepaidDeposit.objects.select_related("bill").filter(
        account=attempt.leg.prepaid_id, left_fen__gt=0
    )
    for deposit in deposits.order_by(is_there, "arrived_at", "pk"):
        part = min(wanted, deposit.left_fen)
        if not part:
            break
        PrepaidDeposit.objects.filter(pk=deposit.pk).update(left_fen=F("left_fen") - part)
        PrepaidDraw.objects.create(deposit=deposit, attempt=attempt, amount_fen=part)
        if deposit.bill.institution_id != attempt.bill.institution_id:
            ledger.write_between(deposit, part, attempt=attempt, at=at)
        wanted -= part


def put_back(*, refund: Refund, at: datetime) -> None:
    """Give what was spent back into the deposits that it was taken from, the last one first."""
    attempt, wanted = refund.attempt, refund.amount_fen
    if attempt.leg is None or attempt.leg.prepaid_id is None:
        raise BalanceTooLittle
    _grow(attempt.leg.prepaid_id, wanted)
    for draw in PrepaidDraw.objects.select_related("deposit__bill").filter(attempt=attempt).order_by("-pk"):
        part = min(wanted, draw.amount_fen - draw.returned_fen)
        if not part:
            continue
        PrepaidDraw.objects.filter(pk=draw.pk).update(returned_fen=F("returned_fen") + part)
        PrepaidDeposit.objects.filter(pk=draw.deposit_id).update(left_fen=F("left_fen") + part)
        if draw.deposit.bill.institution_id != attempt.bill.institution_id:
            ledger.write_between(draw.deposit, part, attempt=attempt, refund=refund, at=at)
        wanted -= part


def take_out(*, bill: Bill, amount_fen: int) -> None:
    """Take what is owed back of a top-up out of the balance.

    Raises:
        BalanceTooLittle: It has been spent, or the balance cannot be used.
    """
    deposit = PrepaidDeposit.objects.get(bill=bill)
    shrink(account=deposit.account_id, amount_fen=amount_fen)
    left = PrepaidDeposit.objects.filter(pk=deposit.pk, left_fen__gte=amount_fen)
    if not left.update(left_fen=F("left_fen") - amount_fen):
        raise BalanceTooLittle


def keep_after_all(*, bill: Bill, amount_fen: int) -> None:
    """A refund of a top-up was withdrawn: the money is in the balance again."""
    deposit = PrepaidDeposit.objects.get(bill=bill)
    _grow(deposit.account_id, amount_fen)
    PrepaidDeposit.objects.filter(pk=deposit.pk).update(left_fen=F("left_fen") + amount_fen)


def hold(*, accounts: Iterable[int | None]) -> list[PrepaidAccount]:
    """Hold balances to the end of the transaction; several always in the same order."""
    rows = PrepaidAccount.objects.select_for_update(no_key=True, of=("self",))
    return list(rows.select_related("institution").filter(pk__in=set(accounts)).order_by("pk"))


def hold_of_bills(*, bills: Sequence[int]) -> None:
    """Hold the balances that payments of these bills were taken from, or that they topped up."""
    spent = SettlementLeg.objects.filter(settlement__bill__in=bills, prepaid__isnull=False)
    topped_up = PrepaidDeposit.objects.filter(bill__in=bills)
    accounts = {*spent.values_list("prepaid", flat=True), *topped_up.values_list("account", flat=True)}
    if accounts:
        hold(accounts=accounts)


def shrink(*, account: int, amount_fen: int) -> None:
    """Take something of a balance. One statement is both the check and the taking.

    Raises:
        BalanceTooLittle: There is less, or it cannot be used.
    """
    enough = PrepaidAccount.objects.filter(pk=account, state=PrepaidState.ACTIVE, balance_fen__gte=amount_fen)
    if not enough.update(balance_fen=F("balance_fen") - amount_fen):
        raise BalanceTooLittle


def _grow(account: int, amount_fen: int) -> None:
    """Put something into a balance; one that was closed is open again."""
    reopened = Case(
        When(state=PrepaidState.CLOSED, then=Value(PrepaidState.ACTIVE.value)), default=F("state")
    )
    PrepaidAccount.objects.filter(pk=account).update(
        balance_fen=F("balance_fen") + amount_fen, state=reopened
    )
