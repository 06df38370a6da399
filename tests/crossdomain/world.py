"""This centre joined to the sandbox's national centre."""

from foundation.core.actor import Actor
from interop.models import Node
from interop.nodes import services
from tests.sandbox_server import Sandbox

CENTRE = Actor.system("tests")
REASON = "测试"
ENROLMENT_CODE = "sandbox-enrolment"
FOREIGN_CARD = "A1" * 32
BLOCK = "9" * 32


def national(sandbox: Sandbox) -> Node:
    """The national centre in the table, with its keys, and ourselves enrolled there."""
    told = sandbox.show("national")
    node = services.add_node(
        node_id=told["node_id"],
        name="国家卡管",
        kind="upper",
        base_url=sandbox.url,
        may_read_full=True,
        actor=CENTRE,
        reason=REASON,
    )
    for use, key in told["keys"].items():
        services.add_node_key(node=node.public_id, use=use, actor=CENTRE, reason=REASON, **key)
    services.enrol(node=node.public_id, code=ENROLMENT_CODE, actor=CENTRE, reason=REASON)
    return node


def foreign_code(issuer: str, *, card: str = FOREIGN_CARD, token: str = "T0KEN") -> str:
    """A dynamic code of another centre, as a scanner reads it."""
    return f"{card}:0:{BLOCK}:{token}:{issuer}"
