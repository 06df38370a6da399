"""What staff see and decide of this room, on both sites."""

from cards.admin import (
    applications,
    batch_rows,
    batches,
    cards,
    centre,
    certificates,
    channels,
    crossing,
    physical,
    upward,
    usage,
)

__all__ = [
    "applications",
    "batch_rows",
    "batches",
    "cards",
    "centre",
    "certificates",
    "channels",
    "crossing",
    "physical",
    "upward",
    "usage",
]
