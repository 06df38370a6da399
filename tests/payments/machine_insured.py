"""Insurances in the machine of the books: bills of which an insurer pays a part, whoever fails first."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from foundation.core.errors import DomainError
from payments import services
from payments.insurance.base import Split, Standing
from payments.models import InsuranceOrder, PaymentAttempt
from payments.providers.base import RefundSaid
from payments.rules import AttemptState
from payments.services.insuring import asking as insurers
from payments.types import BillRef
from tests.payments import insurer, insuring
from tests.payments.insurer import Insurer, Office
from tests.payments.machine import FAULTS, PLACES, Paying
from tests.payments.owing import SYSTEM

SPLITS = (Split(700, 300, 200), Split(1_000, 0, 200), Split(900, 300, 0), Split(0, 0, 1_200))
CALLS = ("upload", "settle", "query", "revoke", "refund")


class Insuring(Paying):
    """The same hospital, with an insurer that does as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.office = Insurer.office = Office()
        insuring.setup(self.place.institution)
        self.insured: list[BillRef] = []

    def _order(self, place: int) -> InsuranceOrder | None:
        rows = list(InsuranceOrder.objects.order_by("pk"))
        return rows[place % len(rows)] if rows else None

    @rule(split=st.sampled_from(SPLITS))
    def open_insured_bill(self, split: Split) -> None:
        self.office.split = split
        bill = insuring.insured(self.place.institution)
        self.insured.append(bill)
        self.bills.append(bill.bill_id)

    @precondition(lambda self: self.insured)
    @rule(place=PLACES)
    def begin_with_insurance(self, place: int) -> None:
        try:
            insuring.begun(self.insured[place % len(self.insured)])
        except DomainError:
            return

    @rule(place=PLACES, call=st.sampled_from(CALLS), fault=FAULTS)
    def work_at_the_insurer(self, place: int, call: str, fault: str) -> None:
        order = self._order(place)
        if order is None:
            return
        if fault:
            getattr(self.office, fault)[call] = insurer.unsure()
        insurers.work_order(order=order.public_id)

    @rule(place=PLACES)
    def confirm_the_split(self, place: int) -> None:
        order = self._order(place)
        if order is None:
            return
        try:
            services.confirm_split(settlement=order.settlement.public_id, actor=SYSTEM)
        except DomainError:
            return

    @rule(place=PLACES, is_good=st.booleans())
    def the_insurer_decides(self, place: int, is_good: bool) -> None:
        order = self._order(place)
        known = self.office.orders.get(order.public_id) if order is not None else None
        if order is None or known is None or known.split is None or known.standing is not Standing.OPEN:
            return
        if is_good:
            self.office.settle(order.public_id)
        else:
            self.office.fail(order.public_id)

    @rule(answer=st.sampled_from(RefundSaid))
    def the_insurer_gives_back_so(self, answer: RefundSaid) -> None:
        self.office.back_answer = answer

    def come_to_rest(self) -> None:
        """Let the insurer answer as well."""
        self.office.down.clear()
        self.office.lost.clear()
        self.office.back_answer = RefundSaid.DONE
        super().come_to_rest()
        insuring.come_to_rest()
        super().come_to_rest()
        insuring.come_to_rest()

    def teardown(self) -> None:
        """Besides, the insurer holds exactly what the product says it paid."""
        super().teardown()
        rows = PaymentAttempt.objects.filter(state=AttemptState.CAPTURED)
        captured = rows.filter(provider__startswith=insurer.CODE)
        kept = sum(
            attempt.captured_fen
            - sum(attempt.refunds.filter(state="paid").values_list("amount_fen", flat=True))
            for attempt in captured
        )
        held = [one for one in self.office.orders.values() if one.standing is Standing.SETTLED and one.split]
        assert kept == sum(one.split.fund_fen + one.split.account_fen for one in held if one.split)
