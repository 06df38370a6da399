"""Notices on their way to institutions, and other card centres."""

from interop.models.callbacks import Callback, CallbackState
from interop.models.nodes import Node, NodeKey, NodeKeyState, NodeKeyUse, NodeKind, NodeState
from interop.models.webhooks import (
    DeliveryState,
    EndpointState,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookKey,
)

__all__ = [
    "Callback",
    "CallbackState",
    "DeliveryState",
    "EndpointState",
    "Node",
    "NodeKey",
    "NodeKeyState",
    "NodeKeyUse",
    "NodeKind",
    "NodeState",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookKey",
]
