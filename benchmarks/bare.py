"""The same SQL without HTTP, signatures and Django: the floor below the product's own work."""

import time
from dataclasses import dataclass
from typing import Any

import psycopg

from benchmarks.setting import Stage
from cards.centre import rules_in_force
from cards.verification import statement
from cards.verification.claim import Claim, Details
from cards.verification.shown import read
from cards.verification.verify import claim_of
from foundation.core import clock
from foundation.gateway import credentials


@dataclass(frozen=True)
class Loop:
    """What a bare loop did."""

    rate: float
    batch: int


def claims(stage: Stage, texts: list[str]) -> list[Claim]:
    """The rows for a list of codes."""
    credential = credentials.load(stage.hmac[0].kid)
    if credential is None:
        raise LookupError("the benchmark's client is gone")
    caller, rules, moment = credential.caller, rules_in_force(), clock.now()
    return [
        claim_of(
            read(text, caller=caller, rules=rules, moment=moment),
            Details(scene="0101012", request_id=f"bare-{place}", operation="verify", terminal_id="W01"),
            caller=caller,
            moment=moment,
        )
        for place, text in enumerate(texts)
    ]


def loop(rows: list[Claim], *, batch: int) -> Loop:
    """Write all rows over one connection, each batch in its own durable transaction."""
    from django.db import connection

    parameters: Any = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    with psycopg.connect(**parameters, autocommit=True) as session:
        session.execute("SET enable_seqscan = off")
        session.execute("SET enable_hashjoin = off")
        session.execute("SET enable_mergejoin = off")
        session.execute("SET plan_cache_mode = force_generic_plan")
        session.prepare_threshold = 0
        cursor = psycopg.Cursor(session)
        started = time.perf_counter()
        written = 0
        for place in range(0, len(rows), batch):
            written += len(statement.consume(cursor, rows[place : place + batch]))
        seconds = time.perf_counter() - started
    if written != len(rows):
        raise RuntimeError(f"{written} of {len(rows)} rows were written")
    return Loop(rate=written / seconds, batch=batch)
