"""A clinic stops: how long until the last of 10,000 residents has been told, and whether anybody twice.

    DATABASE_URL=... REDIS_URL=... python -m benchmarks.fanout [--people 10000] [--write]

One session with a booking for each resident is stopped by the service that staff use. A relay runs as
in ``make run``; worker processes send the SMS to the sandbox's gateway, which is a process of its
own. The time runs from the commit of the stop. Afterwards every event is delivered once more.
"""

import argparse
import multiprocessing
import os
import secrets
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from benchmarks import setting

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
BEGIN, END = "<!-- fanout: begin -->", "<!-- fanout: end -->"
DATABASE = "ehc_benchmark_fanout"
PREFIX = "sandbox-fanout"
KIND = "appointment.stopped"
CHUNK = 1_000
MOST_SECONDS = 1_800


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    os.environ["SANDBOX_URL"] = f"http://127.0.0.1:{port}"
    setting.prepare_environment(DATABASE)
    setting.build(0)
    played = _sandbox(port)
    relay = subprocess.Popen([sys.executable, "manage.py", "relay"], cwd=setting.ROOT, env=os.environ.copy())
    workers = [multiprocessing.get_context("spawn").Process(target=work) for _ in range(options.workers)]
    try:
        schedule = _stage(options.people)
        for worker in workers:
            worker.start()
        time.sleep(5)
        text = _measured(schedule, options)
    finally:
        for worker in workers:
            worker.terminate()
        relay.terminate()
        relay.wait(timeout=30)
        httpx.post(f"{os.environ['SANDBOX_URL']}/console/api/reset", timeout=60)
        played.terminate()
    sys.stdout.write(text + "\n")
    if options.write:
        _write(text)


def work() -> None:
    """A worker: looks for what is due, again and again."""
    import django

    django.setup()
    from notifications.services import sending

    while True:
        if not sending.send_due(seconds=60):
            time.sleep(0.05)


def _sandbox(port: int) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "SANDBOX_PORT": str(port),
        "SANDBOX_PREFIX": PREFIX,
        "SMS_KEY": "sandbox-sms-key",
        "BASE_URL": "",
    }
    process = subprocess.Popen([sys.executable, "-m", "sandbox"], cwd=setting.ROOT, env=environment)
    for _ in range(100):
        try:
            httpx.get(f"{os.environ['SANDBOX_URL']}/health", timeout=5).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return process
    raise SystemExit("the sandbox did not start")


def _stage(people: int) -> str:
    """A session three days from now with a booking for everybody; public id of the session."""
    from appointments.models import Booking, Schedule, Slot
    from appointments.rules import BookingState, Session
    from foundation.core import clock
    from institutions.models import Department, Institution
    from notifications import demo
    from notifications.models import QuietHours

    persons = _persons(people)
    demo.load({})
    # Who measures at night must not wait for the morning.
    _awake(QuietHours)
    institution = Institution.objects.latest("pk")
    department, _made = Department.objects.get_or_create(
        institution=institution, code="01", defaults={"name": "测试内科"}
    )
    moment = clock.now()
    starts_at = moment + timedelta(days=3)
    schedule = Schedule.objects.create(
        institution=institution,
        department=department,
        code=f"F{secrets.token_hex(6)}",
        date=clock.beijing(starts_at).date(),
        session=Session.MORNING,
        releases_at=moment - timedelta(days=7),
        closes_at=starts_at,
    )
    slot = Slot.objects.create(
        schedule=schedule,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=4),
        capacity=people,
        free=[],
    )
    Booking.objects.bulk_create(
        (
            Booking(
                institution=institution,
                schedule=schedule,
                slot=slot,
                person_id=person,
                number=number,
                state=BookingState.BOOKED,
                channel="h5",
                created_at=moment,
                booked_at=moment,
            )
            for number, person in enumerate(persons, start=1)
        ),
        batch_size=CHUNK,
    )
    return str(schedule.public_id)


def _awake(hours: Any) -> None:
    from datetime import time as day_time

    from foundation.accounts.models import Account
    from foundation.core import clock

    hours.objects.bulk_create(
        (
            hours(account_id=pk, starts=day_time(22), ends=day_time(7), is_on=False, changed_at=clock.now())
            for pk in Account.objects.filter(kind="resident").values_list("pk", flat=True)
        ),
        batch_size=CHUNK,
        ignore_conflicts=True,
    )


def _persons(people: int) -> list[int]:
    """So many persons, each held by an account with a phone; those of an earlier run are used again."""
    from identity.models import Holding

    missing = people - Holding.objects.count()
    for start in range(0, max(0, missing), CHUNK):
        _hold(min(CHUNK, missing - start))
    return list(Holding.objects.order_by("pk").values_list("person", flat=True)[:people])


