"""The door for messages of other centres: who signed, in time, once."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NoReturn

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from redis.exceptions import RedisError

import gmcrypto
from foundation.core import clock, ratelimit, redis
from foundation.gateway import bodies, problems
from foundation.gateway.authenticate import address_of
from foundation.gateway.errors import ClockSkew, GatewayUnavailable, MethodRefused
from interop.models import Node, NodeKeyUse, NodeState
from interop.nodes import keys, wire
from interop.nodes.errors import (
    NodeMessageReplayed,
    NodeSignatureMissing,
    NodeSignatureWrong,
    NodeSuspended,
)
from interop.nodes.wire import Head

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 16_384
PER_MINUTE = 6_000
FAILURES_PER_ADDRESS = 120
FAILURE_WINDOW = 300

_NODE = re.compile(r"[0-9A-Z]{4,20}")
_KEY = re.compile(r"[0-9A-Za-z_-]{4,40}")
_TIMESTAMP = re.compile(r"[0-9]{10,12}")
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{40,100}={0,2}")

NodeView = Callable[[Node, dict[str, Any]], Mapping[str, Any]]


def node_call(view: NodeView) -> Callable[[HttpRequest], HttpResponse]:
    """Decorate a view that answers a signed message of another centre with a signed object."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        try:
            if request.method != "POST":
                raise MethodRefused
            body = bodies.read(request, max_bytes=MAX_BODY_BYTES)
            node, head = admit(request, body)
            found = view(node, bodies.read_object(body))
            return signed_answer(found, node=node, path=request.path, nonce=head.nonce)
        except Exception as exc:
            translation.activate(translation.get_language_from_request(request))
            return problems.problem_response(problems.translate(exc))

    answer.guarded_by = "signature"  # type: ignore[attr-defined]
    return answer


def admit(request: HttpRequest, body: bytes) -> tuple[Node, Head]:
    """The centre that signed this message, once.

    Raises:
        NodeSignatureMissing, NodeSignatureWrong, ClockSkew: It is not let in.
        NodeSuspended: The link is stopped.
        NodeMessageReplayed: The message came before.
        TooManyRequests, GatewayUnavailable: Not now.
    """
    head, signature = signature_of(request.META, prefix="HTTP_")
    server_time = int(clock.now().timestamp())
    if abs(server_time - int(head.timestamp)) > wire.WINDOW_SECONDS:
        raise ClockSkew(server_time=server_time)
    node = Node.objects.filter(node_id=head.sender).first()
    key = keys.accepted(node, NodeKeyUse.SIGN).get(head.kid) if node is not None else None
    text = wire.question_text(head, request.path, body)
    if node is None or key is None or head.receiver != settings.EHCAPPID:
        _refuse(request)
    if not gmcrypto.verify(key, text, signature):
        _refuse(request)
    if node.state != NodeState.ACTIVE:
        raise NodeSuspended
    _once(node, head.nonce)
    return node, head


def signed_answer(found: Mapping[str, Any], *, node: Node, path: str, nonce: str) -> HttpResponse:
    """The answer to a centre, signed and bound to its question."""
    body = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
    key = keys.signing_key()
    moment = int(clock.now().timestamp())
    head = Head(settings.EHCAPPID, node.node_id, key.kid, str(moment), nonce)
    signature = gmcrypto.sign(key.private_key, wire.answer_text(head, 200, path, body))
    return HttpResponse(
        body,
        content_type="application/json",
        headers={**head.headers(signature), "Cache-Control": "no-store"},
    )


def signature_of(headers: Mapping[str, Any], *, prefix: str) -> tuple[Head, bytes]:
    """The signed headers and the signature.

    Args:
        prefix: ``HTTP_`` for the names of WSGI; empty for those of an answer, in lower case.

    Raises:
        NodeSignatureMissing: One is missing or misshapen; ``field`` names it.
    """

    def value(name: str, shape: re.Pattern[str]) -> str:
        key = f"HTTP_{name.upper().replace('-', '_')}" if prefix else name.lower()
        found = str(headers.get(key, ""))
        if not shape.fullmatch(found):
            raise NodeSignatureMissing(field=name)
        return found

    head = Head(
        sender=value("EHC-Node", _NODE),
        receiver=value("EHC-Node-To", _NODE),
        kid=value("EHC-Key", _KEY),
        timestamp=value("EHC-Timestamp", _TIMESTAMP),
        nonce=value("EHC-Nonce", _NONCE),
    )
    try:
        return head, base64.b64decode(value("EHC-Signature", _SIGNATURE), validate=True)
    except binascii.Error as exc:
        raise NodeSignatureMissing(field="EHC-Signature") from exc


def _refuse(request: HttpRequest) -> NoReturn:
    try:
        ratelimit.hit(
            f"node-signature:{address_of(request.META)}",
            limit=FAILURES_PER_ADDRESS,
            per_seconds=FAILURE_WINDOW,
        )
    except RedisError as exc:
        log.warning("failures_not_counted", error=type(exc).__name__)
    raise NodeSignatureWrong


def _once(node: Node, nonce: str) -> None:
    try:
        ratelimit.hit(f"node:{node.public_id}", limit=PER_MINUTE, per_seconds=60)
        fresh = redis.client().set(
            redis.key("node-nonce", node.public_id, nonce), b"", nx=True, ex=wire.NONCE_SECONDS
        )
    except RedisError as exc:
        raise GatewayUnavailable from exc
    if not fresh:
        raise NodeMessageReplayed
