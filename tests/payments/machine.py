"""Payers, channels, cashiers and clocks in any order, as rules of a state machine.

``Paying`` has the rules of paying online and at the window. A room that moves money in other ways has a
class of its own with further rules, and the test runs them all in one machine: rules of every class mix.
"""

from collections import Counter
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet, Sum
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from foundation.core import clock
from foundation.core.errors import DomainError
from payments import services
from payments.models import (
    Bill,
    LedgerEntry,
    PaymentAttempt,
    Refund,
    Settlement,
    SettlementLeg,
    Suspense,
    SuspenseState,
)
from payments.providers import provider_of
from payments.providers.base import RefundSaid, Said
from payments.rules import (
    AttemptState,
    BillState,
    Movement,
    RefundReason,
    RefundState,
    SettlementState,
)
from payments.selectors.books import check_books
from payments.services import asking, returning
from tests.payments.bank import CODE, Bank, Ledger, unsure
from tests.payments.owing import SYSTEM, Desk, owed
from tests.payments.paying import begun, channel, settlement_of, tell
from tests.payments.test_ledger import check_now

PLACES = st.integers(0, 9)
FAULTS = st.sampled_from(["", "", "lost", "down"])
# Every table that says where money is.
TABLES = (Bill, Settlement, SettlementLeg, PaymentAttempt, Refund, Suspense, LedgerEntry)


