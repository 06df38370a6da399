"""Who is calling, by the dialect's own rules.

Checks run in the order of their cost. An unknown application and a wrong digest get one
answer, and only after a right digest is anybody told of a suspension or an unknown terminal.
"""

import secrets

from cards.verification import Details
from cards.verification.verify import require_signed_in
from foundation.core import clock
from foundation.gateway import authenticate, credentials, throttle
from foundation.gateway.caller import Caller
from foundation.gateway.credentials import Credential
from foundation.gateway.errors import ScopeMissing
from foundation.gateway.types import Algorithm
from interop.dialects.national import digest, envelope
from interop.dialects.national.envelope import Envelope
from interop.dialects.national.errors import BadDigest, BadParameter, ClockSkew
from interop.dialects.national.methods.base import Call, Method

WINDOW_SECONDS = 300
# A request that is dated ahead may come again until its own window has passed.
DIGEST_SECONDS = 2 * WINDOW_SECONDS


def admit(sent: Envelope, method: Method, *, address: str) -> Call:
    """Check who calls and whether they may.

    Raises:
        BadParameter: The method is not that of the address.
        ClockSkew: The timestamp is more than five minutes off.
        BadDigest: Unknown application, or the digest does not verify.
        NonceReplayed: A method without serial number got the same digest before.
        ClientSuspended: The client or its institution is suspended.
        SandboxClientRefused: The client is for demos, and this is none.
        ScopeMissing: The client was not granted the method.
        TerminalUnknown, TerminalDisabled, TerminalBoundElsewhere: The terminal is not one of the
            institution's in use, or belongs to another client.
        TerminalNotSignedIn: It must sign in, of which the SDK knows nothing.
        NotJson: The content is no object.
        TooManyRequests, GatewayUnavailable: As ``throttle``.
    """
    if sent["method"] != method.name:
        raise BadParameter(field="method", name="method")
    _check_time(sent["timestamp"])
    credential = _credential(sent, address)
    if method.serial:
        # The serial number is single use by the stored answers; here every call counts anew.
        caller = authenticate.admit(credential, secrets.token_hex(16), keep_seconds=1)
    else:
        once = f"national:{sent['app_id']}:{sent.digest.upper()}"
        caller = authenticate.admit(credential, once, keep_seconds=DIGEST_SECONDS)
    if not method.scopes & caller.scopes:
        raise ScopeMissing(scope=min(method.scopes))
    _require_terminal(caller, sent)
    return Call(
        caller=caller,
        terminal_id=sent["term_id"],
        content=envelope.content_of(sent),
        digest=sent.digest.upper(),
    )


def _check_time(timestamp: str) -> None:
    server_time = int(clock.now().timestamp() * 1000)
    if abs(server_time - int(timestamp)) > WINDOW_SECONDS * 1000:
        raise ClockSkew(server_time=server_time)


def _require_terminal(caller: Caller, sent: Envelope) -> None:
    named = Details(scene="", request_id=sent.digest, operation=sent["method"], terminal_id=sent["term_id"])
    require_signed_in(caller, named, "")


def _credential(sent: Envelope, address: str) -> Credential:
    found = credentials.find(sent["app_id"])
    is_known = found is not None and found.algorithm == Algorithm.NATIONAL and found.is_in_force(clock.now())
    # An unknown application is found out only after a check that takes as long as a real one.
    against = found if found is not None and is_known else credentials.nobody(Algorithm.NATIONAL)
    if not digest.verifies(sent, against.secret.decode("latin-1")) or not is_known:
        throttle.count_failure(sent["app_id"] if is_known else "unknown", address)
        raise BadDigest
    return against
