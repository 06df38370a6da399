"""Reading the table of other centres."""

from django.db.models import Count, QuerySet

from foundation.core.actor import Actor
from interop.models import Node, NodeKey, NodeKind, NodeState


def upper() -> Node | None:
    """The upper centre, while the link is in use."""
    return Node.objects.filter(kind=NodeKind.UPPER, state=NodeState.ACTIVE).first()


def active_nodes() -> list[Node]:
    """Every centre to which the link is in use."""
    return list(Node.objects.filter(state=NodeState.ACTIVE).order_by("pk"))


def visible_nodes(actor: Actor) -> "QuerySet[Node]":
    """The nodes that staff may see: the centre all, nobody else any."""
    rows = Node.objects.annotate(key_count=Count("keys"))
    return rows if actor.is_centre else rows.none()


def visible_node_keys(actor: Actor) -> "QuerySet[NodeKey]":
    """The keys of other centres that staff may see: the centre all, nobody else any."""
    rows = NodeKey.objects.select_related("node")
    return rows if actor.is_centre else rows.none()
