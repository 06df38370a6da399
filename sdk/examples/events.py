"""Send a first event to the demo: ``python -m sdk.examples.events``, while ``make run`` runs."""

import base64
import json
import secrets
import subprocess
import sys
import time
from datetime import UTC, datetime

from sdk import EhcError, EventSender, SharedKey

demo = json.loads(subprocess.check_output([sys.executable, "manage.py", "demo_credentials", "--json"]))
given = demo["events"]
number, moment = secrets.token_hex(4), datetime.fromtimestamp(time.time(), UTC)


def send(key: SharedKey, seq: int) -> None:
    """Send one of the events; its id and its content are the same however often it is sent."""
    with EventSender(demo["base_url"], given["clientId"], key) as events:
        event_id = events.send(
            "connection.test",
            {"note": f"event {seq}"},
            aggregate=f"test:{number}",
            seq=seq,
            event_id=f"first-{number}-{seq}",
            occurred_at=moment,
        )
    print(event_id, "accepted")


try:
    send(SharedKey(given["secret"]), 1)
    send(SharedKey(given["secret"]), 2)
    # Once more, as after an answer that was lost: taken again, and without another effect.
    send(SharedKey(given["secret"]), 2)
except EhcError as error:
    sys.exit(f"{error.code}: {error.detail} (trace {error.trace_id})")
try:
    send(SharedKey("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()), 3)
except EhcError as error:
    print("with a wrong key:", error.code)
