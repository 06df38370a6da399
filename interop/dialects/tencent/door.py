"""Who is calling, by the dialect's own rules.

Checks run in the order of their cost. An unknown application and a wrong signature get one
answer, and only after a right signature is anybody told of a suspension or a wrong hospital.
"""

import re
import secrets

import gmcrypto
from foundation.core import clock
from foundation.gateway import authenticate, credentials, throttle
from foundation.gateway.credentials import Credential
from foundation.gateway.errors import ClientSuspended, ScopeMissing
from foundation.gateway.types import Algorithm
from institutions import selectors as institutions
from interop.dialects.tencent import signature, tokens
from interop.dialects.tencent.envelope import Envelope
from interop.dialects.tencent.errors import (
    BadParameter,
    BadSignature,
    BadToken,
    ClockSkew,
    HospitalMismatch,
)
from interop.dialects.tencent.operations.base import Call, Operation

WINDOW_SECONDS = 300
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TIMESTAMP = re.compile(r"[0-9]{10,12}")
_CHANNEL = re.compile(r"[0-9]{0,2}")
_KID = re.compile(r"[0-9A-Za-z]{8,40}")


def request_id_of(envelope: Envelope) -> str:
    """The caller's serial number of the request.

    Raises:
        MissingParameter, BadParameter: If there is none, or it has another shape.
    """
    request_id = envelope.common.text("requestId", most=64)
    if not _REQUEST_ID.fullmatch(request_id):
        raise BadParameter(field="requestId", name="requestId")
    return request_id


def admit(envelope: Envelope, operation: Operation, *, request_id: str, address: str) -> Call:
    """Check who calls and whether they may.

    Raises:
        MissingParameter, BadParameter: ``commonIn`` is not as it should be.
        ClockSkew: The timestamp is more than five minutes off.
        BadToken: The token is unknown, expired or replaced.
        BadSignature: Unknown application, or the signature does not verify.
        ClientSuspended: The client or its institution is suspended.
        SandboxClientRefused: The client is for demos, and this is none.
        HospitalMismatch: The application is another institution's.
        ScopeMissing: The client was not granted the operation.
        TooManyRequests, GatewayUnavailable: As ``throttle``.
    """
    common = envelope.common
    hospital_id = common.text("hospitalId", most=20)
    _check_time(common.text("timestamp", most=20))
    if not _CHANNEL.fullmatch(common.optional("channelNum", most=8)):
        raise BadParameter(field="channelNum", name="channelNum")
    credential = _credential(envelope, operation, address)
    # The serial number is single use by the stored answers; here every call counts anew.
    caller = authenticate.admit(credential, secrets.token_hex(16), keep_seconds=1)
    institution = institutions.institution_by_public_id(caller.institution)
    if institution is None or institution.hospital_id != hospital_id:
        raise HospitalMismatch(field="hospitalId")
    if not institution.is_approved:
        raise ClientSuspended
    if operation.scopes and not operation.scopes & caller.scopes:
        raise ScopeMissing(scope=min(operation.scopes))
    reference = gmcrypto.sm3(f"tencent\n{request_id}".encode()).hex()
    return Call(caller, institution, envelope.req, request_id, reference)


def _check_time(timestamp: str) -> None:
    if not _TIMESTAMP.fullmatch(timestamp):
        raise BadParameter(field="timestamp", name="timestamp")
    server_time = int(clock.now().timestamp())
    if abs(server_time - int(timestamp)) > WINDOW_SECONDS:
        raise ClockSkew(server_time=server_time)


def _credential(envelope: Envelope, operation: Operation, address: str) -> Credential:
    kid = _kid(envelope, operation, address)
    found = credentials.find(kid) if _KID.fullmatch(kid) else None
    is_known = found is not None and found.algorithm == Algorithm.TENCENT and found.is_in_force(clock.now())
    # An unknown application is found out only after a check that takes as long as a real one.
    against = found if found is not None and is_known else credentials.nobody(Algorithm.TENCENT)
    if not signature.verifies(envelope, against.secret.decode("latin-1")) or not is_known:
        throttle.count_failure(kid if is_known else "unknown", address)
        raise BadSignature
    return against


def _kid(envelope: Envelope, operation: Operation, address: str) -> str:
    if operation.takes_app_id:
        return envelope.req.text("appId", most=100)
    kid = tokens.kid_of(envelope.common.text("appToken", most=2_000))
    if not kid:
        throttle.count_failure("unknown", address)
        raise BadToken
    return kid
