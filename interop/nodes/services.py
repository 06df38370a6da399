"""Commands about other centres: who they are, their keys, and our own towards them."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

import gmcrypto
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from gmcrypto import keystore
from gmcrypto.errors import InvalidKey
from institutions.rules import Duty
from institutions.services import require
from interop.models import Node, NodeKey, NodeKeyState, NodeState
from interop.nodes import client, keys
from interop.nodes.errors import (
    NodeKeyGone,
    NodeKeyInvalid,
    NodeKeyKnown,
    NodeKnown,
    NodeMoved,
    NodeNotAnswering,
)

ENROL_PATH = "/node/v1/enrol"
HELLO_PATH = "/node/v1/hello"
ENROL_SECONDS = 3.0
HELLO_SECONDS = 3.0


@transaction.atomic
def add_node(
    *,
    node_id: str,
    name: str,
    kind: str,
    base_url: str,
    may_read_full: bool = False,
    actor: Actor,
    reason: str,
) -> Node:
    """Take another centre into the table.

    Raises:
        PermissionRefused: The actor has not the duty.
        NodeKnown: There is one of this id, or another upper centre, or it is ourselves.
    """
    require(actor, Duty.MANAGE_NODES)
    if node_id == settings.EHCAPPID:
        raise NodeKnown(field="node_id")
    try:
        with transaction.atomic():
            node = Node.objects.create(
                node_id=node_id, name=name, kind=kind, base_url=base_url, may_read_full=may_read_full
            )
    except IntegrityError as exc:
        raise NodeKnown(field="node_id") from exc
    audit.record(
        Action.NODE_ADDED,
        actor=actor,
        subject=node,
        reason=reason,
        details={"reference": node_id, "kind": kind},
    )
    return node


@transaction.atomic
def change_node(*, node: str, base_url: str, may_read_full: bool, actor: Actor, reason: str) -> None:
    """Change where a centre is reached, and what its institutions may read."""
    row = _node(node, actor)
    fields = [
        name
        for name, value in (("base_url", base_url), ("may_read_full", may_read_full))
        if getattr(row, name) != value
    ]
    Node.objects.filter(pk=row.pk).update(
        base_url=base_url, may_read_full=may_read_full, updated_at=clock.now()
    )
    audit.record(Action.NODE_CHANGED, actor=actor, subject=row, reason=reason, details={"fields": fields})


def suspend_node(*, node: str, actor: Actor, reason: str) -> None:
    """Stop a link in both directions, from the next message on."""
    step = (NodeState.ACTIVE, NodeState.SUSPENDED)
    _move(node, step, Action.NODE_SUSPENDED, actor=actor, reason=reason)


def resume_node(*, node: str, actor: Actor, reason: str) -> None:
    """Take a link into use again."""
    step = (NodeState.SUSPENDED, NodeState.ACTIVE)
    _move(node, step, Action.NODE_RESUMED, actor=actor, reason=reason)


@transaction.atomic
def add_node_key(*, node: str, use: str, kid: str, public_key: str, actor: Actor, reason: str) -> NodeKey:
    """Accept a further key of another centre; its older ones stay until they are retired.

    Raises:
        NodeKeyInvalid: The text is no point of the curve.
        NodeKeyKnown: The centre has a key of this number.
    """
    row = _node(node, actor)
    try:
        point = gmcrypto.PublicKey(bytes.fromhex(public_key.strip())).raw.hex()
    except (InvalidKey, ValueError) as exc:
        raise NodeKeyInvalid(field="public_key") from exc
    try:
        with transaction.atomic():
            key = NodeKey.objects.create(node=row, use=use, kid=kid.strip(), public_key=point)
    except IntegrityError as exc:
        raise NodeKeyKnown(field="kid") from exc
    audit.record(
        Action.NODE_KEY_ADDED,
        actor=actor,
        subject=key,
        reason=reason,
        details={"reference": row.public_id, "kind": use},
    )
    return key


@transaction.atomic
def retire_node_key(*, key: str, actor: Actor, reason: str) -> None:
    """Accept a key no more. The last one of its use stays, or nothing could be understood.

    Raises:
        NodeKeyGone: It is the last, or was retired before.
    """
    require(actor, Duty.MANAGE_NODES)
    row = NodeKey.objects.filter(public_id=key).first()
    if row is None:
        raise NotFound
    # The node's row is what two retirements of two keys meet at.
    Node.objects.select_for_update().get(pk=row.node_id)
    alike = NodeKey.objects.filter(node=row.node_id, use=row.use, state=NodeKeyState.ACTIVE)
    if not alike.exclude(pk=row.pk).exists():
        raise NodeKeyGone
    if not alike.filter(pk=row.pk).update(state=NodeKeyState.RETIRED, retired_at=clock.now()):
        raise NodeKeyGone
    audit.record(
        Action.NODE_KEY_RETIRED,
        actor=actor,
        subject=row,
        reason=reason,
        details={"reference": row.node.public_id, "kind": row.use},
    )


@transaction.atomic
def prepare_own_keys(*, actor: Actor, reason: str) -> list[str]:
    """Make the next pairs; the other centres are told of them with the next enrolment.

    Returns:
        Their numbers.
    """
    require(actor, Duty.MANAGE_NODES)
    made = [
        keystore.prepare(purpose).kid
        for purpose in keys.PURPOSES.values()
        if keystore.next_key(purpose) is None
    ]
    audit.record(
        Action.NODE_KEYS_PREPARED,
        actor=actor,
        subject=("interop.Node", "own"),
        reason=reason,
        details={"count": len(made)},
    )
    return made


@transaction.atomic
def rotate_own_keys(*, actor: Actor, reason: str) -> list[str]:
    """Sign with the next pair from now on. What was sealed for the old one still opens."""
    require(actor, Duty.MANAGE_NODES)
    used = [keystore.rotate(purpose).kid for purpose in keys.PURPOSES.values()]
    audit.record(
        Action.NODE_KEYS_ROTATED,
        actor=actor,
        subject=("interop.Node", "own"),
        reason=reason,
        details={"count": len(used)},
    )
    return used


def enrol(*, node: str, code: str, actor: Actor, reason: str) -> None:
    """Tell another centre who we are, where, and our public keys; not in a transaction.

    Args:
        code: The one-time code by which the other centre lets us enrol; empty once it knows us.

    Raises:
        NodeNotAnswering: It did not take it; ``reason`` says why.
    """
    row = _node(node, actor)
    message = {
        "node_id": settings.EHCAPPID,
        "name": settings.CENTRE_NAME,
        "base_url": settings.NODE_BASE_URL,
        "enrolment_code": code,
        "keys": keys.published(),
    }
    try:
        client.call(row, ENROL_PATH, message, timeout=ENROL_SECONDS)
    except client.NodeFailure as exc:
        note_health(row=row, failure=exc.code)
        raise NodeNotAnswering(reason=exc.code) from exc
    moment = clock.now()
    with transaction.atomic():
        Node.objects.filter(pk=row.pk).update(enrolled_at=moment, answered_at=moment, failure="")
        audit.record(Action.NODE_ENROLLED, actor=actor, subject=row, reason=reason)


def greet(*, row: Node) -> bool:
    """Ask whether a centre answers, and note it; not in a transaction.

    Returns:
        Whether it does.
    """
    try:
        client.call(row, HELLO_PATH, {"node_id": settings.EHCAPPID}, timeout=HELLO_SECONDS)
    except client.NodeFailure as exc:
        note_health(row=row, failure=exc.code)
        return False
    note_health(row=row)
    return True


def note_health(*, row: Node, failure: str = "", at: datetime | None = None) -> None:
    """Note when a centre answered last, or failed and why."""
    moment = at or clock.now()
    if failure:
        Node.objects.filter(pk=row.pk).update(failed_at=moment, failure=failure[:40])
    else:
        Node.objects.filter(pk=row.pk).update(answered_at=moment, failure="")


def _move(node: str, step: tuple[NodeState, NodeState], action: Action, *, actor: Actor, reason: str) -> None:
    before, after = step
    row = _node(node, actor)
    with transaction.atomic():
        moved = Node.objects.filter(pk=row.pk, state=before).update(state=after, updated_at=clock.now())
        if not moved:
            raise NodeMoved
        audit.record(
            action, actor=actor, subject=row, reason=reason, details={"before": before, "after": after}
        )


def _node(public_id: str, actor: Actor) -> Node:
    require(actor, Duty.MANAGE_NODES)
    row = Node.objects.filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    return row
