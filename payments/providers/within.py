"""Parts of a settlement that no channel of ours takes: what an insurance pays, and what a hospital takes off.

Each has an account of its own in the ledger. What an insurer pays is cleared with that insurer, fund and
personal account apart.
"""

from payments.rules import LegKind

REDUCTION = "reduction"


def part_code(insurer: str, kind: LegKind) -> str:
    """The code, and the account, of what an insurer pays from its fund or a personal account."""
    return f"{insurer}_{kind.value}"


class InsuredPart:
    """What one insurer pays in one way."""

    by_hand = False

    def __init__(self, insurer: str, kind: LegKind) -> None:
        self.insurer = insurer
        self.kind = kind
        self.code = self.account = part_code(insurer, kind)

    def label(self) -> str:
        """What people read."""
        return str(self.kind.label)


class Reduction:
    """What the hospital takes off what people pay themselves; no money moves."""

    code = REDUCTION
    account = REDUCTION
    by_hand = False

    def label(self) -> str:
        """What people read."""
        return str(LegKind.REDUCTION.label)
