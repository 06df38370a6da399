"""Signed messages in the form of Standard Webhooks 1.0.0, in both directions.

``EventSender`` tells the platform what happens in the hospital; ``Receiver`` reads what the
platform posts to the hospital. What is signed is ``id.timestamp.body`` over the bytes as they are
sent; a header may carry several signatures, so that keys can be changed without a gap.
"""

import base64
import binascii
import hmac
import json
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, Self

import httpx

from sdk.errors import EhcError, SignatureRefused, Unreachable
from sdk.sm2 import Sm2Signer, Sm2Verifier
from sdk.transport import LONGEST_PAUSE_SECONDS, answer_of, pause_after, without_empty

PATH = "/api/v1/events"
HL7_PATH = "/api/v1/hl7"
PREFIX = "whsec_"
WINDOW_SECONDS = 300
_KEY_BYTES = range(24, 65)
_DIGESTS = {"v1": "sha256", "v1sm3": "sm3"}


class SigningKey(Protocol):
    """Signs messages; what speaks to a device is used by writing one of these."""

    version: str

    def sign(self, text: bytes) -> bytes:
        """The signature over a text."""


class CheckingKey(Protocol):
    """Checks signatures of one version."""

    version: str

    def fits(self, text: bytes, signature: bytes) -> bool:
        """Whether the signature is of this key over the text."""


class SharedKey:
    """A secret that both sides have.

    Args:
        secret: As it was shown: ``whsec_`` and Base64.
        version: ``v1`` for HMAC-SHA256, ``v1sm3`` for HMAC-SM3.

    Raises:
        ValueError: It is no such secret.
    """

    def __init__(self, secret: str, version: str = "v1") -> None:
        if version not in _DIGESTS:
            raise ValueError("the version of a shared key is v1 or v1sm3")
        try:
            self._key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error as exc:
            raise ValueError("a secret is whsec_ and Base64") from exc
        if len(self._key) not in _KEY_BYTES:
            raise ValueError("a secret has 24 to 64 bytes")
        self.version = version

    def sign(self, text: bytes) -> bytes:
        """The HMAC of a text."""
        return hmac.digest(self._key, text, _DIGESTS[self.version])

    def fits(self, text: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's HMAC of the text."""
        return hmac.compare_digest(self.sign(text), signature)


class Sm2Key:
    """The institution's own SM2 key; the platform knows its public key."""

    version = "v1sm2"

    def __init__(self, private_key: str) -> None:
        self._sign = Sm2Signer(private_key)

    def sign(self, text: bytes) -> bytes:
        """The signature in DER."""
        return self._sign(text)


class Sm2PublicKey:
    """The platform's public SM2 key: 128 hexadecimal digits, x and y."""

    version = "v1sm2"

    def __init__(self, public_key: str) -> None:
        self._verify = Sm2Verifier(public_key)

    def fits(self, text: bytes, signature: bytes) -> bool:
        """Whether the signature in DER is of this key over the text."""
        return self._verify(text, signature)


@dataclass(frozen=True, slots=True)
class Message:
    """What the platform posted. The same ``id`` may come again: do it once.

    Attributes:
        data: Ids only; read the rest through the client.
    """

    id: str
    type: str
    sent_at: datetime
    data: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom an event is about: by health card, or by the institution's own number."""

    health_card_id: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)


