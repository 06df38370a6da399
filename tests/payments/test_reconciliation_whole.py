"""Whatever is dropped, changed or doubled on one side is found, and nothing else.

The comparison itself on many random days, and a few of them through the tables.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from payments.models import Difference
from payments.reconciliation.matching import compare_with_channel, compare_with_hospital
from payments.reconciliation.rules import DifferenceKind, ItemKind
from payments.reconciliation.sides import Line, Ours, Source
from payments.selectors.books import check_books
from tests.payments.bank import Bank, Ledger
from tests.payments.owing import desk
from tests.payments.paying import channel
from tests.payments.stating import DAY, NEXT, NOON, fetch, line, live, paid_online, state

pytestmark = pytest.mark.row("FC-10")
FAULTS = ("none", "dropped", "unknown", "amount", "doubled", "second", "waiting", "fee", "crossed", "late")
RATE = 600


@dataclass(frozen=True)
class Case:
    """One payment, perhaps with a refund, and what is wrong with each of them."""

    amount_fen: int
    fault: str
    refund_fault: str | None


cases = st.lists(
    st.builds(
        Case,
        amount_fen=st.integers(10, 10**7),
        fault=st.sampled_from(FAULTS),
        refund_fault=st.none()
        | st.sampled_from(("none", "dropped", "unknown", "amount", "waiting", "crossed")),
    ),
    max_size=12,
)


def fee_of(amount_fen: int) -> int:
    return (amount_fen * RATE + 50_000) // 100_000


def payment(place: int, case: Case) -> tuple[list[Ours], list[Line], list[tuple[str, str]]]:
    """Both sides of a payment with its fault, and what is to be found of it."""
    ours = Ours(
        Source.ATTEMPT,
        place,
        ItemKind.PAYMENT,
        f"P{place}",
        case.amount_fen,
        DAY,
        DAY,
        channel_ref=f"C{place}",
    )
    theirs = Line(
        place * 10,
        DAY,
        place * 10,
        ItemKind.PAYMENT,
        ours.number,
        case.amount_fen,
        channel_ref=ours.channel_ref,
        fee_fen=fee_of(case.amount_fen),
    )
    extra = replace(theirs, pk=theirs.pk + 1, place=theirs.place + 1)
    named = f"payment:C{place}"
    return {
        "none": ([ours], [theirs], []),
        "dropped": ([ours], [], [("missing_channel", named)]),
        "unknown": ([], [theirs], [("missing_local", named)]),
        "amount": ([ours], [replace(theirs, amount_fen=case.amount_fen + 1)], [("amount", named)]),
        "doubled": ([ours], [theirs, extra], [("duplicate", f"line:{DAY.isoformat()}:{extra.place}")]),
        "second": (
            [ours],
            [theirs, replace(extra, channel_ref=f"D{place}")],
            [("duplicate", f"payment:D{place}")],
        ),
        "waiting": ([replace(ours, is_there=False, channel_ref="")], [theirs], [("state", named)]),
        "fee": ([ours], [replace(theirs, fee_fen=theirs.fee_fen + 2)], [("fee", named)]),
        "crossed": ([ours], [replace(theirs, day=NEXT)], []),
        "late": (
            [replace(ours, first_day=DAY - timedelta(days=3), last_day=DAY - timedelta(days=3))],
            [theirs],
            [("date", named)],
        ),
    }[case.fault]


def refund(place: int, case: Case) -> tuple[list[Ours], list[Line], list[tuple[str, str]]]:
    """The same of its refund."""
    amount = max(case.amount_fen // 2, 1)
    ours = Ours(
        Source.REFUND,
        place,
        ItemKind.REFUND,
        f"P{place}",
        amount,
        DAY,
        DAY,
        channel_ref=f"C{place}",
        refund_number=f"R{place}",
    )
    theirs = Line(
        place * 10 + 5,
        DAY,
        place * 10 + 5,
        ItemKind.REFUND,
        ours.number,
        amount,
        channel_ref=ours.channel_ref,
        refund_number=ours.refund_number,
        refund_ref=f"RR{place}",
    )
    named = f"refund:R{place}"
    return {
        "none": ([ours], [theirs], []),
        "dropped": ([ours], [], [("missing_channel", named)]),
        "unknown": ([], [theirs], [("missing_local", named)]),
        "amount": ([ours], [replace(theirs, amount_fen=amount + 1)], [("amount", named)]),
        "waiting": ([replace(ours, is_there=False)], [theirs], [("state", named)]),
        "crossed": ([ours], [replace(theirs, day=NEXT)], []),
    }[case.refund_fault or "none"]


@given(cases=cases, seed=st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_every_fault_at_a_channel_is_found_and_nothing_else(cases: list[Case], seed: object) -> None:
    ours: list[Ours] = []
    lines: list[Line] = []
    wanted: list[tuple[str, str]] = []
    for place, case in enumerate(cases, 1):
        sides = [payment(place, case)] + ([refund(place, case)] if case.refund_fault else [])
        for mine, theirs, found in sides:
            ours, lines, wanted = ours + mine, lines + theirs, wanted + found
    seed.shuffle(ours)  # type: ignore[attr-defined]
    seed.shuffle(lines)  # type: ignore[attr-defined]
    found = [
        (one.kind.value, one.key)
        for day in (DAY, NEXT)
        for one in compare_with_channel(
            day=day, ours=ours, lines=lines, held=lambda _one: False, fee_rate=RATE
        )
    ]
    assert sorted(found) == sorted(wanted)
    # What may still be stated tomorrow is not missing yet; everything else is found today.
    held = compare_with_channel(day=DAY, ours=ours, lines=lines, held=lambda _one: True, fee_rate=RATE)
    assert sorted((one.kind.value, one.key) for one in held) == sorted(
        each for each in wanted if each[0] != "missing_channel"
    )


HIS_FAULTS = ("none", "dropped", "unknown", "amount", "doubled", "unpaid", "refunded")


@given(faults=st.lists(st.tuples(st.integers(2, 10**7), st.sampled_from(HIS_FAULTS)), max_size=12))
@settings(max_examples=200, deadline=None)
def test_every_fault_at_a_hospital_is_found_and_nothing_else(faults: list[tuple[int, str]]) -> None:
    ours: list[Ours] = []
    lines: list[Line] = []
    wanted: list[tuple[str, str]] = []
    for place, (amount, fault) in enumerate(faults, 1):
        bill = Ours(Source.BILL, place, ItemKind.PAYMENT, f"B{place}", amount, DAY, DAY, bill=place)
        booked = Line(
            place * 10,
            DAY,
            place * 10,
            ItemKind.PAYMENT,
            "",
            amount,
            channel_ref=f"SJ{place}",
            bill_number=bill.number,
        )
        more = replace(booked, pk=booked.pk + 1, place=booked.place + 1, channel_ref=f"SK{place}")
        back = replace(more, item=ItemKind.REFUND, channel_ref="", refund_ref=f"TF{place}", amount_fen=1)
        key = f"his:payment:B{place}:SJ{place}"
        mine, theirs, found = {
            "none": ([bill], [booked], []),
            "dropped": ([bill], [], [("his_missing", f"bill:B{place}")]),
            "unknown": ([], [booked], [("missing_local", key)]),
            "amount": ([bill], [replace(booked, amount_fen=amount + 1)], [("amount", key)]),
            "doubled": ([bill], [booked, more], [("duplicate", f"his:payment:B{place}:SK{place}")]),
            "unpaid": ([replace(bill, is_there=False)], [booked], [("state", key)]),
            "refunded": ([bill], [booked, back], [("his_refunded", f"his:refund:B{place}:TF{place}")]),
        }[fault]
        ours, lines, wanted = ours + mine, lines + theirs, wanted + found
    found_now = compare_with_hospital(day=DAY, ours=ours, lines=lines, held=lambda _one: False)
    assert sorted((one.kind.value, one.key) for one in found_now) == sorted(wanted)


@pytest.fixture
def bank(settings: Settings) -> Iterator[Ledger]:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    Bank.books = Ledger()
    with time_machine.travel(NOON):
        yield Bank.books
        assert check_books() == []


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_random_faults_are_found_through_the_tables(bank: Ledger, seed: int) -> None:
    chance = random.Random(seed)
    at = channel(desk().institution)
    rows, wanted = [], []
    for number in range(8):
        attempt = paid_online(at, bank, total_fen=chance.randrange(100, 9_000))
        fault = chance.choice(("none", "none", "dropped", "amount", "second"))
        stated = line(attempt)
        if fault == "amount":
            rows.append(replace(stated, amount_fen=stated.amount_fen + 1))
        elif fault != "dropped":
            rows.append(stated)
        if fault == "second":
            rows.append(replace(stated, channel_ref=f"other{number}"))
        kinds: dict[str, DifferenceKind] = {
            "dropped": DifferenceKind.MISSING_CHANNEL,
            "amount": DifferenceKind.AMOUNT,
            "second": DifferenceKind.DUPLICATE,
        }
        wanted += [kinds[fault].value] if fault != "none" else []
    chance.shuffle(rows)
    state(bank, DAY, *rows)
    for _ in range(2):
        fetch(at, DAY, NEXT)
        assert [kind for kind, _act in live()] == sorted(wanted)
    assert Difference.objects.count() == len(wanted)
