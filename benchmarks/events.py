"""How fast an event of a hospital is answered, and how fast events take effect.

    DATABASE_URL=... REDIS_URL=... python -m benchmarks.events

Events are signed with a shared secret and handed to the view that answers them, in one process and
without a server in front; the relay then applies them. The institution and its events are new, and
nothing is left of earlier runs but the rows that they made.
"""

import argparse
import base64
import hmac
import secrets
import sys
import time

import orjson

from benchmarks import setting


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000)
    options = parser.parse_args()
    setting.prepare_environment("ehc_benchmark_events")
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import RequestFactory

    from gmcrypto import keystore

    call_command("migrate", verbosity=0)
    keystore.ensure_keys()

    from foundation.events import relay
    from interop.webhooks.views import take_event

    client, secret = _client()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    run = secrets.token_hex(6)
    factory = RequestFactory()
    took = []
    for number in range(options.events):
        body = _body(run, number)
        stamp = str(int(time.time()))
        text = f"msg_{run}{number}.{stamp}.".encode() + body
        signature = base64.b64encode(hmac.digest(key, text, "sha256")).decode()
        request = factory.generic(
            "POST",
            "/api/v1/events",
            body,
            "application/json",
            headers={
                "EHC-Client": client,
                "webhook-id": f"msg_{run}{number}",
                "webhook-timestamp": stamp,
                "webhook-signature": f"v1,{signature}",
            },
        )
        begun = time.perf_counter()
        answer = take_event(request)
        took.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 202:
            raise SystemExit(answer.content.decode())
    took.sort()
    begun = time.perf_counter()
    applied = 0
    while worked := relay.work_inbox():
        applied += worked
    rate = applied / (time.perf_counter() - begun)
    shares = ", ".join(f"{name} {took[int(len(took) * share)]:.1f} ms" for name, share in _SHARES)
    sys.stdout.write(f"{options.events} events answered: {shares}; applied {rate:.0f} a second\n")


_SHARES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))


def _client() -> tuple[str, str]:
    """A new client of an invented institution, and its secret for events."""
    from foundation.core.actor import Actor
    from foundation.gateway import services
    from foundation.gateway.scopes import EVENT_SEND
    from institutions import services as institutions
    from institutions.rules import uscc_check_character
    from institutions.types import InstitutionDetails

    actor = Actor.system("benchmark")
    serial = secrets.randbelow(10**9)
    body = f"12110100{serial:09d}"
    institutions.add_region(code="110100", name="测试市", actor=actor)
    place = institutions.register_institution(
        details=InstitutionDetails(
            code=f"B{serial}",
            name=f"测试医院{serial}",
            short_name="测试医院",
            region="110100",
            level="32",
            category="A100",
            uscc=body + uscc_check_character(body),
        ),
        actor=actor,
    )
    client = services.create_client(
        institution=place, name="HIS", scopes=[EVENT_SEND], rate_per_minute=10**6, actor=actor
    )
    return client, services.add_key(client=client, algorithm="WEBHOOK", actor=actor).secret


def _body(run: str, number: int) -> bytes:
    moment = "2026-11-21T08:00:00+08:00"
    return orjson.dumps(
        {
            "type": "connection.test",
            "timestamp": moment,
            "data": {
                "event_id": f"e-{run}-{number:06d}",
                "occurred_at": moment,
                # Ten events of each thing, in their order.
                "seq": number % 10 + 1,
                "aggregate": f"test:{run}:{number // 10}",
            },
        }
    )


if __name__ == "__main__":
    main()
