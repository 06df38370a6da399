"""Check digit, states, duties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.core.actor import CENTRE, Actor, ActorKind
from institutions.rules import (
    CENTRE_ROLES,
    DUTIES,
    Duty,
    InstitutionState,
    Role,
    is_uscc,
    may,
    may_become,
    uscc_check_character,
)

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


# Codes of two large companies, as their web sites print them.
@pytest.mark.parametrize("code", ["9144030071526726XG", "91330100799655058B"])
def test_published_credit_codes_pass(code: str) -> None:
    assert is_uscc(code)


@given(st.text("0123456789", min_size=6, max_size=6), st.text(ALPHABET, min_size=9, max_size=9), st.data())
def test_one_wrong_character_never_passes(region: str, rest: str, data: st.DataObject) -> None:
    first_17 = f"12{region}{rest}"
    code = first_17 + uscc_check_character(first_17)
    assert is_uscc(code)
    place = data.draw(st.integers(0, 17))
    other = data.draw(st.sampled_from(ALPHABET).filter(lambda character: character != code[place]))
    assert not is_uscc(code[:place] + other + code[place + 1 :])


@pytest.mark.parametrize(
    "code", ["", "9144030071526726XH", "9144030071526726X", "91440300715267261O", "x" * 18]
)
def test_malformed_credit_codes_fail(code: str) -> None:
    assert not is_uscc(code)


def test_an_institution_is_examined_once() -> None:
    steps = {(old, new) for old in InstitutionState for new in InstitutionState if may_become(old, new)}
    assert steps == {
        (InstitutionState.APPLIED, InstitutionState.APPROVED),
        (InstitutionState.APPROVED, InstitutionState.SUSPENDED),
        (InstitutionState.SUSPENDED, InstitutionState.APPROVED),
    }


def test_every_duty_has_somebody() -> None:
    assert set(DUTIES) == set(Duty)
    assert all(DUTIES.values())


@pytest.mark.parametrize("duty", list(Duty))
def test_only_staff_and_the_product_have_duties(duty: Duty) -> None:
    for role in Role:
        scopes = {CENTRE, role.value} if role in CENTRE_ROLES else {role.value}
        clerk = Actor(kind=ActorKind.STAFF, id="x", scopes=frozenset(scopes))
        assert may(clerk, duty) == (role in DUTIES[duty])
        assert not may(Actor(kind=ActorKind.CLIENT, id="x", scopes=frozenset(scopes)), duty)
        assert not may(Actor(kind=ActorKind.RESIDENT, id="x", scopes=frozenset(scopes)), duty)
    assert may(Actor.system("job"), duty)
