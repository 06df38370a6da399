"""Writing the ledger: two sides for each movement, in the transaction of what moved."""

from collections.abc import Iterable
from datetime import datetime

from foundation.core.ids import new_public_id
from payments.models import LedgerEntry, PaymentAttempt, PrepaidDeposit, Refund, Suspense
from payments.providers import provider_of
from payments.rules import TOP_UP, Account, Movement, Side, sides


def write(
    movement: Movement,
    amount_fen: int,
    *,
    attempt: PaymentAttempt,
    refund: Refund | None = None,
    money: str = "",
    at: datetime,
) -> None:
    """Write a movement of the attempt's bill; money stands on the account by which it comes or goes.

    Args:
        money: Where it comes from, if it is not the way of the attempt or of the refund.
    """
    earned = Account.PREPAID if attempt.bill.subject_type == TOP_UP else Account.INCOME
    _write(
        movement,
        sides(
            movement,
            amount_fen,
            money=money or provider_of(refund.provider if refund else attempt.provider).account,
            held=earned if attempt.applied_at else Account.SETTLING,
            earned=earned,
        ),
        institution_id=attempt.bill.institution_id,
        prepaid_id=_balance_of(attempt),
        bill=attempt.bill,
        attempt=attempt,
        refund=refund,
        at=at,
    )


def write_between(
    deposit: PrepaidDeposit,
    amount_fen: int,
    *,
    attempt: PaymentAttempt,
    refund: Refund | None = None,
    at: datetime,
) -> None:
    """Write what the institution of a deposit owes the one where it was spent; less, with a refund.

    Each of the two has a movement of its own, which balances in its own books.
    """
    payee, holder = attempt.bill.institution_id, deposit.bill.institution_id
    if refund is not None:
        payee, holder = holder, payee
    for movement, institution in ((Movement.CLAIM, payee), (Movement.DEBT, holder)):
        _write(
            movement,
            sides(movement, amount_fen),
            institution_id=institution,
            prepaid_id=deposit.account_id,
            bill=attempt.bill,
            attempt=attempt,
            refund=refund,
            at=at,
        )


def write_unclaimed(movement: Movement, found: Suspense, *, at: datetime) -> None:
    """Write a movement of money that no payment of ours claims."""
    money = provider_of(found.channel.provider).account
    _write(
        movement,
        sides(movement, found.amount_fen, money=money),
        institution_id=found.channel.institution_id,
        suspense=found,
        at=at,
    )


def _balance_of(attempt: PaymentAttempt) -> int | None:
    """The balance that a payment is taken from or tops up."""
    if attempt.leg is not None and attempt.leg.prepaid_id is not None:
        return attempt.leg.prepaid_id
    if attempt.bill.subject_type == TOP_UP:
        return PrepaidDeposit.objects.values_list("account", flat=True).get(bill=attempt.bill_id)
    return None


def _write(
    movement: Movement, both: Iterable[Side], *, prepaid_id: int | None = None, **more: object
) -> None:
    number = new_public_id()
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            movement=number,
            kind=movement,
            account=side.account,
            amount_fen=side.amount_fen,
            prepaid_id=prepaid_id if side.account == Account.PREPAID else None,
            **more,
        )
        for side in both
    )
