"""159: the notice of an active scan, posted to the ``notifyUrl`` of 155.

Intent first: the row is claimed before the call, and no transaction is open during it. A
notice that was not taken is sent again, for a day and a half; whoever holds the row when its
worker dies is the next sweep.
"""

import json
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import structlog
from django.db import transaction
from django.db.models import F

from cards import scans
from cards.errors import ScanUnknown
from foundation.core import clock, http, strangers
from foundation.events.services import Message
from foundation.gateway import addresses, credentials
from foundation.gateway import selectors as gateway
from foundation.gateway.errors import AddressNotAllowed
from foundation.gateway.types import Algorithm
from institutions import selectors as institutions
from interop import tasks
from interop.dialects.tencent import signature
from interop.dialects.tencent.envelope import Envelope, Fields, Number
from interop.dialects.tencent.operations.scan import STATUS
from interop.models import Callback, CallbackState

log = structlog.get_logger(__name__)

DEADLINE_SECONDS = 5.0
LEASE = timedelta(seconds=60)
BACKOFF_SECONDS = (5, 30, 120, 600, 1_800, 7_200, 21_600, 86_400)


def on_scan_answered(message: Message) -> None:
    """Write down that a notice is owed, and have it sent after the commit."""
    scan = scans.scan_of(str(message.payload["scan_id"]))
    if not scan.notify_url:
        return
    moment = clock.now()
    row, is_new = Callback.objects.get_or_create(
        event=message.id,
        defaults={
            "subject": scan.scan_id,
            "client": scan.client,
            "next_attempt_at": moment,
            "created_at": moment,
        },
    )
    if is_new:
        transaction.on_commit(lambda: tasks.send_callback.delay(row.public_id))


def send(public_id: str) -> bool:
    """Try to send one notice that is due; returns whether it was taken."""
    moment = clock.now()
    due = Callback.objects.filter(
        public_id=public_id,
        state__in=(CallbackState.PENDING, CallbackState.SENDING),
        next_attempt_at__lte=moment,
    )
    if not due.update(
        state=CallbackState.SENDING, attempts=F("attempts") + 1, next_attempt_at=moment + LEASE
    ):
        return False
    row = Callback.objects.get(public_id=public_id)
    try:
        _post(row)
    except (AddressNotAllowed, ScanUnknown, LookupError) as exc:
        _end(row, CallbackState.DEAD, type(exc).__name__)
    except http.OutsideError as exc:
        _again(row, type(exc).__name__)
    else:
        _end(row, CallbackState.DONE, "")
        return True
    return False


def due() -> list[str]:
    """The notices whose time has come, also those of a worker that died."""
    rows = Callback.objects.filter(
        state__in=(CallbackState.PENDING, CallbackState.SENDING), next_attempt_at__lte=clock.now()
    )
    return list(rows.order_by("next_attempt_at").values_list("public_id", flat=True)[:100])


def _post(row: Callback) -> None:
    scan = scans.scan_of(row.subject)
    client = gateway.client_ref(scan.client)
    if client is None or not client.is_active:
        raise LookupError
    # The hosts may have changed since the scan was started.
    addresses.require_address(scan.notify_url, client.hosts, field="notifyUrl")
    parts = urlsplit(scan.notify_url)
    outbound = strangers.outbound_to(
        addresses.origin_of(scan.notify_url), name="tencent-callback", timeout=DEADLINE_SECONDS
    )
    outbound.post(
        parts.path or "/",
        params=dict(parse_qsl(parts.query, keep_blank_values=True)),
        content=_notice(scan),
        headers={"Content-Type": "application/json"},
    )


def _notice(scan: scans.Scan) -> bytes:
    """The fields of the platform's notice, flat, and signed like the fields of a request."""
    place = institutions.institution_by_public_id(scan.institution)
    fields: dict[str, Any] = {
        "requestId": secrets.token_hex(16).upper(),
        "hospitalId": place.hospital_id if place is not None else "",
        "timestamp": str(int(clock.now().timestamp())),
        "uid": scan.scan_id,
        "statusCode": STATUS[scan.state],
        "healthCardId": scan.card_id,
        "openId": "",
        "unionId": "",
        "ext": scan.external_id,
    }
    signed = {name: Number(value) if isinstance(value, int) else value for name, value in fields.items()}
    sign = signature.sign(Envelope(Fields(signed), Fields({})), _secret(scan.client))
    return json.dumps({**fields, "sign": sign}, ensure_ascii=False).encode()


def _secret(client: str) -> str:
    kids = gateway.kids(client, Algorithm.TENCENT)
    credential = credentials.load(kids[-1]) if kids else None
    if credential is None:
        raise LookupError
    return credential.secret.decode("latin-1")


def _again(row: Callback, error: str) -> None:
    if row.attempts > len(BACKOFF_SECONDS):
        _end(row, CallbackState.DEAD, error)
        return
    wait = timedelta(seconds=BACKOFF_SECONDS[row.attempts - 1])
    _mine(row).update(state=CallbackState.PENDING, next_attempt_at=clock.now() + wait, last_error=error)


def _end(row: Callback, state: CallbackState, error: str) -> None:
    _mine(row).update(state=state, last_error=error, done_at=clock.now())
    if state is CallbackState.DEAD:
        log.warning("callback_dead", callback=row.public_id, error=error)


def _mine(row: Callback) -> Any:
    return Callback.objects.filter(pk=row.pk, state=CallbackState.SENDING, attempts=row.attempts)
