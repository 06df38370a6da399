"""Asking another centre: signed question, signed answer, and no answer that is not."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings

import gmcrypto
from foundation.core import clock, http
from interop.models import Node, NodeKeyUse
from interop.nodes import keys, wire
from interop.nodes.door import signature_of
from interop.nodes.errors import NodeSignatureMissing
from interop.nodes.wire import Head

_CODE = re.compile(r"[a-z_]{1,40}")


class NodeFailure(Exception):
    """The other centre did not do what it was asked. ``code`` says why, without personal data."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class NodeSilent(NodeFailure):
    """No answer in time."""


class NodeUnavailable(NodeFailure):
    """No connection, or the other side cannot serve now."""


class NodeRefused(NodeFailure):
    """The other side did not take the message; ``code`` is its own."""


class NodeUntrusted(NodeFailure):
    """The answer is not signed by the other side, or not for this question."""


def call(node: Node, path: str, message: Mapping[str, Any], *, timeout: float) -> dict[str, Any]:
    """Ask, and return the answer's object once its signature is checked.

    No transaction may be open: the other side takes as long as it takes, up to ``timeout``.

    Raises:
        NodeFailure: One of its kinds.
    """
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    key = keys.signing_key()
    moment = int(clock.now().timestamp())
    head = Head(settings.EHCAPPID, node.node_id, key.kid, str(moment), wire.fresh_nonce())
    signature = gmcrypto.sign(key.private_key, wire.question_text(head, path, body))
    try:
        answer = _outbound(node.base_url, timeout).post(
            path,
            content=body,
            headers={"Content-Type": "application/json", **head.headers(signature)},
            refusals=True,
        )
    except http.OutsideTimeout as exc:
        raise NodeSilent("no_answer") from exc
    except http.OutsideUnavailable as exc:
        raise NodeUnavailable("unavailable") from exc
    except http.OutsideRefused as exc:
        raise NodeUntrusted("answer_too_large") from exc
    found = answer.json_object()
    if answer.status != 200:
        code = str((found or {}).get("code", ""))
        raise NodeRefused(code if _CODE.fullmatch(code) else f"status_{answer.status}")
    _require_trusted(node, path, answer, head)
    if found is None:
        raise NodeUntrusted("answer_not_json")
    return found


def _require_trusted(node: Node, path: str, answer: http.Answer, question: Head) -> None:
    try:
        head, signature = signature_of(answer.headers, prefix="")
    except NodeSignatureMissing as exc:
        raise NodeUntrusted("answer_not_signed") from exc
    if (head.sender, head.receiver, head.nonce) != (node.node_id, question.sender, question.nonce):
        raise NodeUntrusted("answer_to_another_question")
    if abs(int(clock.now().timestamp()) - int(head.timestamp)) > wire.WINDOW_SECONDS:
        raise NodeUntrusted("answer_out_of_time")
    key = keys.accepted(node, NodeKeyUse.SIGN).get(head.kid)
    text = wire.answer_text(head, answer.status, path, answer.body)
    if key is None or not gmcrypto.verify(key, text, signature):
        raise NodeUntrusted("answer_signature_wrong")


@cache
def _outbound(base_url: str, timeout: float) -> http.Outbound:
    return http.Outbound(base_url, name="node", timeout=timeout)
