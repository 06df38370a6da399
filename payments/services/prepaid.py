"""Prepaid balances: opened, topped up, given back, frozen, closed.

A top-up is a bill like any other, so that whatever can happen to money that arrives happens to it
in the same way; what is paid for is the balance. Spending is a leg of a settlement (``balance_parts``).
"""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.ids import new_public_id
from foundation.core.money import yuan
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.services import require_of_staff
from mpi import selectors as mpi
from payments.errors import (
    BalanceNotFound,
    BalanceStands,
    BalanceTooLittle,
    BalanceTooMuch,
    NotForPrepaid,
    TopUpRange,
)
from payments.models import Bill, PrepaidAccount, PrepaidDeposit
from payments.providers.prepaid import PREPAID
from payments.rules import TOP_UP, BillState, LegKind, PrepaidKind, PrepaidState, RefundReason
from payments.services import balances
from payments.services.bills import open_bill
from payments.services.owing import owe_back
from payments.services.settling import Part
from payments.types import BillRef, Charge

# Whoever does not pay a top-up within this time begins again.
TOP_UP_LASTS = timedelta(minutes=30)


@transaction.atomic
def open_account(*, person_pk: int, institution: str = "", visit: str = "", actor: Actor) -> str:
    """The balance of a person, opened where there is none; of a stay, with its hospital and number.

    A person who was joined with another keeps the balance of either; the older one is used.

    Returns:
        Its public id.
    """
    require_of_staff(actor, Duty.TAKE_CASH)
    kind = PrepaidKind.INPATIENT if visit else PrepaidKind.OUTPATIENT
    place = institutions.visible(actor).filter(public_id=institution).first() if institution else None
    known = PrepaidAccount.objects.filter(
        person__in=mpi.cluster(person_pk), kind=kind, institution=place, visit=visit
    )
    found = known.order_by("pk").first()
    if found is not None:
        return found.public_id
    row = PrepaidAccount(
        person_id=person_pk,
        person_ref=mpi.public_id_of(person_pk),
        kind=kind,
        institution=place,
        visit=visit,
        opened_at=clock.now(),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return known.order_by("pk")[0].public_id
    _record(Action.PREPAID_OPENED, row, actor)
    return row.public_id


@transaction.atomic
def open_top_up(*, account: str, institution: str, amount_fen: int, actor: Actor) -> BillRef:
    """Open the bill of a top-up at the institution that is to receive it.

    The caller has checked that the actor may use the balance, and pays the bill in any way.

    Raises:
        TopUpRange: The amount is too small or too large.
        BalanceTooMuch: The balance would hold too much, with all that is still to be paid.
        NotForPrepaid: It is another hospital's than that of the stay, or the balance is frozen.
    """
    require_of_staff(actor, Duty.TAKE_CASH)
    least, most = settings.PREPAID_TOP_UP_LEAST_FEN, settings.PREPAID_TOP_UP_MOST_FEN
    if not least <= amount_fen <= most:
        raise TopUpRange(field="amount", least=yuan(least), most=yuan(most))
    row = held_account(account=account)
    is_elsewhere = row.institution is not None and row.institution.public_id != institution
    if row.state == PrepaidState.FROZEN or is_elsewhere:
        raise NotForPrepaid
    if row.balance_fen + _still_to_come(row) + amount_fen > settings.PREPAID_BALANCE_MOST_FEN:
        raise BalanceTooMuch(field="amount", most=yuan(settings.PREPAID_BALANCE_MOST_FEN))
    if row.state == PrepaidState.CLOSED:
        PrepaidAccount.objects.filter(pk=row.pk).update(state=PrepaidState.ACTIVE)
    deposit = PrepaidDeposit(public_id=new_public_id(), account=row, amount_fen=amount_fen)
    bill = open_bill(
        subject=(TOP_UP, deposit.public_id),
        person_pk=row.person_id,
        institution=institution,
        items=[Charge(gettext("预交金充值"), amount_fen)],
        expires_at=clock.now() + TOP_UP_LASTS,
        actor=actor,
    )
    deposit.bill = Bill.objects.get(public_id=bill.bill_id)
    deposit.save(force_insert=True)
    return bill


def balance_parts(*, bill: str, amount_fen: int | None = None) -> Sequence[Part]:
    """How a bill is paid from its person's own balances, for ``begin_payment``.

    A stay's balance goes before the one for every hospital. The amounts are taken when the payment
    begins, and only if they are still there.

    Args:
        amount_fen: How much; None for as much as there is, at most the bill.

    Raises:
        BalanceTooLittle: There is less.
        NotForPrepaid: The bill tops a balance up itself.
    """
    row = Bill.objects.get(public_id=bill)
    if row.subject_type == TOP_UP:
        raise NotForPrepaid
    wanted = row.due_fen if amount_fen is None else amount_fen
    if not 0 < wanted <= row.due_fen:
        raise BalanceTooLittle(field="balance")
    parts: dict[int, int] = {}
    for account in usable(bill=row):
        part = min(wanted, account.balance_fen)
        parts[account.pk] = part
        wanted -= part
        if not wanted:
            break
    if wanted and amount_fen is not None:
        raise BalanceTooLittle(field="balance")
    # Legs are taken in their order, and balances are held in that of their keys.
    return [
        Part(PREPAID, amount, LegKind.PREPAID, prepaid=account) for account, amount in sorted(parts.items())
    ]


def usable(*, bill: Bill) -> Sequence[PrepaidAccount]:
    """The balances that can pay a bill: those of its person, for every hospital or for a stay there."""
    rows = PrepaidAccount.objects.filter(
        person__in=mpi.cluster(bill.person_id), state=PrepaidState.ACTIVE, balance_fen__gt=0
    )
    found = [row for row in rows.order_by("pk") if row.institution_id in (None, bill.institution_id)]
    return sorted(found, key=lambda row: row.institution_id is None)


@transaction.atomic
def pay_out(
    *, account: str, amount_fen: int | None = None, institution: str = "", actor: Actor
) -> Sequence[str]:
    """Give a balance back to where it came from, the latest top-up first.

    Args:
        amount_fen: How much; None for everything.
        institution: Only what was topped up there, as at its window.

    Returns:
        The public ids of the refunds.

    Raises:
        BalanceTooLittle: There is less, or nothing, or the balance is frozen.
    """
    require_of_staff(actor, Duty.REFUND)
    deposits = PrepaidDeposit.objects.filter(account__public_id=account, left_fen__gt=0)
    if institution:
        deposits = deposits.filter(bill__institution__public_id=institution)
    # Bills before balances; what is left of a deposit changes only under its balance, and is read after.
    bills = {
        row.pk: row
        for row in Bill.objects.select_for_update(no_key=True, of=("self",))
        .select_related("institution")
        .filter(deposit__in=deposits)
        .order_by("pk")
    }
    row = held_account(account=account)
    rest = [deposit for deposit in deposits.order_by("-arrived_at", "-pk") if deposit.bill_id in bills]
    wanted = sum(deposit.left_fen for deposit in rest) if amount_fen is None else amount_fen
    if row.state != PrepaidState.ACTIVE or not 0 < wanted <= sum(deposit.left_fen for deposit in rest):
        raise BalanceTooLittle(field="amount")
    refunds: list[str] = []
    for deposit in rest:
        part = min(wanted, deposit.left_fen)
        if part:
            refunds += owe_back(
                bill=bills[deposit.bill_id], amount_fen=part, reason=RefundReason.PAY_OUT, actor=actor
            )
            wanted -= part
    return refunds


@transaction.atomic
def freeze_account(*, account: str, is_frozen: bool, reason: str, actor: Actor) -> None:
    """Let nothing be spent of a balance, or end that. What arrives for it is kept all the same.

    An institution does so with the balances of its own stays, the centre with every one.

    Raises:
        BalanceNotFound: It is not in the state before, or for every hospital.
    """
    require_of_staff(actor, Duty.REFUND)
    before, after = PrepaidState.ACTIVE, PrepaidState.FROZEN
    if not is_frozen:
        before, after = after, before
    row = held_account(account=account)
    place = row.institution.public_id if row.institution else ""
    if actor.institution and actor.institution != place:
        raise BalanceNotFound
    if not PrepaidAccount.objects.filter(pk=row.pk, state=before).update(state=after):
        raise BalanceNotFound
    _record(Action.PREPAID_FROZEN if is_frozen else Action.PREPAID_UNFROZEN, row, actor, reason)


@transaction.atomic
def close_accounts_of(*, person_pk: int, actor: Actor) -> None:
    """End the balances of somebody who leaves; what comes back to one later opens it again.

    Raises:
        BalanceStands: Something is left in one, or still to come.
    """
    mine = PrepaidAccount.objects.filter(person__in=mpi.cluster(person_pk))
    for row in balances.hold(accounts=mine.values_list("pk", flat=True)):
        if row.balance_fen or _still_to_come(row):
            raise BalanceStands
        if PrepaidAccount.objects.filter(pk=row.pk, state=PrepaidState.ACTIVE).update(
            state=PrepaidState.CLOSED
        ):
            _record(Action.PREPAID_CLOSED, row, actor)


def held_account(*, account: str) -> PrepaidAccount:
    """The balance with this public id, held to the end of the transaction.

    Raises:
        BalanceNotFound: There is none.
    """
    pk = PrepaidAccount.objects.filter(public_id=account).values_list("pk", flat=True).first()
    found = balances.hold(accounts=[pk])
    if not found:
        raise BalanceNotFound
    return found[0]


def _still_to_come(account: PrepaidAccount) -> int:
    """What top-ups bring that are not paid yet."""
    waiting = PrepaidDeposit.objects.filter(account=account, bill__state=BillState.OPEN)
    waiting = waiting.exclude(bill__expires_at__lte=clock.now())
    return waiting.aggregate(sum=Sum("amount_fen"))["sum"] or 0


def _record(action: Action, row: PrepaidAccount, actor: Actor, reason: str = "") -> None:
    audit.record(
        action,
        actor=actor,
        subject=row,
        institution=row.institution.public_id if row.institution else "",
        reason=reason,
        details={"kind": row.kind},
    )
