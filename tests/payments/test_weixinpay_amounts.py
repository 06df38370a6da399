"""The three equations of mixed orders."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.providers.weixinpay.amounts import Added, Amounts, AmountsDisagree, Kind, Reduced

FEN = st.integers(0, 10**9)


@st.composite
def right(draw: st.DrawFn) -> Amounts:
    """Amounts that go together."""
    fund, account, other, left = (draw(FEN) for _ in range(4))
    added = {kind: draw(FEN) for kind in draw(st.sets(st.sampled_from(Added)))}
    reduced = {}
    rest = left + sum(added.values())
    for kind in sorted(draw(st.sets(st.sampled_from(Reduced)))):
        reduced[kind] = draw(st.integers(0, rest))
        rest -= reduced[kind]
    total = fund + account + other + left + sum(added.values())
    return Amounts(total, fund, account, other, left, rest, added, reduced)


@pytest.mark.row("FC-05")
@given(amounts=right(), change=st.integers(-(10**9), 10**9).filter(bool))
def test_amounts_go_together_until_one_is_changed(amounts: Amounts, change: int) -> None:
    if amounts.total_fen:
        amounts.check()
    for name in ("total_fen", "fund_fen", "account_fen", "other_fen", "left_fen", "own_fen"):
        with pytest.raises(AmountsDisagree):
            replace(amounts, **{name: getattr(amounts, name) + change}).check()


@given(amounts=right())
def test_what_is_paid_alone_has_no_insurance(amounts: Amounts) -> None:
    assert (amounts.kind is Kind.OWN) == (amounts.insured_fen + amounts.left_fen == 0)
    if amounts.kind is Kind.BOTH:
        assert amounts.own_fen
