"""The client of the mobile-payment centre against the centre: what goes back, and the totals of a day."""

from dataclasses import replace

import pytest

from payments.insurance.base import Allowed, Part, Split, Standing, Uploaded
from payments.insurance.errors import AmountsDisagree
from payments.insurance.mobile import client
from payments.providers.base import RefundSaid
from payments.providers.errors import ChannelRefused, ChannelUnsure
from tests.contracts.insurance.impatience import impatient
from tests.contracts.insurance.office import CENTRE, WHOLE, Office
from tests.payments.insurance import bills


@pytest.mark.row("FC-06")
def test_a_whole_refund_gives_everything_back_once(office: Office) -> None:
    uploaded = office.settled()
    for _ in range(2):
        giving = bills.giving(uploaded, office.permission(), WHOLE)
        assert CENTRE.refund(office.merchant, giving).state is RefundSaid.DONE
    known = office.query(uploaded)
    assert (known.standing, known.state) == (Standing.GIVEN_BACK, "7")
    assert office.account() | {"number": ""} == {
        "id_number": bills.ID_NUMBER,
        "name": "林知秋",
        "balance": 100_000,
        "spent": 0,
        "fund_paid": 0,
        "number": "",
    }
    with pytest.raises(ChannelRefused):
        CENTRE.refund(office.merchant, replace(giving, number="R0002", allowed=office.permission()))


def test_legs_go_back_one_by_one(office: Office) -> None:
    uploaded = office.settled()
    own, insurance = Split(0, 0, 1_500), Split(WHOLE.fund_fen, WHOLE.account_fen, 0)
    states = []
    for number, part, back in [
        ("R1", Part.OWN, own),
        ("R2", Part.INSURANCE, insurance),
        ("R3", Part.OWN, Split(0, 0, 2_500)),
    ]:
        giving = bills.giving(uploaded, office.permission("ecToken"), WHOLE, part=part, back=back)
        assert CENTRE.refund(office.merchant, replace(giving, number=number)).state is RefundSaid.DONE
        states.append(office.query(uploaded).state)
    assert states == ["10", "11", "7"]


@pytest.mark.parametrize(
    ("part", "back", "code"),
    [
        (Part.ALL, Split(10_400, 25_600, 3_999), "refund_and_part"),
        (Part.OWN, Split(1, 0, 4_000), "refund_and_part"),
        (Part.INSURANCE, Split(10_400, 25_600, 1), "refund_and_part"),
        (Part.OWN, Split(0, 0, 4_001), "refund_and_payment"),
        (Part.INSURANCE, Split(10_401, 25_600, 0), "refund_and_payment"),
        (Part.OWN, Split(0, 0, 0), "refund_not_positive"),
    ],
)
def test_refunds_that_do_not_fit_are_never_sent(office: Office, part: Part, back: Split, code: str) -> None:
    giving = bills.giving(Uploaded("ORD1", "T"), Allowed(number="A"), WHOLE, part=part, back=back)
    with pytest.raises(AmountsDisagree) as refused:
        CENTRE.refund(office.merchant, giving)
    assert refused.value.code == code


def test_a_refund_number_is_for_one_refund(office: Office) -> None:
    uploaded = office.settled()
    giving = bills.giving(uploaded, office.permission(), WHOLE, part=Part.OWN, back=Split(0, 0, 1_000))
    CENTRE.refund(office.merchant, giving)
    with pytest.raises(ChannelRefused):
        CENTRE.refund(office.merchant, replace(giving, split=Split(0, 0, 2_000)))


@pytest.mark.row("FC-06")
@pytest.mark.parametrize(
    ("name", "state", "standing"),
    [
        ("医测退款异常", RefundSaid.ABNORMAL, Standing.GIVEN_BACK),
        ("医测退款失败", RefundSaid.CLOSED, Standing.SETTLED),
    ],
)
def test_a_refund_that_goes_wrong_is_told_as_it_is(
    office: Office, name: str, state: RefundSaid, standing: Standing
) -> None:
    uploaded = office.settled(name)
    said = CENTRE.refund(office.merchant, bills.giving(uploaded, office.permission(), WHOLE))
    assert said.state is state
    assert office.query(uploaded, name).standing is standing


@pytest.mark.parametrize(
    ("name", "standing"),
    [("医测已退无应答", Standing.GIVEN_BACK), ("医测未退无应答", Standing.SETTLED)],
)
def test_a_refund_without_an_answer_is_found_by_asking(office: Office, name: str, standing: Standing) -> None:
    uploaded = office.settled(name)
    with impatient(client), pytest.raises(ChannelUnsure):
        CENTRE.refund(office.merchant, bills.giving(uploaded, office.permission(), WHOLE))
    assert office.query(uploaded, name).standing is standing


def test_totals_of_a_day_count_what_was_settled_and_given_back(office: Office) -> None:
    uploaded = office.settled()
    CENTRE.refund(
        office.merchant,
        bills.giving(uploaded, office.permission(), WHOLE, part=Part.OWN, back=Split(0, 0, 1_000)),
    )
    day = office.query(uploaded).traced_at[:8]
    found = office.sandbox.show("insurance/totals", day=f"{day[:4]}-{day[4:6]}-{day[6:]}")
    assert found["totals"][bills.ORGANISATION] == {
        "count": 1,
        "total": 40_000,
        "fund": 10_400,
        "account": 25_600,
        "own": 4_000,
        "refunds": 1,
        "fund_back": 0,
        "account_back": 0,
        "own_back": 1_000,
    }
