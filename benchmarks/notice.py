"""From the commit of a use to the notice on the holder's page.

    DATABASE_URL=... REDIS_URL=... python -m benchmarks.notice

Verifies codes over HTTP at a steady pace with a relay running, as ``make run`` has it, and
listens where the socket process listens. The time runs from the answer of the verification,
which follows the commit, to the arrival of the notice.
"""

import argparse
import os
import subprocess
import sys
import threading
import time

import orjson
from redis.client import PubSub

from benchmarks import setting
from benchmarks.load import run


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uses", type=int, default=400)
    parser.add_argument("--a-second", type=int, default=40)
    options = parser.parse_args()
    setting.prepare_environment()
    stage = setting.build(200)
    from benchmarks import calls, server
    from benchmarks.verify import empty

    hold_everybody()
    # What another measurement left would be noticed first.
    empty()
    requests = calls.requests(
        stage, calls.dynamic_codes(stage, options.uses), stage.hmac, host=f"{server.HOST}:{server.PORT}"
    )
    relay = subprocess.Popen([sys.executable, "manage.py", "relay"], cwd=setting.ROOT, env=os.environ.copy())
    arrived: list[float] = []
    listening = threading.Thread(target=_listen, args=(arrived, options.uses), daemon=True)
    listening.start()
    try:
        with server.serving(workers=2, threads=16, environment={"USAGE_WRITER": "batch"}):
            time.sleep(3)
            answered = []
            for request in requests:
                run(server.HOST, server.PORT, [request], connections=1)
                answered.append(time.monotonic())
                time.sleep(1 / options.a_second)
            listening.join(timeout=10)
    finally:
        relay.terminate()
        relay.wait(timeout=30)
    if len(arrived) != len(answered):
        raise SystemExit(f"{len(answered)} uses and {len(arrived)} notices")
    delays = sorted((there - here) * 1000 for here, there in zip(answered, arrived, strict=True))
    shares = {
        name: delays[int(len(delays) * share)] for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    }
    sys.stdout.write(
        f"{options.uses} notices: " + ", ".join(f"{k} {v:.0f} ms" for k, v in shares.items()) + "\n"
    )


def hold_everybody() -> None:
    """Give every person of the stage a holder whose pages can be told."""
    from cards.models import Card
    from foundation.accounts import services as accounts
    from foundation.core.actor import Actor
    from identity import selectors, services
    from identity.rules import Evidence

    actor = Actor.system("benchmark")
    for card in Card.objects.order_by("pk")[:200]:
        if not selectors.is_held(card.person_id):
            account = accounts.open_resident(phone=f"139{card.pk:08d}")
            services.open_self_holding(
                account_pk=account.pk, person_pk=card.person_id, evidence=Evidence.WINDOW, actor=actor
            )


def _listen(arrived: list[float], wanted: int) -> None:
    from foundation.core import redis
    from foundation.events.live import CHANNEL

    listener: PubSub = redis.client().pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    listener.subscribe(redis.key(CHANNEL))
    while len(arrived) < wanted:
        message = listener.get_message(timeout=1.0)
        if message is not None and orjson.loads(message["data"])["kind"] == "code.used":
            arrived.append(time.monotonic())


if __name__ == "__main__":
    main()
