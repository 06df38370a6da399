"""Joining the upper centre in one step."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from foundation.core.actor import Actor
from foundation.core.http import Outbound, OutsideError
from interop.models import Node, NodeKind
from interop.nodes import selectors, services
from interop.nodes.errors import NodeNotAnswering

DEMO_CODE = "sandbox-enrolment"


def join_upper(told: Mapping[str, Any], *, code: str, actor: Actor, reason: str) -> Node:
    """Take the upper centre into the table with its keys, and enrol there; again, only enrol.

    Args:
        told: ``node_id``, ``name``, ``base_url``, and ``keys`` with ``sign`` and ``seal``.

    Raises:
        NodeKnown, NodeKeyInvalid, NodeNotAnswering: As the services say.
    """
    node = selectors.upper()
    if node is None:
        with transaction.atomic():
            node = services.add_node(
                node_id=str(told["node_id"]),
                name=str(told["name"]),
                kind=NodeKind.UPPER,
                base_url=str(told["base_url"]),
                may_read_full=bool(told.get("may_read_full", False)),
                actor=actor,
                reason=reason,
            )
            for use, key in told["keys"].items():
                services.add_node_key(
                    node=node.public_id,
                    use=use,
                    kid=str(key["kid"]),
                    public_key=str(key["public_key"]),
                    actor=actor,
                    reason=reason,
                )
    services.enrol(node=node.public_id, code=code, actor=actor, reason=reason)
    return node


def join_sandbox() -> bool:
    """In a demo, join the sandbox's national centre, unless there is an upper centre already.

    Returns:
        Whether this call joined it.
    """
    known = Node.objects.filter(kind=NodeKind.UPPER).first()
    if not settings.DEMO or not settings.SANDBOX_URL or (known is not None and known.enrolled_at):
        return False
    try:
        told = Outbound(settings.SANDBOX_URL, name="sandbox").get_json("/console/api/national")
        join_upper(
            {
                "node_id": told["node_id"],
                "name": "国家卡管（沙箱）",
                "base_url": settings.SANDBOX_URL,
                "keys": told["keys"],
                "may_read_full": True,
            },
            code=DEMO_CODE,
            actor=Actor.system("demo"),
            reason="演示环境",
        )
    except (OutsideError, NodeNotAnswering, KeyError):
        # The sandbox is not up yet; the next round tries again.
        return False
    return True
