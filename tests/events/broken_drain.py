"""Wiring with a drain that fails before one that works."""

from tests.events import subscribers

SUBSCRIPTIONS = subscribers.SUBSCRIPTIONS
INBOX = subscribers.INBOX


def full_disk() -> int:
    raise OSError(28, "No space left on device")


def good() -> int:
    return 1


DRAINS = [f"{__name__}.full_disk", f"{__name__}.good"]
