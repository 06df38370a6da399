"""Asking the national centre about a code of another centre.

One second less than the terminal's patience is the total deadline; a breaker spares everybody
the wait while the national centre is away; and only so many threads of a process ask at once,
so that the others go on verifying our own codes.
"""

import threading
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings

import gmcrypto
from cards import errors
from cards.providers.base import ForeignAnswer, ForeignQuestion
from foundation.core.breaker import CircuitBreaker
from foundation.core.errors import DomainError
from interop.models import Node
from interop.nodes import client, keys, wire
from interop.nodes.selectors import upper

PATH = "/node/v1/verify"
DEADLINE_SECONDS = 3.0
# What the next hop may spend: this one has to check and open the answer as well.
BUDGET_MS = 2_600

# Refusals of other centres in our own words; whatever else they say is ``ForeignRefused``.
_REFUSALS: Mapping[str, type[DomainError]] = {
    error.code: error
    for error in (
        errors.CodeTooLong,
        errors.CodeMalformed,
        errors.CodeForged,
        errors.CodeExpired,
        errors.CodeNotYetValid,
        errors.CodeUsed,
        errors.RequestIdReused,
        errors.StaticNotAllowed,
        errors.StaticSwitchedOff,
        errors.CardUnknown,
        errors.CardNumberRevoked,
        errors.CardFrozen,
        errors.CardLost,
        errors.CardCancelled,
        errors.RouteUnknown,
        errors.RouteLoop,
        errors.IssuerSilent,
        errors.IssuerUnavailable,
    )
} | {errors.CodeForeign.code: errors.RouteUnknown}
_KINDS = frozenset({"dynamic", "static"})
_PERSON = ("name", "id_type", "id_number", "gender", "nation", "birthday", "phone", "address")


class NationalCentre:
    """The way to other centres through the upper one; see ``cards.providers.base``."""

    def is_connected(self) -> bool:
        """Whether there is an upper centre in use."""
        return upper() is not None

    def verify(self, question: ForeignQuestion) -> ForeignAnswer:
        """Ask once."""
        node = upper()
        if node is None:
            raise errors.CodeForeign(field="code")
        if not _places().acquire(blocking=False):
            raise errors.CrossDomainBusy
        try:
            return _parsed(_asked(node, question), question, node)
        finally:
            _places().release()


def _asked(node: Node, question: ForeignQuestion) -> dict[str, Any]:
    breaker = CircuitBreaker(f"node:{node.node_id}")
    if not breaker.allows():
        raise errors.NationalUnavailable
    message = {
        "request_id": question.request_id,
        "code": question.text,
        "issuer": question.issuer,
        "detail": "full" if question.wants_full else "masked",
        "hops": [settings.EHCAPPID],
        "budget_ms": BUDGET_MS,
        "use": asdict(question.use),
    }
    try:
        found = client.call(node, PATH, message, timeout=DEADLINE_SECONDS)
    except client.NodeSilent as exc:
        breaker.failed()
        raise errors.NationalSilent from exc
    except client.NodeUnavailable as exc:
        breaker.failed()
        raise errors.NationalUnavailable from exc
    except client.NodeFailure as exc:
        # It answers, so it is there; but nothing of the answer may be used.
        breaker.succeeded()
        untrusted = isinstance(exc, client.NodeUntrusted)
        raise (errors.ForeignAnswerUntrusted if untrusted else errors.NationalRefused) from exc
    breaker.succeeded()
    return found


def _parsed(found: Mapping[str, Any], question: ForeignQuestion, node: Node) -> ForeignAnswer:
    digest = gmcrypto.sm3(question.text.encode()).hex()
    if found.get("request_id") != question.request_id or found.get("code_digest") != digest:
        raise errors.ForeignAnswerUntrusted
    if found.get("result") == "refused":
        raise _REFUSALS.get(str(found.get("code")), errors.ForeignRefused)(field="code")
    if found.get("result") != "verified":
        raise errors.ForeignAnswerUntrusted
    try:
        content = _opened(found["sealed"], node)
        answer = ForeignAnswer(
            answered_by=str(found["answered_by"]),
            reference=str(found["reference"]),
            verified_at=datetime.fromisoformat(str(found["verified_at"])),
            code_kind=str(found["code_kind"]),
            document_required=found["document_required"] is True,
            is_replayed=found["replayed"] is True,
            is_masked=content["masked"] is not False,
            card_id=str(content["health_card_id"]),
            main_index=content.get("main_index"),
            person={name: content["person"].get(name) for name in _PERSON},
        )
    except (KeyError, TypeError, ValueError, AttributeError, wire.MalformedEnvelope) as exc:
        raise errors.ForeignAnswerUntrusted from exc
    _check(answer, question)
    return answer


def _check(answer: ForeignAnswer, question: ForeignQuestion) -> None:
    """Refuse an answer that does not fit: another card, another kind, or more than was asked for."""
    head = question.text.partition(":")[0]
    is_another = head not in {answer.card_id.upper(), (answer.main_index or "").upper()}
    too_much = not question.wants_full and not answer.is_masked
    if is_another or too_much or answer.code_kind not in _KINDS or answer.verified_at.tzinfo is None:
        raise errors.ForeignAnswerUntrusted


def _opened(sealed: Any, node: Node) -> dict[str, Any]:
    if not isinstance(sealed, dict):
        raise wire.MalformedEnvelope
    key = keys.opening_key(str(sealed.get("key_id")))
    if key is None:
        raise wire.MalformedEnvelope
    return wire.unseal(sealed, key=key, sender=node.node_id, receiver=settings.EHCAPPID)


@cache
def _places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(settings.CROSS_DOMAIN_CONCURRENCY)
