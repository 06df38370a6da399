"""Hospitals' events while everything breaks: each has its effect once, and money moves once.

A hospital charges, takes, and gives back twice, for many bills at once; its messages are doubled,
overtake each other, come late and are lost, and meanwhile the product's processes, Valkey and
PostgreSQL are killed one after the other. When all is up again, and what was lost has been asked
for, every bill has to be what its four events make of it.

``make chaos`` runs it for longer (``CHAOS_SECONDS``, ``CHAOS_SEED``).
"""

import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chaos.running import Running, running
from tests.chaos.trouble import PATIENCE_SECONDS, kill_one, relayed, wait_for

SECONDS = float(os.environ.get("CHAOS_SECONDS", "15"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.SystemRandom().randrange(1_000_000))))
# How many bills are told of in each second of trouble.
BILLS_A_SECOND = 2
HOSPITAL = "90001"
TOTAL_FEN, FIRST_FEN, SECOND_FEN = 14_500, 2_500, 1_000
FAULTS = {"duplicate": 30, "reorder": 25, "late": 25, "drop": 15}

pytestmark = [pytest.mark.row("NT-01"), pytest.mark.row("HI-05")]


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as started:
        yield started


def orders_of(bill: str, card: str) -> list[dict[str, Any]]:
    """The four events of a bill; numbered, so that sending one again makes no other."""
    back = {"bill_no": bill, "refunded_by": "hospital"}
    paid = {"receipt_no": f"SJ{bill}", "amount_fen": TOTAL_FEN, "paid_by": "hospital"}
    items = [{"title": "测试检查", "amount_fen": TOTAL_FEN}]
    told: list[tuple[str, dict[str, Any]]] = [
        ("bill.charged", {"bill_no": bill, "items": items, "total_fen": TOTAL_FEN}),
        ("bill.paid_confirmed", {"bill_no": bill, **paid}),
        ("bill.refunded", {**back, "refund_no": f"TA{bill}", "amount_fen": FIRST_FEN}),
        ("bill.refunded", {**back, "refund_no": f"TB{bill}", "amount_fen": SECOND_FEN}),
    ]
    return [
        {
            "type": kind,
            "aggregate": f"bill:{bill}",
            "seq": seq,
            "event_id": f"chaos-{bill}-{seq}",
            "patient": {"health_card_id": card},
            "data": data,
        }
        for seq, (kind, data) in enumerate(told, start=1)
    ]


def send(console: httpx.Client, order: dict[str, Any]) -> None:
    """Have the hospital send an event; the hospital too is away while Valkey is."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            body = {"hospital": HOSPITAL, "events": [order], "way": {"retry": True}}
            if console.post("/console/api/his/events", json=body).status_code == 200:
                return
        except httpx.HTTPError:
            assert time.monotonic() < end, "the sandbox does not come back"
        assert time.monotonic() < end, "the sandbox takes no event"
        time.sleep(0.2)


def tell(console: httpx.Client, numbers: list[str], card: str) -> None:
    """Have the hospital send the events of every bill."""
    for bill in numbers:
        for order in orders_of(bill, card):
            send(console, order)


def test_every_event_has_its_effect_once_whatever_is_killed(product: Running) -> None:
    dice = random.Random(SEED)
    card = product.credentials()["residents"][0]["healthCardId"]
    numbers = [f"CH{number:05d}" for number in range(int(SECONDS * BILLS_A_SECOND))]
    with httpx.Client(base_url=product.sandbox_url, timeout=10, trust_env=False) as console:
        introduced(console)
        for kind, rate in FAULTS.items():
            fault = {"system": "his", "kind": kind, "rate": rate, "milliseconds": 1_500}
            console.post("/console/api/faults", json=fault).raise_for_status()
        until = time.monotonic() + SECONDS
        with ThreadPoolExecutor(max_workers=1) as hospital:
            told_all = hospital.submit(tell, console, numbers, card)
            while time.monotonic() < until or len(product.kills) < SECONDS / 5:
                kill_one(product, dice)
            product.wait_until_serving()
            while not told_all.done():
                product.revive_fallen()
                time.sleep(0.2)
            told_all.result()
        settle(product, console, numbers, card)
    told = f"seed {SEED}, killed {product.kills}"
    assert len(product.kills) >= SECONDS / 5, told
    bills = product.ask(
        "SELECT state, captured_fen, refund_fen, refunded_fen, count(*) FROM payments_bill"
        " WHERE reference LIKE 'CH%%' GROUP BY 1, 2, 3, 4"
    )
    back = FIRST_FEN + SECOND_FEN
    assert bills == [("paid", TOTAL_FEN, back, back, len(numbers))], told
    # Taken once, earned once, owed back twice and given back twice: six movements of two legs each.
    legs = product.ask(
        "SELECT count(*) FROM payments_ledger_entry AS entry JOIN payments_bill AS bill"
        " ON bill.id = entry.bill_id WHERE reference LIKE 'CH%%' GROUP BY bill.id"
    )
    assert set(legs) == {(12,)}, told
    every = len(numbers)
    opened = product.ask(
        "SELECT count(*), count(DISTINCT subject_id) FROM audit_entry WHERE action = 'bill.opened'"
        " AND subject_id IN (SELECT public_id FROM payments_bill WHERE reference LIKE 'CH%%')"
    )
    assert opened == [(every, every)], told
    events = product.ask(
        "SELECT count(*) FROM events_inbox WHERE message_id LIKE 'chaos-%%' AND outcome <> 'applied'"
    )
    assert events == [(0,)], told
    assert audit_holds(product), told


def introduced(console: httpx.Client) -> None:
    """Wait until the product has told the sandbox the hospital's keys."""
    end = time.monotonic() + PATIENCE_SECONDS
    while HOSPITAL not in {
        each["code"] for each in console.get("/console/api/his/hospitals").json()["hospitals"]
    }:
        assert time.monotonic() < end, "the sandbox plays no hospital"
        time.sleep(0.5)


def settle(product: Running, console: httpx.Client, numbers: list[str], card: str) -> None:
    """End the faults, tell the last event of each bill once more, and wait until all is applied."""
    console.delete("/console/api/faults").raise_for_status()
    for bill in numbers:
        send(console, orders_of(bill, card)[-1])
    wait_for(
        product,
        "events that are not applied",
        "SELECT number, place.applied, event.seq, event.state, event.waiting_for, event.attempts,"
        " event.waits, event.last_error, event.next_attempt_at - now()"
        " FROM unnest(%s::text[]) AS number"
        " LEFT JOIN events_sequence AS place ON place.aggregate = 'bill:' || number"
        " LEFT JOIN events_inbox AS event"
        "  ON event.aggregate = 'bill:' || number AND (event.state <> 'done' OR event.outcome <> 'applied')"
        " WHERE place.applied IS NULL OR place.applied < 4 ORDER BY 1, 3",
        numbers,
    )
    relayed(product)


def audit_holds(product: Running) -> bool:
    """Whether the chain of the audit's entries holds from the first to the last."""
    return product.manage("verify_audit").returncode == 0
