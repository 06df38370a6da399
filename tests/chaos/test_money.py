"""Payments while everything breaks: nothing lost, nothing double, and the books balance.

Residents pay bills of a hospital through three channels by the resident API, give up, come late, and
get money back; the channels' notices are doubled, late, lost, forged or tell a wrong amount, their
answers are lost after they acted; meanwhile the product's processes, Valkey and PostgreSQL are killed
one after the other. When all is up again, what the product says has to be what the channels took and
gave back, to the fen.

``make chaos`` does it with a thousand payments (``CHAOS_PAYMENTS``; ``CHAOS_SEED`` gives the same
stories and the same order of kills again) and leaves the report in ``CHAOS_REPORTS``.
"""

import os
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import httpx
import pytest

from tests.chaos import report
from tests.chaos.payers import Payer, Story, stories
from tests.chaos.running import Running, running
from tests.chaos.trouble import PATIENCE_SECONDS, kill_one, relayed, wait_for
from tests.chaos.truth import Books, at_the_channels, at_the_product

PAYMENTS = int(os.environ.get("CHAOS_PAYMENTS", "40"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.SystemRandom().randrange(1_000_000))))
REPORTS = os.environ.get("CHAOS_REPORTS", "")
AT_ONCE = 10
EXPIRES_SECONDS = 30 if PAYMENTS < 100 else 90
# Each of these is killed in every round, in another order, and one of the others.
KILLED, OTHERS = ("web", "worker", "valkey", "postgres"), ("relay", "beat")
ROUNDS = max(2, PAYMENTS // 50)
# Payers who get nowhere wait for no more than this until the next is killed.
LULL_SECONDS = 15.0
# In percent of the notices or of the calls.
FAULTS = {
    "weixinpay": {
        "duplicate": 30, "late": 25, "drop": 20, "badnotice": 5, "probe": 10, "skew": 5,
        "wrongamount": 8, "lost": 10, "error": 5,
    },
    "alipay": {
        "duplicate": 30, "late": 25, "drop": 20, "badsign": 5, "wrongamount": 8, "lost": 4, "error": 5,
    },
    "unionpay": {"duplicate": 30, "late": 25, "drop": 20, "wrongamount": 8, "lost": 4, "error": 5},
    "his": {"duplicate": 20, "late": 15},
}  # fmt: skip

pytestmark = [pytest.mark.row("FC-04"), pytest.mark.row("FC-06"), pytest.mark.row("FC-11")]


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as started:
        yield started


def test_no_fen_is_lost_or_doubled_whatever_is_killed(
    product: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(SEED)
    todo = stories(dice, PAYMENTS, expires_seconds=EXPIRES_SECONDS)
    began = time.monotonic()
    with httpx.Client(base_url=product.sandbox_url, timeout=40, trust_env=False) as console:
        residents = product.credentials()["residents"]
        payers = [Payer(product, console, each["healthCardId"], each["phone"]) for each in residents]
        break_things(console)
        live(product, dice, payers, todo)
        console.delete("/console/api/faults").raise_for_status()
        product.wait_until_serving()
        come_to_rest(product)
        channels, ours = at_the_channels(console), at_the_product(product)
        met = console.get("/console/api/faults/met").json()["met"]
    books, chain = product.manage("check_books"), product.manage("verify_audit")
    bills = bills_of(product)
    written = report.written(
        report.Found(SEED, time.monotonic() - began, todo, product.kills, met, channels, ours, books, bills)
    )
    if REPORTS:
        Path(REPORTS).mkdir(parents=True, exist_ok=True)
        (Path(REPORTS) / f"money-{SEED}.txt").write_text(written, "utf-8")
    with capsys.disabled():
        sys.stdout.write(f"\n{written}")
    assert_same(ours, channels)
    assert product.ask("SELECT channel_ref, number, amount_fen FROM payments_suspense") == []
    for story in todo:
        assert_ended(story, *bills[story.bill_no])
    assert books.returncode == 0, books.stderr
    assert chain.returncode == 0, chain.stderr
    assert min(product.kills.count(name) for name in KILLED) >= ROUNDS


def break_things(console: httpx.Client) -> None:
    """Switch the faults on, for the whole time."""
    for system, kinds in FAULTS.items():
        for kind, rate in kinds.items():
            fault = {"system": system, "kind": kind, "rate": rate, "milliseconds": 1_500, "seconds": 3_600}
            console.post("/console/api/faults", json=fault).raise_for_status()


def live(product: Running, dice: random.Random, payers: list[Payer], todo: list[Story]) -> None:
    """Let everybody pay, and kill one part after the other meanwhile."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        stages = [pool.submit(payer.live, story) for payer, story in zip(cycle(payers), todo, strict=False)]
        try:
            plan = kills(dice)
            for number, name in enumerate(plan):
                end = time.monotonic() + LULL_SECONDS
                while sum(each.done() for each in stages) * len(plan) < number * len(stages):
                    if time.monotonic() > end:
                        break
                    product.revive_fallen()
                    time.sleep(0.2)
                time.sleep(dice.uniform(0, 1))
                kill_one(product, dice, name)
                product.wait_until_serving()
            while not all(each.done() for each in stages):
                product.revive_fallen()
                time.sleep(0.2)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        for each in stages:
            each.result()


def kills(dice: random.Random) -> list[str]:
    """What is killed, one after the other, spread over all that is paid."""
    plan = []
    for _ in range(ROUNDS):
        some = [*KILLED, dice.choice(OTHERS)]
        plan += dice.sample(some, len(some))
    return plan


def come_to_rest(product: Running) -> None:
    """Wait until nothing is asked for, sent or told any more; the pauses between questions are let pass."""
    end = time.monotonic() + PATIENCE_SECONDS
    while left := unfinished(product):
        product.revive_fallen()
        assert time.monotonic() < end, f"seed {SEED}: {left}\n{product.said('worker')}"
        for table, due, states in (
            ("payments_attempt", "next_ask_at", "'started'"),
            ("payments_refund", "next_try_at", "'due', 'sent'"),
            ("events_delivery", "next_attempt_at", "'pending', 'sending'"),
        ):
            product.ask(
                f"UPDATE {table} SET {due} = now() WHERE state IN ({states})"
                f" AND {due} BETWEEN now() + interval '3 seconds' AND now() + interval '1 day' RETURNING 1"
            )
        time.sleep(2)
    relayed(product)
    wait_for(
        product,
        "the inbox",
        "SELECT topic, state, last_error FROM events_inbox WHERE state <> 'done' LIMIT 5",
    )


def unfinished(product: Running) -> list[tuple[object, ...]]:
    """Payments that are still asked for, refunds under way, settlements at no end, bills past their time."""
    return product.ask(
        "SELECT 'payment', public_id, provider FROM payments_attempt WHERE state = 'started'"
        " UNION ALL SELECT 'refund', public_id, state FROM payments_refund WHERE state IN ('due', 'sent')"
        " UNION ALL SELECT 'settlement', public_id, state FROM payments_settlement"
        " WHERE state IN ('planned', 'paying', 'undoing')"
        " UNION ALL SELECT 'bill', public_id, state FROM payments_bill"
        " WHERE state = 'open' AND expires_at < now() LIMIT 9"
    )


def bills_of(product: Running) -> dict[str, tuple[str, int, int]]:
    """State, captured and given back of each bill by its number."""
    rows = product.ask(
        "SELECT reference, state, captured_fen, refunded_fen FROM payments_bill WHERE reference LIKE 'CM%%'"
    )
    return {reference: (state, captured, back) for reference, state, captured, back in rows}


def assert_same(ours: Books, channels: Books) -> None:
    """Both sides name the same payments and the same refunds, with the same amounts."""
    told = f"seed {SEED}, ours alone / the channels' alone"
    for name in ("taken", "given_back"):
        one, other = set(getattr(ours, name).items()), set(getattr(channels, name).items())
        assert one == other, f"{name}, {told}: {sorted(one - other)} / {sorted(other - one)}"


def assert_ended(story: Story, state: str, captured: int, back: int) -> None:
    """A bill keeps exactly what was to be kept of it."""
    told = f"seed {SEED}: {story}: {state}, {captured} came, {back} went back"
    kept = captured - back
    if state != "paid" or story.end == "is cancelled":
        assert kept == 0, told
    elif "refund" in story.told:
        assert kept == story.total_fen - story.refund_fen, told
    else:
        assert kept == story.total_fen, told
    if story.has_paid and story.expires_seconds is None and story.end != "pays too much":
        assert state == "paid", told
