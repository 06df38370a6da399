"""Answering another centre that asks about a code of ours."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

import gmcrypto
from cards.errors import IssuerUnavailable, RouteLoop
from cards.providers.base import Use
from cards.verification import answer, verify_visitor
from foundation.core.errors import DomainError
from foundation.gateway.caller import Caller
from foundation.gateway.scopes import CARD_READ_FULL, CODE_VERIFY
from foundation.gateway.types import Environment
from gmcrypto.errors import GmCryptoError, KeyUnavailable, ProviderUnavailable
from interop.models import Node, NodeKeyUse
from interop.nodes import keys, wire
from interop.nodes.door import PER_MINUTE
from interop.nodes.errors import NodeMessageMalformed

MOST_HOPS = 4

_USE = tuple(Use.__dataclass_fields__)
_LIMITS = {"centre": 20, "centre_name": 60, "institution": 32, "institution_name": 120}
_SEALED = ("masked", "health_card_id", "main_index", "person")


def answer_verification(node: Node, message: Mapping[str, Any]) -> dict[str, Any]:
    """Verify a code of ours for another centre, and say what came of it.

    That the answer can be sealed and signed is known before the code is consumed. An answer that
    is lost on its way is given again: the same request id finds what was stored.

    Raises:
        NodeMessageMalformed: The message is not of the protocol's shape; ``field`` names the fault.
    """
    request_id, text = _text(message, "request_id", most=64), _text(message, "code", most=150)
    head = {"request_id": request_id, "code_digest": gmcrypto.sm3(text.encode()).hex()}
    try:
        _require_no_loop(message)
        kid, key = _sealing(node)
        caller = _caller(node, wants_full=message.get("detail") == "full")
        verified = verify_visitor(text=text, caller=caller, request_id=request_id, use=_use(message))
        found = answer(verified, caller.scopes)
        sealed = wire.seal(
            {name: found[name] for name in _SEALED},
            key=key,
            kid=kid,
            sender=settings.EHCAPPID,
            receiver=node.node_id,
        )
        return {**head, **_told(found), "sealed": sealed}
    except NodeMessageMalformed:
        raise
    except RouteLoop as exc:
        return {**head, **_refused(exc.code)}
    except DomainError as exc:
        not_now = exc.status == 429 or exc.status >= 500
        return {**head, **_refused(IssuerUnavailable.code if not_now else exc.code)}


def _sealing(node: Node) -> tuple[str, gmcrypto.PublicKey]:
    """The centre's key for what is personal; there is one of ours that signs the answer.

    Raises:
        NodeMessageMalformed: We have no key of the centre to seal with.
        IssuerUnavailable: Our own key is away.
    """
    try:
        keys.signing_key()
        accepted = keys.accepted(node, NodeKeyUse.SEAL)
    except (KeyUnavailable, ProviderUnavailable) as exc:
        raise IssuerUnavailable from exc
    except (GmCryptoError, ValueError) as exc:
        raise NodeMessageMalformed(field="keys") from exc
    if not accepted:
        raise NodeMessageMalformed(field="keys")
    return list(accepted.items())[-1]


def _told(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "result": "verified",
        "answered_by": settings.EHCAPPID,
        "reference": found["usage_id"],
        "verified_at": found["verified_at"],
        "code_kind": found["code_kind"],
        "document_required": found["document_required"],
        "replayed": found["replayed"],
    }


def _refused(code: str) -> dict[str, Any]:
    return {"result": "refused", "answered_by": settings.EHCAPPID, "code": code}


def _caller(node: Node, *, wants_full: bool) -> Caller:
    scopes = {CODE_VERIFY} | ({CARD_READ_FULL} if wants_full and node.may_read_full else set())
    return Caller(
        client_id=node.pk,
        public_id=node.public_id,
        institution=node.public_id,
        scopes=frozenset(scopes),
        environment=Environment.PRODUCTION,
        key_id="",
        rate_per_minute=PER_MINUTE,
    )


def _use(message: Mapping[str, Any]) -> Use:
    given = message.get("use")
    if not isinstance(given, dict):
        raise NodeMessageMalformed(field="use")
    values = {name: given.get(name, "") for name in _USE}
    for name, value in values.items():
        if not isinstance(value, str) or len(value) > _LIMITS.get(name, 64) or "\x00" in value:
            raise NodeMessageMalformed(field=f"use.{name}")
    return Use(**values)


def _require_no_loop(message: Mapping[str, Any]) -> None:
    """A question that passed here before, or through too many hands, goes round in a circle."""
    hops = message.get("hops")
    if not isinstance(hops, list) or not hops or not all(isinstance(hop, str) for hop in hops):
        raise NodeMessageMalformed(field="hops")
    if settings.EHCAPPID in hops or len(set(hops)) != len(hops) or len(hops) > MOST_HOPS:
        raise RouteLoop(field="hops")


def _text(message: Mapping[str, Any], name: str, *, most: int) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise NodeMessageMalformed(field=name)
    return value
