"""Cards a second from lists, at the service: rules, encryption, audit and events included.

    DATABASE_URL=... REDIS_URL=... python -m benchmarks.batch_issue [--write]

In one run: the bulk service that the worker calls, in two processes; the same in one; the
worker's whole way (a list read back, evidence of the checks written, lines decided) with a
provider that answers at once; and the single registration in a loop. The outside check's own
latency is not in it. ``--write`` puts the table into RESULTS.md.
"""

import argparse
import multiprocessing
import os
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import setting

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
BEGIN, END = "<!-- batch: begin -->", "<!-- batch: end -->"
# Of its own: every run leaves its people behind.
DATABASE = "ehc_benchmark_batch"


class Agreeing:
    """A provider that says yes at once."""

    def check(self, *, request_id: str, id_type: str, id_number: str, name: str) -> Any:
        """Every name belongs to its number."""
        from foundation.core import clock
        from identity.providers.base import Outcome, RealNameAnswer

        return RealNameAnswer(outcome=Outcome.MATCH, reference="benchmark", checked_at=clock.now())


@dataclass(frozen=True)
class Row:
    """One line of the table; processor times are for each card."""

    name: str
    rate: float
    python: float
    database: float


def main() -> None:
    """Measure, print, and write if asked to."""
    options = _options()
    setting.prepare_environment(DATABASE)
    os.environ["REAL_NAME_PROVIDER"] = f"{__package__}.batch_issue.Agreeing"
    os.environ["REAL_NAME_BATCH_PER_SECOND"] = "1000000"
    os.environ["BATCH_CHUNK"] = str(options.chunk)
    setting.build(0)
    rows = [
        _row("bulk service, two processes", bulk, options, processes=2),
        _row("bulk service, one process", bulk, options, processes=1),
        _row("worker: list, evidence of checks, cards, lines; two processes", worker, options, processes=2),
        _row("single registration in a loop, two processes", single, options, processes=2, share=10),
        _row("single registration in a loop, one process", single, options, processes=1, share=10),
    ]
    text = _table(rows, options)
    sys.stdout.write(text + "\n")
    if options.write:
        _write(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000, help="for each process")
    parser.add_argument("--chunk", type=int, default=500)
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


Work = Callable[[str, list[Any], int], float]


def _row(name: str, work: Work, options: argparse.Namespace, *, processes: int, share: int = 1) -> Row:
    from django.db import connection

    _settle()
    people = options.people // share
    # Forked children must not share a connection.
    connection.close()
    context = multiprocessing.get_context("spawn")
    ready, go = context.Barrier(processes + 1), context.Barrier(processes + 1)
    results = context.Queue()
    children = [
        context.Process(
            target=_child,
            args=(work.__name__, people, options.chunk),
            kwargs={"ready": ready, "go": go, "results": results},
        )
        for _ in range(processes)
    ]
    for child in children:
        child.start()
    ready.wait()
    go.wait()
    begun = time.perf_counter()
    used = [results.get() for _ in children]
    elapsed = time.perf_counter() - begun
    for child in children:
        child.join()
    cards = people * processes
    python, database = (sum(one[place] for one in used) / cards * 1e6 for place in (0, 1))
    return Row(name, cards / elapsed, python, database)


def _child(name: str, people: int, chunk: int, *, ready: Any, go: Any, results: Any) -> None:
    """One process: prepare, wait for the others, work, and say how much processor time it took."""
    import django

    django.setup()
    from django.db import connection

    from benchmarks.server import cpu_seconds
    from institutions.models import Institution

    institution = Institution.objects.latest("pk").public_id
    work: Work = {"bulk": bulk, "worker": worker, "single": single}[name]
    # Tables of sounds, keys and connections are there before the measurement begins.
    bulk(institution, _people(50), chunk)
    prepared = _handed_in(institution, _people(people)) if name == "worker" else _people(people)
    ready.wait()
    go.wait()
    backend = connection.connection.info.backend_pid
    before = cpu_seconds(backend)
    used = work(institution, prepared, chunk)
    # Zero where the database runs on another machine.
    results.put((used, cpu_seconds(backend) - before))


def bulk(institution: str, people: list[Any], chunk: int) -> float:
    """Issue cards as the worker does, some hundred at a time."""
    from cards.services.bulk import Applicant, issue_cards

    actor, pk = _actor(institution)
    begun = time.process_time()
    for start in range(0, len(people), chunk):
        issued = issue_cards(
            applicants=[
                Applicant(person, patient_id=patient) for person, patient in people[start : start + chunk]
            ],
            channel="batch",
            actor=actor,
            institution_pk=pk,
        )
        if not all(one.created for one in issued):
            raise SystemExit("not everybody got a card")
    return time.process_time() - begun


