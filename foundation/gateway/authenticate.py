"""Who signed this call?

The native signature ``EHC1`` (docs/institutions/signing.md). Checks run in order of their
cost: shape of the headers, time window, client and key, signature, nonce. The module knows
nothing of Django's requests beyond the names of WSGI headers, and is as usable from a plain
view as from REST framework.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest

import gmcrypto
from foundation.core import clock
from foundation.core.errors import DomainError
from foundation.gateway import credentials, throttle
from foundation.gateway.caller import Caller
from foundation.gateway.credentials import Credential
from foundation.gateway.errors import (
    BadSignature,
    BadSignatureHeader,
    ClientSuspended,
    ClockSkew,
    MissingSignature,
    SandboxClientRefused,
)
from foundation.gateway.types import Algorithm, Environment

SCHEME = "EHC1"
WINDOW_SECONDS = 300
NONCE_SECONDS = 2 * WINDOW_SECONDS

_CLIENT = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
_KEY = re.compile(r"[0-9A-Za-z]{8,40}")
_TIMESTAMP = re.compile(r"[0-9]{10,12}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{40,100}={0,2}")
_ALGORITHMS = re.compile(r"HMAC-SM3|SM2-SM3")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._~-]*")


def caller_of(request: HttpRequest, body: bytes) -> Caller:
    """The caller of a Django request whose body has been read; errors as ``authenticate``."""
    return signed_call_of(request, body).admit()


def signed_call_of(request: HttpRequest, body: bytes) -> "SignedCall":
    """The same before it is let in; errors as ``check``."""
    path = request.path
    if not _PLAIN_PATH.fullmatch(path):
        path = quote(path, safe="/-._~!$&'()*+,;=:@")
    meta = request.META
    return check(
        request.method or "",
        path,
        meta.get("QUERY_STRING", ""),
        meta,
        body,
        address=address_of(meta),
    )


def authenticate(
    method: str, path: str, query: str, headers: Mapping[str, Any], body: bytes, *, address: str = ""
) -> Caller:
    """Check a signed call and let it in; arguments and errors as ``check`` and ``admit``."""
    return check(method, path, query, headers, body, address=address).admit()


def check(
    method: str, path: str, query: str, headers: Mapping[str, Any], body: bytes, *, address: str = ""
) -> "SignedCall":
    """Check the signature of a call, which is let in by ``SignedCall.admit`` or ``admit_many``.

    Args:
        method: Upper case.
        path: As sent, with its percent-encoding.
        query: The query string as sent, without the question mark.
        headers: By their WSGI names, ``HTTP_EHC_CLIENT`` and so on.
        address: Where the call comes from; only counts failures.

    Raises:
        MissingSignature: There is no signature at all.
        BadSignatureHeader: A header is missing or misshapen; ``field`` names it.
        ClockSkew: The timestamp is outside the window.
        BadSignature: Unknown client or key, or the signature does not verify.
    """
    if "HTTP_EHC_SIGNATURE" not in headers:
        raise MissingSignature
    client = _header(headers, "HTTP_EHC_CLIENT", "EHC-Client", _CLIENT)
    kid = _header(headers, "HTTP_EHC_KEY", "EHC-Key", _KEY)
    timestamp = _header(headers, "HTTP_EHC_TIMESTAMP", "EHC-Timestamp", _TIMESTAMP)
    nonce = _header(headers, "HTTP_EHC_NONCE", "EHC-Nonce", _TOKEN)
    algorithm = _header(headers, "HTTP_EHC_ALGORITHM", "EHC-Algorithm", _ALGORITHMS)
    signature = _signature(_header(headers, "HTTP_EHC_SIGNATURE", "EHC-Signature", _SIGNATURE))
    idempotency_key = ""
    if "HTTP_IDEMPOTENCY_KEY" in headers:
        idempotency_key = _header(headers, "HTTP_IDEMPOTENCY_KEY", "Idempotency-Key", _TOKEN)
    moment = clock.now()
    server_time = int(moment.timestamp())
    if abs(server_time - int(timestamp)) > WINDOW_SECONDS:
        raise ClockSkew(server_time=server_time)
    credential = credentials.find(kid)
    text = signed_text(
        algorithm=algorithm,
        method=method,
        path=path,
        query=query,
        client=client,
        kid=kid,
        timestamp=timestamp,
        nonce=nonce,
        idempotency_key=idempotency_key,
        body=body,
    )
    matches = (
        credential is not None
        and credential.algorithm == algorithm
        and credential.caller.public_id == client
        and credential.is_in_force(moment)
    )
    # A mismatch is found out only after a check against nobody's key, which takes as long.
    against = credential if credential is not None and matches else credentials.nobody(algorithm)
    if not verify(against, text, signature) or not matches:
        throttle.count_failure(client, address)
        raise BadSignature
    return SignedCall(against, nonce)


def signed_text(
    *,
    algorithm: str,
    method: str,
    path: str,
    query: str,
    client: str,
    kid: str,
    timestamp: str,
    nonce: str,
    idempotency_key: str,
    body: bytes,
) -> bytes:
    """The bytes that are signed: eleven lines joined by newlines, the last without one."""
    digest = gmcrypto.sm3(body).hex()
    lines = (SCHEME, algorithm, method, path, query, client, kid, timestamp, nonce, idempotency_key, digest)
    # WSGI gives the query's raw bytes as Latin-1; this gives them back.
    return "\n".join(lines).encode("latin-1", "replace")


def verify(credential: Credential, text: bytes, signature: bytes) -> bool:
    """Whether the signature over the text is of this credential, by its own algorithm."""
    if credential.algorithm == Algorithm.HMAC_SM3:
        return gmcrypto.same(gmcrypto.hmac_sm3(credential.secret, text), signature)
    if credential.algorithm == Algorithm.SM2_SM3 and credential.public_key is not None:
        return gmcrypto.verify(credential.public_key, text, signature)
    return False


def admit(credential: Credential, nonce: str, *, keep_seconds: int = NONCE_SECONDS) -> Caller:
    """Let in a caller whose signature has been checked, once per nonce.

    Dialects with a signature of their own call this after their check, with their request's
    serial number for a nonce.

    Raises:
        ClientSuspended: If the client or its institution is suspended, from the moment at
            which the suspension is committed.
        SandboxClientRefused: If the client is a sandbox's and this is no demo.
        BadSignature: If the key was retired meanwhile.
        NonceReplayed, TooManyRequests, GatewayUnavailable: As ``throttle.admit``.
    """
    _require_served(credential)
    generation = throttle.admit(credential.caller, nonce, keep_seconds=keep_seconds)
    return _present_caller(credential, generation)


class SignedCall:
    """A call whose signature is right, and which has yet to be let in.

    A hot path lets many in at once (``admit_many``) where it does its own work in batches
    anyway. Whatever is answered, a refusal too, is answered to a call that was let in: a call
    that nobody let in by then is let in before its answer leaves (``admit``).
    """

    __slots__ = ("caller", "check", "credential", "is_admitted", "nonce", "scope")

    def __init__(self, credential: Credential, nonce: str) -> None:
        self.credential = credential
        self.nonce = nonce
        self.scope = ""
        self.caller = credential.caller
        self.check: Callable[[Caller], None] | None = None
        self.is_admitted = False

    def require(self, scope: str) -> None:
        """Refuse the call unless its caller holds a scope, now and when it is let in.

        Raises:
            ScopeMissing: If it does not.
        """
        self.scope = scope
        self.caller.require(scope)

    def admit(self) -> Caller:
        """Let the call in, unless that was done; errors as ``admit``, and as ``require``."""
        if not self.is_admitted:
            self.is_admitted = True
            self.caller = admit(self.credential, self.nonce)
            self.require_again()
        return self.caller

    def require_again(self) -> None:
        """Ask for the scope of the caller as it is now, and again for what else was asked of it."""
        if self.scope:
            self.caller.require(self.scope)
        if self.check is not None and self.caller.generation != self.credential.caller.generation:
            self.check(self.caller)

    def recheck_with(self, check: Callable[[Caller], None]) -> None:
        """Say what is to be checked once more if anything has changed when the call is let in.

        Args:
            check: Raises a domain error for a caller that is not to be served.
        """
        self.check = check


def admit_many(calls: Sequence[SignedCall]) -> list[DomainError | None]:
    """Let many calls in, in one round trip.

    Returns:
        For each call why it is refused, or nothing. A call whose client or key changed since
        its signature was checked has its ``caller`` replaced.
    """
    for call in calls:
        call.is_admitted = True
    outcomes = throttle.admit_many([(call.caller, call.nonce) for call in calls], keep_seconds=NONCE_SECONDS)
    return [_refusal_of(call, outcome) for call, outcome in zip(calls, outcomes, strict=True)]


def _refusal_of(call: SignedCall, outcome: int | DomainError) -> DomainError | None:
    if isinstance(outcome, DomainError):
        return outcome
    try:
        _require_served(call.credential)
        call.caller = _present_caller(call.credential, outcome)
        call.require_again()
    except DomainError as refusal:
        return refusal
    return None


def _require_served(credential: Credential) -> None:
    if credential.is_suspended:
        raise ClientSuspended
    if credential.caller.environment == Environment.SANDBOX and not settings.DEMO:
        raise SandboxClientRefused


def _present_caller(credential: Credential, generation: int) -> Caller:
    """The caller as it is now: read again if anything changed since the credential was read."""
    if generation == credential.generation:
        return credential.caller
    present = credentials.load(credential.caller.key_id)
    if present is None or not present.is_in_force(clock.now()):
        raise BadSignature
    if present.is_suspended:
        raise ClientSuspended
    return present.caller


def address_of(meta: Mapping[str, Any]) -> str:
    """Where the call comes from, behind as many proxies as the settings trust."""
    proxies: int = getattr(settings, "ALLAUTH_TRUSTED_PROXY_COUNT", 0)
    passed_on = str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    if 0 < proxies <= len(passed_on):
        return passed_on[-proxies].strip()
    return str(meta.get("REMOTE_ADDR", ""))


def _header(headers: Mapping[str, Any], name: str, shown: str, shape: re.Pattern[str]) -> str:
    value: str = headers.get(name, "")
    if not shape.fullmatch(value):
        raise BadSignatureHeader(field=shown)
    return value


def _signature(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as exc:
        raise BadSignatureHeader(field="EHC-Signature") from exc
