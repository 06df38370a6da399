"""Reconciliation in the machine of the books: days compared at any time, and money in suspense decided."""

from django.db.models import F
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from payments.models import Bill, Difference, DifferenceStep, Suspense, SuspenseState
from payments.providers.base import NoticeKind, RefundSaid, StatementRow
from payments.providers.errors import ChannelRefused
from payments.reconciliation.rules import Act, DifferenceState, beijing_day
from payments.services import adjusting, reconciling_now
from tests.payments.bank import CODE
from tests.payments.machine import FAULTS, PLACES, Paying, standing
from tests.payments.owing import SYSTEM
from tests.payments.stating import fetch, state

FIRST, SECOND = Actor.system("first"), Actor.system("second")
ANSWERS = st.sampled_from([RefundSaid.DONE, RefundSaid.DONE, RefundSaid.PROCESSING, RefundSaid.ABNORMAL])


class Comparing(Paying):
    """The same bank, which states its day whenever it is asked, and the people who compare."""

    def __init__(self) -> None:
        super().__init__()
        self.decided = 0

    @rule(has_all=st.booleans())
    def compare_the_day(self, has_all: bool) -> None:
        """What the bank has, or only its payments: the books are the same afterwards, and once more."""
        before = standing()
        rows = self._rows() if has_all else [row for row in self._rows() if row.kind is NoticeKind.PAYMENT]
        day = beijing_day(clock.now())
        state(self.books, day, *rows)
        fetch(self.channel, day)
        assert standing() == before
        steps = DifferenceStep.objects.count()
        fetch(self.channel, day)
        assert (standing(), DifferenceStep.objects.count()) == (before, steps)

    @rule()
    def look_without_a_statement(self) -> None:
        before = standing()
        reconciling_now.reconcile_now(actor=SYSTEM)
        assert standing() == before

    @rule(place=PLACES, bill=PLACES, returns=st.booleans())
    def decide_about_suspense(self, place: int, bill: int, returns: bool) -> None:
        found = self._undecided()
        if not found or not self.bills:
            return
        row, number = found[place % len(found)], self._number_of(bill)
        try:
            adjusting.propose(
                difference=row.public_id,
                act=Act.RETURN if returns else Act.ALLOCATE,
                bill="" if returns else number,
                reason="测试",
                actor=FIRST,
            )
            adjusting.approve(difference=row.public_id, reason="测试", actor=SECOND)
            self.decided += 1
        except DomainError:
            adjusting.refuse(difference=row.public_id, reason="测试", actor=SECOND)

    @precondition(lambda self: self.decided)
    @rule(said=ANSWERS, fault=FAULTS, refuses=st.sampled_from([False, False, True]))
    def return_money(self, said: RefundSaid, fault: str, refuses: bool) -> None:
        self.books.refund_answer = said
        self._break(fault, "refund")
        if refuses:
            self.books.down["refund"] = ChannelRefused(CODE, "refused")
        self._carry_out()

    def come_to_rest(self) -> None:
        """What was to go back has gone back, and nothing of it is left half done."""
        super().come_to_rest()
        self._carry_out()
        reconciling_now.reconcile_now(actor=SYSTEM)
        for row in self._undecided():
            # What got stuck at the bank has come through by now.
            if row.suspense is not None and row.suspense.sent_at is not None:
                adjusting.propose(difference=row.public_id, act=Act.RETURN, reason="测试", actor=FIRST)
                adjusting.approve(difference=row.public_id, reason="测试", actor=SECOND)
        self._carry_out()
        assert not Suspense.objects.filter(state=SuspenseState.OPEN, sent_at__isnull=False).exists()
        # What was claimed, and was not owed any more, goes back as well.
        super().come_to_rest()

    def _carry_out(self) -> None:
        Difference.objects.filter(next_try_at__isnull=False).update(next_try_at=F("found_at"))
        for difference in adjusting.due_returns():
            adjusting.carry_out_return(difference=difference, actor=SYSTEM)
        self.books.down.clear()
        self.books.lost.clear()

    def _undecided(self) -> list[Difference]:
        rows = Difference.objects.filter(state=DifferenceState.OPEN, suspense__state=SuspenseState.OPEN)
        return list(rows.select_related("suspense").order_by("pk"))

    def _number_of(self, place: int) -> str:
        return Bill.objects.values_list("number", flat=True).get(public_id=self._bill(place))

    def _rows(self) -> list[StatementRow]:
        """What the bank states: its payments and what it gave back, as far as that is done."""
        moment = clock.now()
        paid = [
            StatementRow(NoticeKind.PAYMENT, number, f"B{number}", fen, 0, moment, state="SUCCESS")
            for number, fen in self.books.paid_fen.items()
        ]
        back = [
            StatementRow(
                NoticeKind.REFUND,
                one.payment_number,
                one.channel_ref,
                one.amount_fen,
                0,
                moment,
                refund_number=number,
                refund_ref=f"R{number}",
                state="SUCCESS",
            )
            for number, one in self.books.refunds.items()
            if self.books.refund_states[number] is RefundSaid.DONE
        ]
        return paid + back