def _hold(count: int) -> None:
    from django.db import transaction

    from foundation.accounts.enrolment import index_domain
    from foundation.accounts.models import Account, AccountKind, MethodKind, SignInMethod
    from foundation.core import clock
    from foundation.core.actor import Actor
    from gmcrypto import subject_keys
    from gmcrypto.index import blind_index
    from identity.models import Holding
    from mpi import bulk, rules
    from mpi.types import PersonIdentity

    first = Account.objects.count()
    moment = clock.now()

    def number(serial: int) -> str:
        body = f"110199{1950 + serial // 336 % 60}{serial // 28 % 12 + 1:02d}{serial % 28 + 1:02d}"
        body += f"{serial // 20_160:03d}"
        return body + rules.check_digit_of(body)

    serials = range(first, first + count)
    with transaction.atomic(), subject_keys.remembering_keys():
        newcomers = [
            bulk.Newcomer(PersonIdentity(name="测试甲", id_type="01", id_number=number(serial), nation="01"))
            for serial in serials
        ]
        actor = Actor.system("benchmark")
        persons = bulk.register_many(newcomers=newcomers, source="benchmark", actor=actor)
        accounts = Account.objects.bulk_create(Account(kind=AccountKind.RESIDENT) for _ in serials)
        subject_keys.prepare_subject_keys(account.public_id for account in accounts)
        phones = [f"139{serial:08d}" for serial in serials]
        SignInMethod.objects.bulk_create(
            SignInMethod(
                account=account,
                subject=account.public_id,
                kind=MethodKind.PHONE,
                value=phone,
                value_index=blind_index(index_domain(MethodKind.PHONE), phone),
                verified_at=moment,
                last_used_at=moment,
            )
            for account, phone in zip(accounts, phones, strict=True)
        )
        Holding.objects.bulk_create(
            Holding(account=account, person_id=person.person_pk, level=3, evidence="window", opened_at=moment)
            for account, person in zip(accounts, persons, strict=True)
        )


def _measured(schedule: str, options: argparse.Namespace) -> str:
    from appointments.services.suspension import stop_schedule
    from foundation.core.actor import Actor
    from foundation.events.models import Delivery
    from notifications.models import Dispatch, Message

    # What made the stage is relayed, and what an earlier run told is not counted.
    while Delivery.objects.filter(state__in=["pending", "sending"]).exists():
        time.sleep(0.5)
    messages = Message.objects.filter(kind=KIND, pk__gt=_newest(Message))
    dispatches = Dispatch.objects.filter(pk__gt=_newest(Dispatch))
    begun = time.monotonic()
    stop_schedule(schedule=schedule, reason="测试停诊", actor=Actor.system("benchmark"))
    stopped = time.monotonic()
    told = _when(lambda: messages.count() >= options.people)
    sent = _when(lambda: dispatches.filter(state="sent").count() >= options.people)
    accepted = _accepted()
    Delivery.objects.filter(subscriber="notifications.handlers.visits.on_stopped").update(state="pending")
    _when(lambda: not Delivery.objects.filter(state__in=["pending", "sending"]).exists())
    time.sleep(2)
    counts = (messages.count(), dispatches.count(), accepted, _accepted())
    doubled = sum(count - options.people for count in counts)
    machine = setting.machine()
    load = os.getloadavg()[0]
    return (
        f"{time.strftime('%Y-%m-%d')}, {machine['machine']}; Python {machine['python']}; PostgreSQL "
        f"{machine['postgresql']}; {options.people} residents, {options.workers} workers; everything on one "
        f"machine, whose load was {load:.1f} at the end.\n\n"
        "| from the commit of the stop | seconds |\n| --- | ---: |\n"
        f"| the stop itself, every booking ended | {stopped - begun:.1f} |\n"
        f"| last resident has it in the inbox, open pages told | {told - stopped:.1f} |\n"
        f"| last SMS taken by a supplier | {sent - stopped:.1f} |\n"
        f"| told twice, also after every event was delivered again | {doubled} |\n"
    )


def _newest(model: Any) -> int:
    return int(model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0)


def _when(holds: Any) -> float:
    ends = time.monotonic() + MOST_SECONDS
    while time.monotonic() < ends:
        if holds():
            return time.monotonic()
        time.sleep(0.2)
    raise SystemExit("it did not come to an end")


def _accepted() -> int:
    """How many different messages the gateways have taken."""
    from foundation.core import redis

    return sum(1 for _ in redis.client().scan_iter(f"{PREFIX}:sms:request:*", count=1_000))


def _write(text: str) -> None:
    page = RESULTS.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    RESULTS.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
