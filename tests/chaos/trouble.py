"""Killing parts of a running product, and waiting until it has caught up."""

import random
import sys
import time
from typing import Any

from tests.chaos.running import Running

KILLED = ("relay", "worker", "web", "postgres", "valkey", "beat")
DOWN_SECONDS = (0.2, 2.0)
PATIENCE_SECONDS = 300.0


def kill_one(product: Running, dice: random.Random, name: str = "") -> None:
    """Kill a part and let it come back after a moment."""
    name = name or dice.choice(KILLED)
    product.kill(name)
    time.sleep(dice.uniform(*DOWN_SECONDS))
    product.revive(name)
    product.revive_fallen()
    time.sleep(dice.uniform(0.5, 2.5))


def wait_for(product: Running, what: str, query: str, *values: Any) -> None:
    """Wait until a query says no more rows, for as long as they become fewer."""
    end, fewest = time.monotonic() + PATIENCE_SECONDS, sys.maxsize
    while rows := product.ask(query, *values):
        product.revive_fallen()
        if len(rows) < fewest:
            end, fewest = time.monotonic() + PATIENCE_SECONDS, len(rows)
        assert time.monotonic() < end, (
            f"{what}: {len(rows)}, such as {rows[:20]}\n{product.said('relay')}\n{product.said('worker')}"
        )
        time.sleep(0.5)


def relayed(product: Running) -> None:
    """Wait until every message has reached everybody who hears it."""
    wait_for(
        product, "messages of the outbox", "SELECT topic FROM events_outbox WHERE relayed_at IS NULL LIMIT 5"
    )
    wait_for(
        product,
        "deliveries",
        "SELECT subscriber, state, last_error FROM events_delivery WHERE state IN ('pending', 'sending')"
        " AND next_attempt_at < now() + interval '1 minute' LIMIT 5",
    )
