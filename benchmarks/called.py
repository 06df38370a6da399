"""From the press of "next" at a desk to the notice on the pages of those who wait.

    DATABASE_URL=... REDIS_URL=... python -m benchmarks.called

Calls one person after the other out of a queue, and listens where the socket process listens. The
time runs from the beginning of the command, with its commit, to the arrival of the notice for
whoever is called; everybody else who waits is told by the same command.
"""

import argparse
import sys
import threading
import time

import orjson
from redis.client import PubSub

from benchmarks import setting
from foundation.core.actor import Actor, ActorKind

PEOPLE = 200
_arrived: dict[str, float] = {}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, default=150)
    parser.add_argument("--a-second", type=int, default=5)
    options = parser.parse_args()
    # Each run leaves its queue behind.
    setting.prepare_environment(f"{setting.DATABASE}_queue")
    setting.build(PEOPLE)
    from benchmarks.notice import hold_everybody

    hold_everybody()
    queue, nurse = _full_queue(options.waiting)
    threading.Thread(target=_listen, daemon=True).start()
    time.sleep(1)
    delays, took = [], []
    current = ""
    from appointments.models import Ticket
    from appointments.services import calling
    from identity import selectors as identity

    for _ in range(options.waiting):
        _arrived.clear()
        pressed = time.monotonic()
        current = calling.call_next(queue=queue, desk="1 诊室", current=current, actor=nurse)
        took.append((time.monotonic() - pressed) * 1000)
        person = Ticket.objects.values_list("person", flat=True).get(public_id=current)
        account = identity.holders(person)[0][0]
        until = pressed + 5
        while account not in _arrived and time.monotonic() < until:
            time.sleep(0.001)
        delays.append((_arrived[account] - pressed) * 1000)
        time.sleep(1 / options.a_second)
    sys.stdout.write(f"{options.waiting} calls, a full queue at the beginning: ")
    sys.stdout.write(f"notice {_shares(delays)}; the command itself {_shares(took)}\n")


def _shares(values: list[float]) -> str:
    ordered = sorted(values)
    shares = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    return ", ".join(f"{name} {ordered[int(len(ordered) * share)]:.0f} ms" for name, share in shares)


def _full_queue(count: int) -> tuple[str, Actor]:
    from django.db import transaction

    from appointments.models import Queue
    from appointments.queueing import places
    from appointments.rules.queueing import CheckInWay
    from cards.models import Card
    from foundation.core import clock
    from institutions import selectors as institutions
    from institutions.rules import Role
    from institutions.selectors import clinics
    from institutions.services.clinics import save_department
    from institutions.types import DepartmentDetails

    system = Actor.system("benchmark")
    place = institutions.visible(system).order_by("-pk")[0]
    code = f"Q{int(time.time())}"
    department = save_department(
        institution=place.public_id, details=DepartmentDetails(code, "测试内科"), actor=system
    )
    found = clinics.department_by_public_id(department)
    assert found is not None
    for person in Card.objects.order_by("pk").values_list("person", flat=True)[:count]:
        with transaction.atomic():
            queue = places.queue_of(
                institution_pk=place.pk,
                department_pk=found.pk,
                doctor_pk=None,
                day=clock.beijing(clock.now()).date(),
                session="am",
            )
            places.join(queue, person_pk=person, way=CheckInWay.DESK, actor=system)
    nurse = Actor(
        kind=ActorKind.STAFF, id="n" * 26, institution=place.public_id, scopes=frozenset({Role.NURSE.value})
    )
    return Queue.objects.get(department=found.pk).public_id, nurse


def _listen() -> None:
    from foundation.core import redis
    from foundation.events.live import CHANNEL

    listener: PubSub = redis.client().pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    listener.subscribe(redis.key(CHANNEL))
    while True:
        message = listener.get_message(timeout=1.0)
        if message is not None:
            notice = orjson.loads(message["data"])
            if notice["kind"] == "queue.changed":
                _arrived.setdefault(notice["account"], time.monotonic())


if __name__ == "__main__":
    main()