def sign(keys: Iterable[SigningKey], *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a message, with one signature of each key."""
    text = _text(message_id, str(timestamp), body)
    signatures = (f"{key.version},{base64.b64encode(key.sign(text)).decode()}" for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


class Receiver:
    """Reads what the platform posts to the hospital's address.

    Args:
        keys: All that are good now: during a change of keys the old and the new one.
        window: Seconds that a message's time may be off.
    """

    def __init__(self, *keys: CheckingKey, window: int = WINDOW_SECONDS) -> None:
        if not keys:
            raise ValueError("give at least one key")
        self._keys = keys
        self._window = window

    def read(self, headers: Mapping[str, str], body: bytes) -> Message:
        """The message, once signature and time are found right.

        Args:
            headers: Names in any case.
            body: The raw bytes, not what a framework has made of them.

        Raises:
            SignatureRefused: A header is missing, the time is off, or no signature fits.
            EhcError: ``not_understood``, signed and yet no message.
        """
        given = {name.lower(): value for name, value in headers.items()}
        message_id, timestamp, signatures = (
            given.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature")
        )
        if not message_id or not signatures or not (timestamp.isascii() and timestamp.isdigit()):
            raise SignatureRefused(
                "webhook_headers_missing", "webhook-id, -timestamp and -signature are needed"
            )
        if abs(time.time() - int(timestamp[:12])) > self._window:
            raise SignatureRefused("webhook_out_of_time", "the time of the message is too far from ours")
        if not self._is_signed(_text(message_id, timestamp, body), signatures):
            raise SignatureRefused("webhook_signature_wrong", "no signature of the message fits a key")
        return _message(message_id, body)

    def _is_signed(self, text: bytes, signatures: str) -> bool:
        for each in signatures.split():
            version, _, encoded = each.partition(",")
            try:
                signature = base64.b64decode(encoded, validate=True)
            except ValueError:
                continue
            if any(key.version == version and key.fits(text, signature) for key in self._keys):
                return True
        return False


class EventSender:
    """Posts the hospital's events to the platform.

    An event that was taken is never to be sent anew; one that was not is sent again with the same
    ``event_id``, which the platform takes once, however often it comes.

    Args:
        base_url: ``https://...`` without a path.
        client_id: The client's number.
        keys: One or several; each adds a signature.
        timeout, retries, backoff, transport: As of ``Connection``.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        *keys: SigningKey,
        timeout: float = 10.0,
        retries: int = 3,
        backoff: float = 0.2,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if not keys:
            raise ValueError("give at least one key")
        self._client_id = client_id
        self._keys = keys
        self._retries = retries
        self._backoff = backoff
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"),
            timeout=timeout,
            transport=transport,
            trust_env=False,
            headers={"Accept": "application/json", "User-Agent": "ehc-sdk/1"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(
        self,
        kind: str,
        data: Mapping[str, Any] | None = None,
        *,
        aggregate: str,
        seq: int,
        patient: Patient | None = None,
        event_id: str = "",
        occurred_at: datetime | None = None,
    ) -> str:
        """Tell the platform that something happened; it is carried out soon after.

        Args:
            kind: ``report.published``; docs/institutions/event-types.md has all, with their members.
            aggregate: What it happened to, for example ``report:R2026001``.
            seq: Counts the events of this aggregate from 1, without gaps. The platform applies them
                in this order and asks the hospital's interface for one that is missing.
            patient: Where the event is about somebody.
            event_id: Left out, a new one; keep it to send the event again after a restart.

        Returns:
            The event's id.

        Raises:
            EhcError: With ``field`` for what is wrong in the event.
        """
        event_id = event_id or uuid.uuid4().hex
        moment = occurred_at or datetime.fromtimestamp(time.time(), UTC)
        told: dict[str, Any] = {
            **(data or {}),
            "event_id": event_id,
            "occurred_at": moment.isoformat(),
            "seq": seq,
            "aggregate": aggregate,
        }
        if patient is not None:
            told["patient"] = without_empty(
                {"health_card_id": patient.health_card_id, "patient_id": patient.patient_id}
            )
        body = encoded({"type": kind, "timestamp": moment.isoformat(), "data": told})
        self.post(event_id, body)
        return event_id

    def post(self, message_id: str, body: bytes) -> None:
        """Send a body that was made, and perhaps kept, before; the signature is new at every try.

        Raises:
            EhcError: As the platform says.
        """
        tries_left = self._retries
        pause = self._backoff
        while True:
            try:
                self._try(message_id, body)
                return
            except EhcError as error:
                wait = pause_after(error, pause)
                if wait is None or not tries_left:
                    raise
                tries_left -= 1
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                time.sleep(wait)

    def send_hl7(self, message: str, *, message_id: str = "") -> str:
        """Hand over one message of HL7 v2 (ORU^R01, SIU), for engines that speak nothing else.

        Args:
            message: In pipe form; its control id (MSH-10) names it when it is sent again.

        Returns:
            The platform's acknowledgement: ``AA``, ``AE`` or ``AR`` stands in its MSA-1.

        Raises:
            EhcError: It was refused before it was read.
        """
        sent_as = message_id or uuid.uuid4().hex
        response = self._post(sent_as, message.encode(), path=HL7_PATH, content_type="application/hl7-v2")
        if not response.is_success:
            answer_of(response)
        return response.text

    def _try(self, message_id: str, body: bytes) -> None:
        answer_of(self._post(message_id, body, path=PATH, content_type="application/json"))

    def _post(self, message_id: str, body: bytes, *, path: str, content_type: str) -> httpx.Response:
        signed = sign(self._keys, message_id=message_id, timestamp=int(time.time()), body=body)
        headers = {"Content-Type": content_type, "EHC-Client": self._client_id, **signed}
        try:
            response = self._http.post(path, content=body, headers=headers)
        except httpx.TransportError as exc:
            raise Unreachable("unreachable", f"{type(exc).__name__}: {exc}") from exc
        return response


def encoded(message: Mapping[str, Any]) -> bytes:
    """A message as bytes, the same for signing and for sending."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _text(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode() + body


def _message(message_id: str, body: bytes) -> Message:
    try:
        said = json.loads(body)
        data = said["data"]
        if not isinstance(data, dict):
            raise TypeError("data is no object")
        return Message(message_id, str(said["type"]), datetime.fromisoformat(said["timestamp"]), data)
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise EhcError("not_understood", f"{type(exc).__name__}: {exc}") from exc
