"""The door for events: who sends one, and whether it is well-formed.

The sender is named by ``EHC-Client`` and signs as Standard Webhooks say (``gateway.webhooks``). An
event is kept before anything is done with it, and the answer says only that.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from foundation.core import clock
from foundation.events import inbound, schemas
from foundation.events import services as events
from foundation.gateway import authenticate, credentials, throttle, webhooks
from foundation.gateway.caller import Caller
from foundation.gateway.errors import (
    BadEvent,
    BadSignature,
    BadSignatureHeader,
    ClockSkew,
    EventIdReused,
    UnknownEventType,
)
from foundation.gateway.types import Algorithm

MAX_BODY_BYTES = 20_000
_KEYS = frozenset({Algorithm.WEBHOOK.value, Algorithm.SM2_SM3.value})
_CLIENT = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")


def sender_of(request: HttpRequest, body: bytes, *, scope: str) -> Caller:
    """Who signed this message.

    Raises:
        BadSignatureHeader: A header is missing or misshapen; ``field`` names it.
        ClockSkew: The attempt is too long ago.
        BadSignature: Unknown client, or no signature is right.
        ScopeMissing: The client may not send events.
    """
    meta = request.META
    client = str(meta.get("HTTP_EHC_CLIENT", ""))
    message_id = str(meta.get("HTTP_WEBHOOK_ID", ""))
    timestamp = str(meta.get("HTTP_WEBHOOK_TIMESTAMP", ""))
    signature = str(meta.get("HTTP_WEBHOOK_SIGNATURE", ""))
    if not _CLIENT.fullmatch(client):
        raise BadSignatureHeader(field="EHC-Client")
    if not webhooks.is_id(message_id):
        raise BadSignatureHeader(field=webhooks.ID)
    if not webhooks.is_timestamp(timestamp):
        raise BadSignatureHeader(field=webhooks.TIMESTAMP)
    if not 0 < len(signature) <= webhooks.LONGEST_HEADER:
        raise BadSignatureHeader(field=webhooks.SIGNATURE)
    moment = clock.now()
    server_time = int(moment.timestamp())
    if abs(server_time - int(timestamp)) > webhooks.WINDOW_SECONDS:
        raise ClockSkew(server_time=server_time, field=webhooks.TIMESTAMP)
    text = webhooks.signed_text(message_id, timestamp, body)
    for key in credentials.of_client(client, _KEYS):
        if key.is_in_force(moment) and _signed_with(key, signature, text):
            # The same attempt may come twice, and the inbox keeps an event once: no nonce is kept.
            caller = authenticate.admit(key, secrets.token_hex(8), keep_seconds=1)
            caller.require(scope)
            return caller
    throttle.count_failure(client, authenticate.address_of(meta))
    raise BadSignature


def _signed_with(key: credentials.Credential, signature: str, text: bytes) -> bool:
    if key.public_key is not None:
        return webhooks.matches(signature, text, public_keys=[key.public_key])
    return webhooks.matches(signature, text, secrets=[key.secret.decode()])


def accept(envelope: Mapping[str, Any], *, institution: str) -> bool:
    """Keep an event of an institution, once, however often and in whatever order it comes.

    Args:
        envelope: ``type``, ``timestamp`` and ``data``, as sent, or as a dialect made it.
        institution: Public id of who tells it.

    Returns:
        Whether the event is new.

    Raises:
        UnknownEventType: Nobody hears events of this type.
        BadEvent: A field is not as the type's schema says.
        EventIdReused: Its number was used for another event.
    """
    name = envelope.get("type")
    kind = inbound.inbound_type(name) if isinstance(name, str) else None
    if kind is None:
        raise UnknownEventType(types=[known.name for known in inbound.inbound_types()])
    problems = schemas.problems_of(envelope, kind.validator)
    if problems:
        raise BadEvent(errors=problems)
    data = envelope["data"]
    source = inbound.source_of(institution)
    is_new = events.receive(
        source=source,
        message_id=data["event_id"],
        topic=kind.name,
        aggregate=data["aggregate"],
        seq=int(data["seq"]),
        payload=envelope,
    )
    if not is_new:
        before = events.kept(source=source, message_id=data["event_id"])
        if before is not None and (before["type"], before["data"]) != (kind.name, data):
            raise EventIdReused(field="data.event_id")
    return is_new
