"""Verifications a second over HTTP, each with a durable record of use.

    DATABASE_URL=... REDIS_URL=... python -m benchmarks.verify [--write]

In one run: the product's own path (hot path, committer), the same view without batching, the
same work as an ordinary Django view behind the whole middleware, the bare SQL in a loop, and
SM2-signed clients apart. ``--write`` puts the table into RESULTS.md.
"""

import argparse
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import setting
from benchmarks.load import Outcome, run

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
BEGIN, END = "<!-- verify: begin -->", "<!-- verify: end -->"
BATCHED = {"USAGE_WRITER": "batch", "PIN_WORKERS": "1"}
UNPINNED = {"USAGE_WRITER": "batch"}
INLINE = {"USAGE_WRITER": "inline", "PIN_WORKERS": "1"}
PLAIN = {"DJANGO_SETTINGS_MODULE": "benchmarks.settings_plain", "PIN_WORKERS": "1"}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    rate: float
    p50: float | None = None
    p99: float | None = None
    server_cpu: float | None = None
    load_cpu: float | None = None


def main() -> None:
    """Measure, print, and write if asked to."""
    options = _options()
    setting.prepare_environment()
    stage = setting.build(options.people)
    rows = [
        _http(stage, options, "hot path, committer, HMAC-SM3", BATCHED, options.requests),
        _http(stage, options, "the same, processes not pinned to cores", UNPINNED, options.requests),
        _http(stage, options, "hot path, one row per request", INLINE, options.requests // 2),
        _http(stage, options, "plain Django view, one row per request", PLAIN, options.requests // 4),
        _http(stage, options, "hot path, committer, SM2-SM3", BATCHED, options.requests // 4, sm2=True),
        *_bare(stage, options.requests // 4),
    ]
    text = _table(rows, options)
    sys.stdout.write(text + "\n")
    if options.write:
        _write(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_500)
    parser.add_argument("--requests", type=int, default=30_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def _http(
    stage: setting.Stage,
    options: argparse.Namespace,
    name: str,
    environment: dict[str, str],
    count: int,
    *,
    sm2: bool = False,
) -> Row:
    from benchmarks import calls, server

    empty()
    texts = calls.dynamic_codes(stage, count)
    requests = calls.requests(
        stage, texts, stage.sm2 if sm2 else stage.hmac, host=f"{server.HOST}:{server.PORT}"
    )
    with server.serving(workers=options.workers, threads=options.threads, environment=environment) as pid:
        before = server.cpu_seconds(pid)
        outcome = run(
            server.HOST, server.PORT, requests, connections=options.connections, warm_up=count // 10
        )
        used = server.cpu_seconds(pid) - before
    _check(outcome, count)
    return Row(
        name,
        outcome.rate,
        outcome.percentile(0.5),
        outcome.percentile(0.99),
        used / count * 1e6,
        outcome.cpu_seconds / len(outcome.latencies) * 1e6,
    )


def _check(outcome: Outcome, count: int) -> None:
    """Every request was answered well, and every answer has its row."""
    from cards.models import UsageRecord

    refused = {status: number for status, number in outcome.statuses.items() if status != "200"}
    if refused:
        raise SystemExit(f"not every answer was 200: {refused}")
    rows = UsageRecord.objects.count()
    if rows != count:
        raise SystemExit(f"{count} codes were verified and {rows} uses recorded")


def _bare(stage: setting.Stage, count: int) -> list[Row]:
    from benchmarks import bare, calls

    rows = []
    for batch in (32, 1):
        empty()
        claims = bare.claims(stage, calls.dynamic_codes(stage, count if batch > 1 else count // 4))
        loop = bare.loop(claims, batch=batch)
        rows.append(Row(f"bare loop of the same SQL, {batch} rows a statement", loop.rate))
    return rows


def empty() -> None:
    """Begin with an empty record of use."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE cards_usage")
        cursor.execute("VACUUM ANALYZE cards_usage")
        cursor.execute("SELECT pg_has_role('pg_checkpoint', 'MEMBER')")
        if cursor.fetchone()[0]:
            # Otherwise one of the runs pays for writing out the pages of those before it.
            cursor.execute("CHECKPOINT")


def _table(rows: list[Row], options: argparse.Namespace) -> str:
    facts = setting.machine()
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, {facts['machine']}; Python {facts['python']}; PostgreSQL "  # noqa: TID251
        f"{facts['postgresql']}; granian with {options.workers} workers of {options.threads} threads; "
        f"{options.connections} connections; {options.people} people; servers and load on the same machine.",
        "",
        "| | verifications/s | p50 ms | p99 ms | server CPU µs | load CPU µs |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        cells = [row.p50, row.p99, row.server_cpu, row.load_cpu]
        shown = ["" if cell is None else f"{cell:.1f}" for cell in cells]
        lines.append(f"| {row.name} | {row.rate:,.0f} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _write(text: str) -> None:
    page = RESULTS.read_text("utf-8")
    head, rest = page.split(BEGIN)
    tail = rest.split(END)[1]
    RESULTS.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", "utf-8")


if __name__ == "__main__":
    main()
