"""Prepaid balances in the machine of the books: topped up, spent alone or beside a channel, paid out."""

from django.db.models import Sum
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from foundation.core.errors import DomainError
from payments import services
from payments.models import LedgerEntry, PrepaidAccount
from payments.services import asking
from payments.types import BillRef
from tests.payments.machine import PLACES, Paying
from tests.payments.owing import SYSTEM, owed, person
from tests.payments.saving import account_of, begun_with_balance, spent


class Saving(Paying):
    """One more person, who has a balance and bills of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.saver = person()
        self.saved: list[BillRef] = []

    @rule(amount=st.sampled_from([1_000, 2_500]), in_cash=st.booleans())
    def top_up(self, amount: int, in_cash: bool) -> None:
        try:
            bill = services.open_top_up(
                account=account_of(self.saver).public_id,
                institution=self.place.institution,
                amount_fen=amount,
                actor=SYSTEM,
            )
        except DomainError:
            return
        self.bills.append(bill.bill_id)
        if in_cash:
            services.pay_in_cash(bill=bill.bill_id, received_fen=amount, actor=self.place.actor)

    @rule(total=st.integers(1, 3_000))
    def owe_by_the_saver(self, total: int) -> None:
        bill = owed(self.place.institution, total_fen=total, person_pk=self.saver)
        self.saved.append(bill)
        self.bills.append(bill.bill_id)

    @precondition(lambda self: self.saved)
    @rule(place=PLACES, part=st.sampled_from([None, 1, 400]))
    def spend(self, place: int, part: int | None) -> None:
        bill = self.saved[place % len(self.saved)]
        try:
            if part is None:
                spent(bill)
            else:
                attempt = begun_with_balance(bill, part)
                asking.launch_attempt(attempt=attempt.public_id)
        except DomainError:
            return

    @rule(amount=st.sampled_from([None, 1, 700]))
    def pay_out(self, amount: int | None) -> None:
        try:
            services.pay_out(
                account=account_of(self.saver).public_id, amount_fen=amount, actor=self.place.actor
            )
        except DomainError:
            return

    @rule(is_frozen=st.booleans())
    def freeze(self, is_frozen: bool) -> None:
        try:
            services.freeze_account(
                account=account_of(self.saver).public_id, is_frozen=is_frozen, reason="测试", actor=SYSTEM
            )
        except DomainError:
            return

    @invariant()
    def no_balance_is_below_zero_and_all_of_them_are_the_ledger(self) -> None:
        held = list(PrepaidAccount.objects.values_list("balance_fen", flat=True))
        assert all(fen >= 0 for fen in held)
        kept = LedgerEntry.objects.filter(account="prepaid").aggregate(sum=Sum("amount_fen"))["sum"] or 0
        assert sum(held) == -kept
