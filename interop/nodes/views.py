"""What other centres may ask of this one."""

from typing import Any

from foundation.core import clock
from interop.crossdomain.answering import answer_verification
from interop.models import Node
from interop.nodes.door import node_call


@node_call
def hello(node: Node, message: dict[str, Any]) -> dict[str, Any]:
    """Whether we are there, and what our clock says."""
    return {"time": clock.now().isoformat(timespec="milliseconds")}


@node_call
def verify(node: Node, message: dict[str, Any]) -> dict[str, Any]:
    """Verify a code of ours."""
    return answer_verification(node, message)
