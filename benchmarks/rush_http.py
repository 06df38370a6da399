"""The same rush through the web server: signed-in residents, each book by the resident API.

A few residents book many sessions each; the limits are lifted in this database. First everybody wants
another session, then everybody wants one that is sold out.
"""

import json
from collections.abc import Sequence

from benchmarks import load, server

RESIDENTS, WORKERS, THREADS = 16, 2, 8
PATH = "/api/resident/v1/appointments"


def measure(count: int) -> tuple[load.Outcome, load.Outcome]:
    """Book ``count`` places, and ask as often for one that is gone; every status is looked at."""
    from django.db import connection

    from appointments.models import Slot

    people = [_resident(place) for place in range(RESIDENTS)]
    slots = list(Slot.objects.order_by("pk").values_list("public_id", flat=True))
    if count > RESIDENTS * (len(slots) - 1):
        raise SystemExit("not enough sessions: a person has one live booking in each")
    gone = slots.pop()
    Slot.objects.filter(public_id=gone).update(free=[])
    wanted = [
        _request(*people[place % RESIDENTS], slot=slots[place // RESIDENTS * 7 % len(slots)])
        for place in range(count)
    ]
    refused = [_request(*people[place % RESIDENTS], slot=gone) for place in range(count)]
    connection.close()
    with server.serving(workers=WORKERS, threads=THREADS, environment={}):
        booked = _run(wanted, "201")
        full = _run(refused, "409")
    return booked, full


def _run(requests: Sequence[bytes], status: str) -> load.Outcome:
    outcome = load.run(server.HOST, server.PORT, list(requests), connections=RESIDENTS)
    if set(outcome.statuses) != {status}:
        raise SystemExit(f"wrong answers: {dict(outcome.statuses)}")
    return outcome


def _resident(place: int) -> tuple[str, str]:
    """A resident who holds a card: the token of the session, and the person's public id."""
    from django.db import transaction
    from django.test import Client

    from cards.services.issue import issue_card
    from foundation.accounts import services as accounts
    from foundation.accounts import sessions
    from foundation.core.actor import Actor
    from identity import services as identity
    from identity.rules import Evidence
    from mpi import rules
    from mpi import services as mpi
    from mpi.types import PersonIdentity

    actor = Actor.system("benchmark")
    body = f"11010119800101{place:03d}"
    with transaction.atomic():
        account = accounts.open_resident(phone=f"139{place:08d}")
        person = mpi.register_person(
            identity=PersonIdentity(
                name="测试甲", id_type="01", id_number=body + rules.check_digit_of(body), nation="01"
            ),
            source="benchmark",
            actor=actor,
        )
        identity.open_self_holding(
            account_pk=account.pk, person_pk=person.person_pk, evidence=Evidence.REAL_NAME, actor=actor
        )
        issue_card(person_pk=person.person_pk, channel="h5", actor=actor)
    client = Client()
    client.force_login(account, backend=sessions.BACKEND)
    return str(client.session.session_key), person.person_id


def _request(token: str, person: str, *, slot: str) -> bytes:
    body = json.dumps({"slot": slot, "persons": [person]}).encode()
    return (
        f"POST {PATH} HTTP/1.1\r\nHost: {server.HOST}:{server.PORT}\r\nX-Session-Token: {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
