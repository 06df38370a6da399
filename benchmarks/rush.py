"""Bookings a second when 2,000 sessions of 30 places come out at once, and what a killed database leaves.

    python -m benchmarks.rush [--write]

The measurement starts a PostgreSQL and a Valkey of its own, with ``fsync`` and ``synchronous_commit``
on, because it kills the PostgreSQL in the middle. At the service (``book_slot``) on 16 connections:
everybody wants another session; everybody wants the same few (Zipf 1.1), so that most are refused;
the same while the server is killed with SIGKILL and started again. Every run ends with a look at
what stands: no number twice, none more than there are, every answered booking there, with one audit
entry and one event. ``--write`` puts the table into RESULTS.md.
"""

import argparse
import multiprocessing
import os
import random
import sys
import threading
import time
from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

from benchmarks import rush_http, rush_stage, setting

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
BEGIN, END = "<!-- rush: begin -->", "<!-- rush: end -->"
PATIENCE_SECONDS = 60.0


@dataclass
class Tally:
    """What one process, or all of them, came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    answered: list[str] = field(default_factory=list)
    cpu: float = 0.0


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    attempts: float
    bookings: float
    python: float
    said: str


def main() -> None:
    """Measure, print, and write if asked to."""
    options = _options()
    with rush_stage.servers() as kill:
        rush_stage.build(options)
        rows = [
            _row("spread: everybody another session", options, spread=True),
            _row("rush: Zipf 1.1, mostly refused", options),
        ]
        over_http = _over_http(options)
        rows.append(_row("rush, the server killed in the middle", options, kill=kill))
        text = _table(rows, options) + over_http
    sys.stdout.write(text + "\n")
    if options.write:
        _write(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=2_000)
    parser.add_argument("--places", type=int, default=30)
    parser.add_argument("--people", type=int, default=40_000)
    parser.add_argument("--spread", type=int, default=30_000, help="attempts of the first run")
    parser.add_argument("--rush", type=int, default=400_000, help="attempts of each of the others")
    parser.add_argument("--http", type=int, default=6_000, help="requests of each run over HTTP")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def _row(name: str, options: argparse.Namespace, *, spread: bool = False, kill: Any = None) -> Row:
    from django.db import connection

    rush_stage.settle(options)
    connection.close()
    count = options.spread if spread else options.rush
    context = multiprocessing.get_context("spawn")
    ready, go = context.Barrier(options.processes + 1), context.Barrier(options.processes + 1)
    results = context.Queue()
    share = (count // options.processes, options.connections // options.processes)
    children = [
        context.Process(
            target=_child,
            args=(seed, *share, options.people, spread),
            kwargs={"ready": ready, "go": go, "results": results},
        )
        for seed in range(options.processes)
    ]
    for child in children:
        child.daemon = True
        child.start()
    ready.wait()
    go.wait()
    begun = time.perf_counter()
    if kill is not None:
        time.sleep(3.0)
        kill()
    tallies = [results.get() for _ in children]
    elapsed = time.perf_counter() - begun
    for child in children:
        child.join()
    total = Tally()
    for tally in tallies:
        total.outcomes += tally.outcomes
        total.answered += tally.answered
        total.cpu += tally.cpu
    said = _look(total, options)
    attempts = sum(total.outcomes.values())
    sys.stderr.write(f"{name}: {elapsed:.1f} s, {dict(total.outcomes)}\n")
    return Row(
        name,
        attempts / elapsed,
        total.outcomes["booked"] / elapsed,
        total.cpu / attempts * 1e6,
        f"{said}; {total.outcomes['away']:,} tries met a dead server" if kill is not None else said,
    )


def _child(
    seed: int, count: int, threads: int, people: int, spread: bool, *, ready: Any, go: Any, results: Any
) -> None:
    """One process with its threads, each of which has a connection."""
    import django

    django.setup()
    from django.db import connection, connections

    from appointments.models import Slot
    from appointments.selectors import offers
    from appointments.types import Patient
    from mpi.models import Person

    slots = list(Slot.objects.order_by("pk").values_list("public_id", flat=True))
    persons = list(Person.objects.order_by("pk").values_list("pk", "public_id")[:people])
    patients = [Patient(pk, public_id, (pk,)) for pk, public_id in persons]
    draw = random.Random(seed)
    wanted = _wanted(draw, slots, count, spread)
    for slot in slots:
        offers.offer_of(slot)
    connection.close()
    tries = [(slot, draw.choice(patients)) for slot in wanted]

    def work(place: int) -> Tally:
        mine = tries[place::threads]
        connection.ensure_connection()
        barrier.wait()
        try:
            return _try_all(mine)
        finally:
            connections.close_all()

    barrier = threading.Barrier(threads + 1)
    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(work, place) for place in range(threads)]
        ready.wait()
        go.wait()
        before = time.process_time()
        barrier.wait()
        tallies = [each.result() for each in running]
    total = Tally(cpu=time.process_time() - before)
    for tally in tallies:
        total.outcomes += tally.outcomes
        total.answered += tally.answered
    results.put(total)


def _wanted(draw: random.Random, slots: Sequence[str], count: int, spread: bool) -> list[str]:
    if spread:
        return draw.choices(slots, k=count)
    weights = list(accumulate(1 / place**1.1 for place in range(1, len(slots) + 1)))
    return [slots[bisect(weights, draw.random() * weights[-1])] for _ in range(count)]


def _try_all(tries: Sequence[tuple[str, Any]]) -> Tally:
    """Try to book each; where the server is away, again until it is back."""
    from django.db import InterfaceError, OperationalError, connection

    from appointments.services.bookings import book_slot
    from appointments.types import BookedBy
    from foundation.core.actor import Actor
    from foundation.core.errors import DomainError

    tally = Tally()
    for slot, patient in tries:
        by = BookedBy(channel="h5", account=patient.person_id)
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                ref = book_slot(slot=slot, patient=patient, by=by, actor=Actor.resident(patient.person_id))
            except DomainError as exc:
                tally.outcomes[exc.code] += 1
            except (OperationalError, InterfaceError):
                tally.outcomes["away"] += 1
                connection.close()
                time.sleep(0.2)
                continue
            else:
                tally.outcomes["booked"] += 1
                tally.answered.append(ref.booking_id)
            break
    return tally


def _look(total: Tally, options: argparse.Namespace) -> str:
    """What stands in the end, or SystemExit if it is wrong."""
    from django.db import connection

    def one(query: str) -> int:
        cursor.execute(query)
        return int(cursor.fetchone()[0])

    with connection.cursor() as cursor:
        rows = one("SELECT count(*) FROM appointments_booking")
        twice = rows - one("SELECT count(DISTINCT (slot_id, number)) FROM appointments_booking")
        left = one("SELECT sum(cardinality(free)) FROM appointments_slot")
        told = one("SELECT count(DISTINCT aggregate) FROM events_outbox")
        noted = one("SELECT count(DISTINCT subject_id) FROM audit_entry")
        cursor.execute("SELECT public_id FROM appointments_booking")
        standing = {public_id for (public_id,) in cursor.fetchall()}
    places = options.sessions * options.places
    lost = set(total.answered) - standing
    wrong = {"twice": twice, "oversold": max(0, rows + left - places), "lost": len(lost)}
    if any(wrong.values()) or rows + left != places or not rows == told == noted:
        raise SystemExit(f"wrong: {wrong}, {rows} bookings, {left} left, {told} events, {noted} entries")
    unanswered = len(standing - set(total.answered))
    more = f", {unanswered} written and not answered" if unanswered else ""
    return f"{rows:,} of {places:,} sold, 0 oversold, 0 lost{more}"


def _over_http(options: argparse.Namespace) -> str:
    """What is left of it through the web server, measured beside."""
    rush_stage.settle(options)
    booked, full = rush_http.measure(options.http)
    lines = [
        f"| over HTTP: {what} | {outcome.statuses.total() / outcome.seconds:,.0f} a second "
        f"| p50 {outcome.percentile(0.5):.0f} ms, p99 {outcome.percentile(0.99):.0f} ms |"
        for what, outcome in (("booked", booked), ("a band that is sold out", full))
    ]
    return "\n\n| | | |\n| --- | ---: | ---: |\n" + "\n".join(lines)


def _table(rows: list[Row], options: argparse.Namespace) -> str:
    facts = setting.machine()
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, {facts['machine']}; Python {facts['python']}; PostgreSQL "  # noqa: TID251
        f"{facts['postgresql']}; {options.sessions:,} sessions of {options.places} places; "
        f"{options.connections} connections of {options.processes} processes; database and load on the same "
        f"machine, whose load was {os.getloadavg()[0]:.1f} at the end.",
        "",
        "| | attempts/s | bookings/s | Python CPU µs/attempt | what stands in the end |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    lines += [
        f"| {row.name} | {row.attempts:,.0f} | {row.bookings:,.0f} | {row.python:,.0f} | {row.said} |"
        for row in rows
    ]
    return "\n".join(lines)


def _write(text: str) -> None:
    page = RESULTS.read_text("utf-8")
    head, rest = page.split(BEGIN)
    tail = rest.split(END)[1]
    RESULTS.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", "utf-8")


if __name__ == "__main__":
    main()
