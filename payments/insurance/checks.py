"""The sums that must fit before anything is sent, and those that an answer must fit.

The three equations are the insurance's own: the lines are the total; what is outside the catalogue,
paid beforehand and within the rules are the total; fund, personal account and own share are the total.
"""

from payments.insurance.amounts import MOST_FEN
from payments.insurance.base import Allowed, GivingBack, Part, Scope, Split, Upload
from payments.insurance.errors import AmountsDisagree, PermissionEnded


def check_upload(insurer: str, bill: Upload) -> None:
    """Raise AmountsDisagree unless the bill fits itself."""
    _positive(insurer, "total", bill.total_fen)
    amounts = [line.amount_fen for line in bill.lines]
    if not amounts:
        raise AmountsDisagree(insurer, "no_lines")
    if any(amount < 0 for amount in amounts) or sum(amounts) != bill.total_fen:
        raise AmountsDisagree(insurer, "lines_and_total")
    if bill.scope is not None:
        check_scope(insurer, bill.scope, bill.total_fen)


def check_scope(insurer: str, scope: Scope, total_fen: int, over_limit_fen: int = 0) -> None:
    """Raise AmountsDisagree unless the division by the catalogue is the total."""
    parts = (scope.outside_fen, scope.first_fen, scope.within_fen, over_limit_fen)
    if any(part < 0 for part in parts) or sum(parts) != total_fen:
        raise AmountsDisagree(insurer, "scope_and_total")


def check_giving_back(insurer: str, giving: GivingBack) -> None:
    """Raise AmountsDisagree unless what goes back fits its kind and what was paid."""
    back, paid = giving.split, giving.paid
    _positive(insurer, "refund", back.total_fen)
    if any(
        not 0 <= part <= most
        for part, most in (
            (back.fund_fen, paid.fund_fen),
            (back.account_fen, paid.account_fen),
            (back.own_fen, paid.own_fen),
        )
    ):
        raise AmountsDisagree(insurer, "refund_and_payment")
    insurance_fen = back.fund_fen + back.account_fen
    fits = {
        Part.ALL: back == paid,
        Part.OWN: insurance_fen == 0,
        Part.INSURANCE: back.own_fen == 0,
    }[giving.part]
    if not fits:
        raise AmountsDisagree(insurer, "refund_and_part")


def splits(split: Split, total_fen: int) -> bool:
    """Whether an answer's parts are the total, each of them none or more."""
    parts = (split.fund_fen, split.account_fen, split.own_fen)
    return all(part >= 0 for part in parts) and split.total_fen == total_fen


def check_permission(insurer: str, allowed: Allowed) -> None:
    """Raise PermissionEnded unless there is one of token and number, and not both."""
    if bool(allowed.token) == bool(allowed.number):
        raise PermissionEnded(insurer, "permission_missing")


def _positive(insurer: str, what: str, fen: int) -> None:
    if not 0 < fen <= MOST_FEN:
        raise AmountsDisagree(insurer, f"{what}_not_positive")
