"""Reports to the upper centre over the protocol of the card centres, sealed for it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.conf import settings

from cards.providers.base import Receipt, UpwardError
from interop.models import Node, NodeKeyUse
from interop.nodes import client, keys, wire
from interop.nodes.selectors import upper

REPORTS, HELD = "/node/v1/reports", "/node/v1/held"
DEADLINE_SECONDS = 10.0


class UpperCentre:
    """The upper centre of the table of nodes; see ``cards.providers.base``."""

    def is_connected(self) -> bool:
        """Whether there is one in use."""
        return upper() is not None

    def send(self, *, batch_id: str, kind: str, records: Sequence[Mapping[str, Any]]) -> Receipt:
        """Deliver a batch, and read its receipt."""
        node = _node()
        sealing = list(keys.accepted(node, NodeKeyUse.SEAL).items())
        if not sealing:
            raise UpwardError("no_sealing_key")
        kid, key = sealing[-1]
        sealed = wire.seal(
            {"records": list(records)},
            key=key,
            kid=kid,
            sender=settings.EHCAPPID,
            receiver=node.node_id,
        )
        message = {"batch_id": batch_id, "kind": str(kind), "count": len(records), "sealed": sealed}
        found = _asked(node, REPORTS, message)
        try:
            accepted = {str(each) for each in found["accepted"]}
            refused = {str(each["id"]): str(each["code"]) for each in found["refused"]}
            reference = str(found["receipt"])
        except (KeyError, TypeError) as exc:
            raise UpwardError("receipt_incomplete") from exc
        sent = {str(record["id"]) for record in records}
        if found.get("batch_id") != batch_id or accepted | set(refused) != sent or accepted & set(refused):
            raise UpwardError("receipt_does_not_fit")
        return Receipt(reference, refused)

    def counts(self, day: date) -> Mapping[str, int]:
        """How many records it holds of a day."""
        found = _asked(_node(), HELD, {"day": day.isoformat()})
        try:
            return {str(kind): int(count) for kind, count in found["counts"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise UpwardError("counts_incomplete") from exc

    def ids(self, *, day: date, kind: str) -> frozenset[str]:
        """Which records it holds of a day."""
        found = _asked(_node(), HELD, {"day": day.isoformat(), "kind": str(kind)})
        try:
            return frozenset(str(each) for each in found["ids"])
        except (KeyError, TypeError) as exc:
            raise UpwardError("ids_incomplete") from exc


def _node() -> Node:
    node = upper()
    if node is None:
        raise UpwardError("no_upper_centre")
    return node


def _asked(node: Node, path: str, message: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return client.call(node, path, message, timeout=DEADLINE_SECONDS)
    except client.NodeFailure as exc:
        raise UpwardError(exc.code) from exc
