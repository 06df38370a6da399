"""The client of the insurance's core against the core, over the wire."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from foundation.core import clock
from foundation.core.clock import beijing
from payments.insurance.base import Scope, Split
from payments.insurance.core import InsuranceCore, client
from payments.insurance.desk import (
    Act,
    Billing,
    Certificate,
    Clerk,
    DayTotals,
    Diagnosis,
    Person,
    Registering,
    Shown,
    Visited,
)
from payments.insurance.errors import AmountsDisagree
from payments.providers.base import Merchant
from payments.providers.errors import (
    ChannelError,
    ChannelMisconfigured,
    ChannelRefused,
    ChannelTemporary,
    ChannelUnsure,
)
from tests.contracts.insurance.impatience import impatient
from tests.payments.insurance import bills
from tests.sandbox_server import Sandbox

CORE = InsuranceCore()
CLERK = Clerk("0007", "收费员甲")
# 360.00 with a tenth paid beforehand and 40.00 outside: 324.00 within, 200.00 deductible, 80 %.
SCOPE = Scope(outside_fen=4_000, first_fen=3_600, within_fen=32_400)
SPLIT = Split(fund_fen=9_920, account_fen=26_080, own_fen=4_000)


@dataclass
class Desk:
    """A window of an institution at the sandbox."""

    sandbox: Sandbox
    merchant: Merchant
    name: str = "林知秋"

    @property
    def shown(self) -> Shown:
        return Shown(Certificate.IDENTITY_CARD, bills.ID_NUMBER, self.name)

    def person(self) -> Person:
        return CORE.person(self.merchant, CLERK, self.shown)

    def visit(self) -> Visited:
        person = self.person()
        return CORE.register(
            self.merchant,
            CLERK,
            Registering(
                person=person.number,
                scheme="310",
                place=person.coverages[0].place,
                shown=self.shown,
                number="OP0001",
                began_at=bills.BEGAN,
                doctor_code="D01",
                doctor_name="医生甲",
                department_code="0301",
                department_name="呼吸内科",
                speciality="A03",
            ),
        )

    def charged(self) -> Visited:
        """A visit with fees in the batch B1."""
        visit = self.visit()
        lines = [bills.line("1", 36_000, "B02"), bills.line("2", 4_000, "X01")]
        CORE.add_fees(self.merchant, CLERK, visit, batch="B1", lines=lines)
        return visit

    def bill(self, visit: Visited, **changes: Any) -> Billing:
        made = Billing(visit, self.shown, "310", "11", "B1", total_fen=40_000, scope=SCOPE)
        return replace(made, **changes)

    def message(self) -> str:
        return CORE.new_message(self.merchant)

    def account(self) -> dict[str, Any]:
        return self.sandbox.order("insurance/people", id_number=bills.ID_NUMBER, name=self.name)


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    merchant = Merchant(
        public_id="insurance-core-1",
        provider="insurance_core",
        number=bills.ORGANISATION,
        base_url=sandbox.url,
        values={"name": "示范医院", "area": "110100"},
    )
    return Desk(sandbox, merchant)


@pytest.mark.row("HI-04")
def test_a_visit_is_settled_at_the_window_and_undone(desk: Desk) -> None:
    assert CORE.sign_in(desk.merchant, CLERK)
    visit = desk.charged()
    diagnosis = Diagnosis("1", 1, "J06.900", "急性上呼吸道感染", "呼吸内科", "D01", "医生甲", bills.BEGAN)
    CORE.describe(desk.merchant, CLERK, visit, kind="11", began_at=bills.BEGAN, diagnoses=[diagnosis])
    tried = CORE.divide(desk.merchant, CLERK, desk.bill(visit))
    assert (tried.split, tried.settlement_id) == (SPLIT, "")
    assert desk.account()["fund_paid"] == 0
    settled = CORE.settle(desk.merchant, CLERK, desk.bill(visit), message=desk.message())
    assert settled.split == SPLIT
    assert settled.balance_fen == 100_000 - SPLIT.account_fen
    assert sum(fund.amount_fen for fund in settled.funds) == SPLIT.fund_fen
    undone = CORE.undo_settlement(desk.merchant, CLERK, visit, settled.settlement_id, message=desk.message())
    assert undone.split == SPLIT
    assert desk.account()["balance"] == 100_000


def test_fees_come_back_divided_by_the_catalogue(desk: Desk) -> None:
    visit = desk.visit()
    lines = [bills.line("1", 36_000, "B02"), bills.line("2", 4_000, "X01"), bills.line("3", 1, "A01")]
    scopes = CORE.add_fees(desk.merchant, CLERK, visit, batch="B1", lines=lines)
    assert scopes == {"1": Scope(0, 3_600, 32_400), "2": Scope(4_000, 0, 0), "3": Scope(0, 0, 1)}
    CORE.undo_fees(desk.merchant, CLERK, visit, batch="B1")
    CORE.undo_registration(desk.merchant, CLERK, visit)
    with pytest.raises(ChannelRefused):
        CORE.divide(desk.merchant, CLERK, desk.bill(visit))


@pytest.mark.row("HI-04")
def test_who_is_not_insured_is_told_so(desk: Desk) -> None:
    with pytest.raises(ChannelRefused) as refused:
        replace(desk, name="医测未参保").person()
    assert refused.value.code == "2004"
    paused = replace(desk, name="医测停保").person()
    assert [each.is_active for each in paused.coverages] == [False]
    assert bills.ID_NUMBER not in repr(paused)


def test_the_electronic_certificate_names_the_person(desk: Desk) -> None:
    token = desk.sandbox.order("insurance/permissions", id_number=bills.ID_NUMBER, kind="ecToken")["ecToken"]
    person = CORE.person(desk.merchant, CLERK, Shown(Certificate.ELECTRONIC, token))
    assert person.id_number == bills.ID_NUMBER
    with pytest.raises(ChannelRefused):
        CORE.person(desk.merchant, CLERK, Shown(Certificate.ELECTRONIC, "EC0"))


@pytest.mark.parametrize(
    "changes",
    [
        {"total_fen": 39_999},
        {"scope": replace(SCOPE, within_fen=32_401)},
        {"over_limit_fen": 1},
        {"total_fen": 0, "scope": Scope(0, 0, 0)},
    ],
)
def test_sums_that_do_not_fit_are_never_sent(desk: Desk, changes: dict[str, Any]) -> None:
    bill = desk.bill(Visited("VIS1", "0042", "OP1", "110100"), **changes)
    with pytest.raises(AmountsDisagree):
        CORE.settle(desk.merchant, CLERK, bill, message=desk.message())
    calls = [each["path"] for each in desk.sandbox.show("requests")["requests"]]
    assert [path for path in calls if path.startswith("/fsi/")] == []


@pytest.mark.row("HI-04")
@pytest.mark.parametrize("name", ["医测已结无应答", "医测未结无应答"])
def test_without_an_answer_the_message_is_reversed_whatever_had_happened(desk: Desk, name: str) -> None:
    desk = replace(desk, name=name)
    visit, message = desk.charged(), desk.message()
    with impatient(client), pytest.raises(ChannelUnsure):
        CORE.settle(desk.merchant, CLERK, desk.bill(visit), message=message)
    for _ in range(2):
        CORE.reverse(desk.merchant, CLERK, visit, Act.SETTLED, message=message)
    assert desk.account()["fund_paid"] == 0
    # The message itself may still be on its way: it comes too late.
    with pytest.raises(ChannelRefused):
        CORE.settle(desk.merchant, CLERK, desk.bill(visit), message=message)


def test_the_same_message_settles_once(desk: Desk) -> None:
    visit, message = desk.charged(), desk.message()
    first = CORE.settle(desk.merchant, CLERK, desk.bill(visit), message=message)
    assert CORE.settle(desk.merchant, CLERK, desk.bill(visit), message=message) == first
    with pytest.raises(ChannelRefused):
        CORE.settle(desk.merchant, CLERK, desk.bill(visit), message=desk.message())
    assert desk.account()["fund_paid"] == SPLIT.fund_fen


def test_an_undoing_without_an_answer_is_reversed_too(desk: Desk) -> None:
    desk = replace(desk, name="医测已退无应答")
    visit, message = desk.charged(), desk.message()
    settled = CORE.settle(desk.merchant, CLERK, desk.bill(visit), message=desk.message())
    with impatient(client), pytest.raises(ChannelUnsure):
        CORE.undo_settlement(desk.merchant, CLERK, visit, settled.settlement_id, message=message)
    assert desk.account()["fund_paid"] == 0
    CORE.reverse(desk.merchant, CLERK, visit, Act.UNDONE, message=message)
    assert desk.account()["fund_paid"] == SPLIT.fund_fen


@pytest.mark.parametrize("kind", ["error", "outage", "garbage"])
def test_what_acts_is_unsure_and_what_asks_can_be_asked_again(desk: Desk, kind: str) -> None:
    visit = desk.charged()
    desk.sandbox.fault("insurance", kind)
    with pytest.raises(ChannelUnsure):
        CORE.settle(desk.merchant, CLERK, desk.bill(visit), message=desk.message())
    with pytest.raises(ChannelTemporary):
        CORE.divide(desk.merchant, CLERK, desk.bill(visit))


def test_a_gateway_before_the_core_wants_its_signature(desk: Desk) -> None:
    values = {**desk.merchant.values, "gateway_id": "sandbox-insurance"}
    right = {"gateway_token": "sandbox-insurance-token"}
    assert replace(desk, merchant=replace(desk.merchant, values=values, secrets=right)).person()
    wrong = replace(desk.merchant, values=values, secrets={"gateway_token": "wrong"})
    with pytest.raises(ChannelRefused) as refused:
        replace(desk, merchant=wrong).person()
    assert refused.value.code == "status_401"
    with pytest.raises(ChannelMisconfigured):
        replace(desk, merchant=replace(wrong, secrets={})).person()


@pytest.mark.row("HI-06")
def test_totals_are_compared_with_desks_and_phones_together(desk: Desk) -> None:
    visit = desk.charged()
    CORE.settle(desk.merchant, CLERK, desk.bill(visit), message=desk.message())
    today = beijing(clock.now()).date()
    ours = DayTotals("310", "11", "110100", today, today, 40_000, 9_920, 26_080, 1)
    equal = CORE.compare_totals(desk.merchant, CLERK, ours)
    assert (equal.is_equal, equal.result) == (True, "0")
    differs = CORE.compare_totals(desk.merchant, CLERK, replace(ours, fund_fen=9_919))
    assert (differs.is_equal, differs.reason) == (False, "不一致：基金")
    earlier: date = today - timedelta(days=1)
    empty = replace(
        ours, first_day=earlier, last_day=earlier, total_fen=0, fund_fen=0, account_fen=0, count=0
    )
    assert CORE.compare_totals(desk.merchant, CLERK, empty).is_equal


def test_a_core_that_is_not_there(desk: Desk) -> None:
    gone = replace(desk, merchant=replace(desk.merchant, base_url="http://127.0.0.1:9"))
    with pytest.raises(ChannelTemporary):
        gone.person()
    with pytest.raises(ChannelError):
        replace(desk, merchant=replace(desk.merchant, values={})).person()
