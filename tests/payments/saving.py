"""Balances of this room's tests, made by services."""

from payments import services
from payments.models import PaymentAttempt, PrepaidAccount
from payments.rules import App
from payments.services.online import Start
from payments.types import BillRef
from tests.payments.owing import SYSTEM, Desk
from tests.payments.paying import PAYER, settlement_of


def account_of(person_pk: int) -> PrepaidAccount:
    opened = services.open_account(person_pk=person_pk, actor=SYSTEM)
    return PrepaidAccount.objects.get(public_id=opened)


def topped_up(where: Desk, person_pk: int, amount_fen: int = 10_000) -> BillRef:
    """Paid in cash at a window."""
    bill = services.open_top_up(
        account=account_of(person_pk).public_id,
        institution=where.institution,
        amount_fen=amount_fen,
        actor=SYSTEM,
    )
    services.pay_in_cash(bill=bill.bill_id, received_fen=amount_fen, actor=where.actor)
    return bill


def spent(bill: BillRef, amount_fen: int | None = None, *, account: str = PAYER) -> str:
    """Paid from the balance of its person, and by nothing else; the settlement."""
    parts = services.balance_parts(bill=bill.bill_id, amount_fen=amount_fen)
    start = Start("", "", App.H5, account, parts=parts)
    return services.begin_payment(bill=bill.bill_id, start=start, actor=SYSTEM)


def begun_with_balance(bill: BillRef, amount_fen: int, *, provider: str = "banktest") -> PaymentAttempt:
    """A part from the balance, and the rest asked for at the bank."""
    parts = services.balance_parts(bill=bill.bill_id, amount_fen=amount_fen)
    start = Start(provider, "scans", App.H5, PAYER, parts=parts)
    settlement = services.begin_payment(bill=bill.bill_id, start=start, actor=SYSTEM)
    return PaymentAttempt.objects.get(leg__settlement__public_id=settlement, provider=provider)


def balance(person_pk: int) -> int:
    return account_of(person_pk).balance_fen


__all__ = ["account_of", "balance", "begun_with_balance", "settlement_of", "spent", "topped_up"]