class Paying(RuleBasedStateMachine):
    """Bills of one hospital, a bank that does as it likes, and whoever acts on them."""

    place: Desk

    def __init__(self) -> None:
        super().__init__()
        self.books = Bank.books = Ledger()
        self.channel = channel(self.place.institution, number=f"shop-{Bill.objects.count()}")
        self.bills: list[str] = []
        # Every notice that was told, by its number, to be told again.
        self.notices: dict[str, dict[str, object]] = {}

    # What is drawn from

    def _bill(self, place: int) -> str:
        return self.bills[place % len(self.bills)]

    def _attempt(self, place: int) -> PaymentAttempt | None:
        rows = list(PaymentAttempt.objects.filter(provider=CODE).order_by("pk"))
        return rows[place % len(rows)] if rows else None

    def _refund(self, place: int) -> Refund | None:
        rows = list(Refund.objects.order_by("pk"))
        return rows[place % len(rows)] if rows else None

    def _tell(self, said: dict[str, object]) -> None:
        notice = f"n{len(self.notices)}"
        self.notices[notice] = said
        assert tell(self.channel, said, notice=notice) in {200, 400}

    def _break(self, fault: str, call: str) -> None:
        if fault:
            getattr(self.books, fault)[call] = unsure()

    # Owing and paying

    @rule(total=st.integers(1, 2_000))
    def open_bill(self, total: int) -> None:
        self.bills.append(owed(self.place.institution, total_fen=total).bill_id)

    @precondition(lambda self: self.bills)
    @rule(place=PLACES, fault=FAULTS)
    def begin(self, place: int, fault: str) -> None:
        try:
            attempt = begun(self._bill(place))
        except DomainError:
            return
        self._break(fault, "order")
        asking.launch_attempt(attempt=attempt.public_id)

    @rule(place=PLACES, amount=st.sampled_from([None, None, None, 1, 5_000]))
    def pay(self, place: int, amount: int | None) -> None:
        attempt = self._attempt(place)
        if attempt is not None and self.books.states.get(attempt.public_id) is Said.WAITING:
            self.books.pay(attempt.public_id, amount)

    @rule(place=PLACES, lie=st.sampled_from([0, 0, 0, 1]))
    def notice(self, place: int, lie: int) -> None:
        """The bank tells of a payment, perhaps another amount than it has."""
        attempt = self._attempt(place)
        if attempt is None or self.books.states.get(attempt.public_id) is not Said.PAID:
            return
        number = attempt.public_id
        told = {
            "number": number,
            "amount_fen": self.books.paid_fen[number] + lie,
            "channel_ref": f"B{number}",
        }
        self._tell(told)

    @precondition(lambda self: self.notices)
    @rule(place=PLACES)
    def notice_again(self, place: int) -> None:
        """The same notice again, perhaps long after."""
        number = list(self.notices)[place % len(self.notices)]
        tell(self.channel, self.notices[number], notice=number)

    @rule(place=PLACES, state=st.sampled_from([Said.CLOSED, Said.FAILED]))
    def notice_of_failure(self, place: int, state: Said) -> None:
        """The bank says that it came to nothing, if it did: of what is paid it says nothing else."""
        attempt = self._attempt(place)
        if attempt is None or self.books.states.get(attempt.public_id) is Said.PAID:
            return
        self.books.states[attempt.public_id] = state
        said = {"number": attempt.public_id, "amount_fen": 0, "channel_ref": "", "state": state.value}
        self._tell(said)

    @rule(place=PLACES, amount=st.integers(1, 900))
    def second_payment_of_one_order(self, place: int, amount: int) -> None:
        """Another transaction of the bank for an order that it was paid for already."""
        attempt = self._attempt(place)
        if attempt is None or attempt.state != AttemptState.CAPTURED:
            return
        said = {"number": attempt.public_id, "channel_ref": f"second-{len(self.notices)}"}
        self._tell({**said, "amount_fen": attempt.amount_fen})

    @rule(amount=st.integers(1, 900))
    def money_for_nobody(self, amount: int) -> None:
        said = {"number": "elsewhere", "channel_ref": f"X{len(self.notices)}"}
        self._tell({**said, "amount_fen": amount})

    @rule(place=PLACES, fault=FAULTS)
    def ask(self, place: int, fault: str) -> None:
        attempt = self._attempt(place)
        if attempt is not None:
            self._break("down" if fault else "", "query")
            asking.ask_attempt(attempt=attempt.public_id)
            self.books.down.clear()

    @rule(place=PLACES)
    def give_up(self, place: int) -> None:
        attempt = self._attempt(place)
        if attempt is not None:
            services.give_up(settlement=settlement_of(attempt).public_id, failure="payer", actor=SYSTEM)

    @precondition(lambda self: self.bills)
    @rule(place=PLACES)
    def time_runs_out(self, place: int) -> None:
        """A bill's time is over, and that of whoever pays it."""
        before = clock.now() - timedelta(seconds=1)
        rows = Bill.objects.filter(public_id=self._bill(place), state=BillState.OPEN)
        Settlement.objects.filter(bill__in=rows, online=True).update(expires_at=before)
        rows.update(expires_at=before)
        services.expire_bills()

    # At the hospital

    @precondition(lambda self: self.bills)
    @rule(place=PLACES, step=st.sampled_from(["cash", "till", "cancel", "call off"]))
    def at_the_hospital(self, place: int, step: str) -> None:
        bill = self._bill(place)
        try:
            if step == "cash":
                services.pay_in_cash(bill=bill, received_fen=2_000, actor=self.place.actor)
            elif step == "till":
                total = Bill.objects.get(public_id=bill).total_fen
                services.record_till_payment(
                    bill=bill, captured_fen=total, receipt=f"R{len(self.notices)}-{bill}", actor=SYSTEM
                )
            elif step == "cancel":
                services.cancel_bill(bill=bill, reason=RefundReason.CANCELLED, actor=SYSTEM)
            else:
                services.call_off_bills(bills=[bill], reason=RefundReason.STOPPED, actor=SYSTEM)
        except DomainError:
            return

    # Giving back

    @precondition(lambda self: self.bills)
    @rule(place=PLACES, amount=st.sampled_from([None, 1, 7, 600]))
    def owe_back(self, place: int, amount: int | None) -> None:
        try:
            services.refund_bill(
                bill=self._bill(place), amount_fen=amount, reason=RefundReason.STAFF, actor=self.place.actor
            )
        except DomainError:
            return

    @rule(place=PLACES, said=st.sampled_from(RefundSaid), fault=FAULTS)
    def send_refund(self, place: int, said: RefundSaid, fault: str) -> None:
        refund = self._refund(place)
        if refund is None:
            return
        self.books.refund_answer = said
        if self.books.refund_states.get(refund.public_id, RefundSaid.DONE) is not RefundSaid.DONE:
            self.books.refund_states[refund.public_id] = said
        self._break(fault, "refund")
        returning.send_refund(refund=refund.public_id)

    @rule(place=PLACES)
    def notice_of_refund(self, place: int) -> None:
        refund = self._refund(place)
        if refund is None or refund.public_id not in self.books.refunds:
            return
        said = {"kind": "refund", "number": refund.public_id, "channel_ref": f"R{refund.public_id}"}
        state = self.books.refund_states[refund.public_id].value
        self._tell({**said, "state": state, "amount_fen": refund.amount_fen})

    @rule(place=PLACES, step=st.sampled_from(["again", "hand out", "withdraw"]))
    def look_after_a_refund(self, place: int, step: str) -> None:
        refund = self._refund(place)
        if refund is None:
            return
        try:
            if step == "again":
                returning.send_again(refund=refund.public_id, reason="测试", actor=self.place.actor)
            elif step == "hand out":
                services.hand_out_refund(refund=refund.public_id, actor=self.place.actor)
            else:
                services.withdraw_refund(refund=refund.public_id, reason="测试", actor=self.place.actor)
        except DomainError:
            return

    # What must always be so

    @rule()
    def everything_again(self) -> None:
        """Whatever was told, asked and sent already changes nothing when it comes once more."""
        before = standing()
        for number, said in self.notices.items():
            tell(self.channel, said, notice=number)
        for attempt in PaymentAttempt.objects.filter(state=AttemptState.CAPTURED):
            asking.ask_attempt(attempt=attempt.public_id)
            asking.launch_attempt(attempt=attempt.public_id)
        for refund in Refund.objects.filter(state=RefundState.PAID):
            returning.send_refund(refund=refund.public_id)
        services.expire_bills()
        assert standing() == before

    @invariant()
    def the_books_hold(self) -> None:
        check_now()
        assert check_books() == []

    @invariant()
    def every_movement_sums_to_zero(self) -> None:
        sums: Counter[str] = Counter()
        for movement, amount in LedgerEntry.objects.values_list("movement", "amount_fen"):
            sums[movement] += amount
        assert not any(sums.values())

    @invariant()
    def nothing_is_allocated_without_a_payment(self) -> None:
        entries = LedgerEntry.objects.exclude(kind__in=[Movement.FOUND, Movement.RETURNED])
        assert not entries.filter(attempt=None).exists()

    @invariant()
    def never_more_goes_back_than_came(self) -> None:
        for attempt in PaymentAttempt.objects.annotate(back=Sum("refunds__amount_fen")):
            rows = attempt.refunds.exclude(state=RefundState.WITHDRAWN)
            assert sum(rows.values_list("amount_fen", flat=True)) <= attempt.captured_fen

    @invariant()
    def a_transaction_of_the_bank_counts_once(self) -> None:
        references = list(of_orders().values_list("channel_ref", flat=True))
        references += list(Suspense.objects.values_list("channel_ref", flat=True))
        assert len(references) == len(set(references))

    @invariant()
    def what_was_captured_is_what_the_bank_has(self) -> None:
        for attempt in of_orders():
            assert attempt.captured_fen == self.books.paid_fen[attempt.public_id]
        for refund in Refund.objects.filter(provider=CODE, state=RefundState.PAID):
            assert refund.amount_fen == self.books.refunds[refund.public_id].amount_fen

    @invariant()
    def a_paid_bill_is_settled_once_and_whole(self) -> None:
        for bill in Bill.objects.filter(state=BillState.PAID):
            settlement = Settlement.objects.get(bill=bill, state=SettlementState.SETTLED)
            assert all(leg.taken_at for leg in settlement.legs.all())
            assert sum(leg.amount_fen for leg in settlement.legs.all()) == bill.total_fen

    # The end

    def teardown(self) -> None:
        """Faults end, clocks run on: everything comes to its end, and nothing lies between."""
        self.come_to_rest()
        self.the_books_hold()
        assert {account: fen for account, fen in lying().items() if fen} == {}
        for bill in Bill.objects.exclude(state=BillState.PAID):
            assert bill.captured_fen == bill.refunded_fen
        # Nobody was given more than once, whoever was asked however often.
        given = sum(one.amount_fen for one in self.books.refunds.values())
        returned = Suspense.objects.filter(state=SuspenseState.RETURNED).values_list("amount_fen", flat=True)
        refunds = Refund.objects.filter(provider=CODE).values_list("amount_fen", flat=True)
        assert given == sum(refunds) + sum(returned)

    def come_to_rest(self) -> None:
        """Let everybody answer, and do what is left to do."""
        self.books.down.clear()
        self.books.lost.clear()
        self.books.refund_answer = RefundSaid.DONE
        for number in self.books.refund_states:
            self.books.refund_states[number] = RefundSaid.DONE
        for settlement in Settlement.objects.filter(online=True):
            services.give_up(settlement=settlement.public_id, failure="over", actor=SYSTEM)
        Settlement.objects.filter(online=True).update(expires_at=clock.now())
        for attempt in PaymentAttempt.objects.filter(state=AttemptState.STARTED, provider=CODE):
            asking.ask_attempt(attempt=attempt.public_id)
        for refund in Refund.objects.exclude(state__in=[RefundState.PAID, RefundState.WITHDRAWN]):
            if refund.state == RefundState.ABNORMAL:
                returning.send_again(refund=refund.public_id, reason="测试", actor=self.place.actor)
            if provider_of(refund.provider).by_hand:
                services.hand_out_refund(refund=refund.public_id, actor=self.place.actor)
            else:
                returning.send_refund(refund=refund.public_id)


def of_orders() -> "QuerySet[PaymentAttempt]":
    """What the bank took for orders of ours; what people allocated had come for none."""
    rows = PaymentAttempt.objects.filter(provider=CODE, state=AttemptState.CAPTURED)
    return rows.exclude(Exists(Suspense.objects.filter(attempt=OuterRef("pk"))))


def standing() -> dict[str, list[tuple[object, ...]]]:
    """Every row that says where money is; not when somebody is asked next."""
    skipped = {"next_ask_at", "asked", "next_try_at", "tries", "asks", "launch"}
    found: dict[str, list[tuple[object, ...]]] = {}
    for table in TABLES:
        names = [field.attname for field in table._meta.concrete_fields if field.name not in skipped]
        found[table.__name__] = list(table._default_manager.order_by("pk").values_list(*names))
    return found


def lying() -> dict[str, int]:
    """What lies on the accounts that are empty once everything is at its end."""
    sums = LedgerEntry.objects.filter(account__in=["settling", "refunds_due"]).values("account")
    return {row["account"]: row["sum"] for row in sums.annotate(sum=Sum("amount_fen"))}
