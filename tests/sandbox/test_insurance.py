"""The insurance as the sandbox plays it: rules that always say the same, and the console."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.insurance.rules import RULES, Division, divide
from tests.sandbox_server import Sandbox

FEN = st.integers(min_value=0, max_value=5_000_000)
PARTS = st.tuples(FEN, FEN, FEN)


def division(scheme: str, parts: tuple[int, int, int], spent: int, fund_paid: int, balance: int) -> Division:
    outside, first, within = parts
    return divide(
        RULES[scheme],
        total=outside + first + within,
        first=first,
        within=within,
        spent=spent,
        fund_paid=fund_paid,
        balance=balance,
    )


@given(st.sampled_from(sorted(RULES)), PARTS, FEN, FEN, FEN)
def test_the_parts_are_the_total_and_none_is_below_zero(
    scheme: str, parts: tuple[int, int, int], spent: int, fund_paid: int, balance: int
) -> None:
    outside, _, within = parts
    said = division(scheme, parts, spent, fund_paid, balance)
    assert said.total == sum(parts)
    assert min(said.fund, said.account, said.own) >= 0
    # The fund pays within the rules only, nobody but the person pays outside the catalogue.
    assert said.fund <= within
    assert said.own >= outside
    assert said.account <= balance
    assert said.fund + fund_paid <= max(RULES[scheme].ceiling, fund_paid)
    assert said == division(scheme, parts, spent, fund_paid, balance)


@given(st.sampled_from(sorted(RULES)), PARTS, FEN, FEN, FEN)
def test_a_larger_bill_never_lowers_what_the_fund_pays(
    scheme: str, parts: tuple[int, int, int], spent: int, fund_paid: int, more: int
) -> None:
    outside, first, within = parts
    less = division(scheme, parts, spent, fund_paid, 0)
    assert division(scheme, (outside, first, within + more), spent, fund_paid, 0).fund >= less.fund


@pytest.mark.parametrize(
    ("scheme", "within", "spent", "fund"),
    [
        ("310", 20_000, 0, 0),
        ("310", 20_100, 0, 80),
        ("310", 100, 20_000, 80),
        ("390", 10_010, 0, 6),
        ("340", 1, 0, 1),
    ],
)
def test_the_printed_rules(scheme: str, within: int, spent: int, fund: int) -> None:
    assert division(scheme, (0, 0, within), spent, 0, 0).fund == fund


def test_the_console_shows_rules_names_and_codes_without_script(sandbox: Sandbox) -> None:
    answer = sandbox.http.get("/console/insurance")
    assert answer.status_code == 200
    assert not re.search(r"<script|<style|style=|\son[a-z]+=", answer.text)
    for text in ("职工基本医疗保险", "医测已结无应答", "2003", "还没有订单"):
        assert text in answer.text


def test_the_permission_page_sends_nobody_elsewhere(sandbox: Sandbox) -> None:
    answer = sandbox.http.get("/insurance/permission", params={"return_url": "https://example.com/"})
    assert answer.status_code == 400
    assert "example.com" not in answer.text


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("insurance", {"padding": "none"}, "form_unknown"),
        ("insurance/permissions", {"id_number": "1", "kind": "x"}, "kind_unknown"),
        ("insurance/orders", {"order_id": "ORD1", "step": "fly"}, "step_unknown"),
        ("insurance/orders", {"order_id": "ORD1", "step": "own"}, "order_unknown"),
        ("insurance/hold", {"seconds": 0}, "field_out_of_range"),
    ],
)
def test_the_console_says_what_it_does_not_take(
    sandbox: Sandbox, path: str, body: dict[str, object], code: str
) -> None:
    answer = sandbox.http.post(f"/console/api/{path}", json=body)
    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"appId": "x"}', b'{"appId": "SANDBOXINSURANCE0000000000000001"}']
)
def test_the_gateway_refuses_without_a_signature(sandbox: Sandbox, content: bytes) -> None:
    answer = sandbox.http.post("/org/local/api/hos/pay_order", content=content)
    assert answer.json()["code"] in {1002, 1004}
    assert "signData" not in answer.json()