def worker(institution: str, batch: Any, chunk: int) -> float:
    """Work a list off."""
    from cards.models import BatchRow
    from cards.services.batch_work import work_on

    begun = time.process_time()
    while work_on(public_id=batch.public_id, seconds=3_600):
        continue
    used = time.process_time() - begun
    if BatchRow.objects.filter(batch=batch).exclude(state="issued").exists():
        raise SystemExit("not every line got a card")
    return used


def single(institution: str, people: list[Any], chunk: int) -> float:
    """Register and issue one by one, as an institution's call does it after the check."""
    from django.db import transaction

    from cards.services.binding import bind_card
    from cards.services.issue import issue_card
    from mpi import services as mpi

    actor, pk = _actor(institution)
    begun = time.process_time()
    for person, patient in people:
        with transaction.atomic():
            registered = mpi.register_person(identity=person, source=institution, actor=actor)
            mpi.link_source_record(person_pk=registered.person_pk, source=institution, local_id=patient)
            card = issue_card(
                person_pk=registered.person_pk, channel="batch", actor=actor, institution_pk=pk
            ).card
            bind_card(card_pk=card.pk, actor=actor)
    return time.process_time() - begun


def _actor(institution: str) -> tuple[Any, int]:
    from foundation.core.actor import Actor, ActorKind
    from institutions import selectors as institutions

    actor = Actor(
        kind=ActorKind.STAFF,
        id="b" * 26,
        institution=institution,
        scopes=frozenset({"institution_admin"}),
    )
    return actor, institutions.visible(actor).get().pk


def _people(count: int) -> list[Any]:
    from mpi import rules
    from mpi.types import PersonIdentity

    start = secrets.randbelow(5 * 10**9)
    found = []
    for serial in range(start, start + count):
        body = f"{11 + serial % 5}0101{1950 + serial // 5 % 50}{serial // 250 % 12 + 1:02d}"
        body += f"{serial // 3000 % 28 + 1:02d}{serial // 84_000 % 1000:03d}"
        # Not the same name for all, as one index entry would be.
        name = f"测{chr(0x4E00 + serial % 997)}{chr(0x5E00 + serial % 911)}"
        person = PersonIdentity(
            name=name,
            id_type="01",
            id_number=body + rules.check_digit_of(body),
            nation="01",
            phone="13900000000",
            address="测试市测试路1号",
        )
        found.append((person, f"P{serial}"))
    return found


def _handed_in(institution: str, people: list[Any]) -> Any:
    from django.db import transaction

    from cards.batch.reading import RawRow
    from cards.services.batch import hand_in

    actor, pk = _actor(institution)
    rows = [
        RawRow(
            line,
            {
                "name": person.name,
                "id_number": person.id_number,
                "nation": "汉族",
                "phone": person.phone,
                "address": person.address,
                "patient_id": patient,
            },
        )
        for line, (person, patient) in enumerate(people, start=1)
    ]
    with transaction.atomic():
        return hand_in(
            rows=rows, content=secrets.token_bytes(32), kind="patients", institution_pk=pk, actor=actor
        )


def _settle() -> None:
    """Let each measurement begin with clean pages and fresh statistics."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT pg_has_role('pg_checkpoint', 'MEMBER')")
        if cursor.fetchone()[0]:
            cursor.execute("CHECKPOINT")


def _table(rows: list[Row], options: argparse.Namespace) -> str:
    facts = setting.machine()
    load = os.getloadavg()[0]
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, {facts['machine']}; Python {facts['python']}; PostgreSQL "  # noqa: TID251
        f"{facts['postgresql']}; {options.people} people a process, {options.chunk} together; database and "
        f"measuring processes on the same machine, whose load was {load:.1f} at the end.",
        "",
        "| | cards/s | Python CPU µs/card | PostgreSQL CPU µs/card |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [f"| {row.name} | {row.rate:,.0f} | {row.python:,.0f} | {row.database:,.0f} |" for row in rows]
    return "\n".join(lines)


def _write(text: str) -> None:
    page = RESULTS.read_text("utf-8")
    head, rest = page.split(BEGIN)
    tail = rest.split(END)[1]
    RESULTS.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", "utf-8")


if __name__ == "__main__":
    main()
