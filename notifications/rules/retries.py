"""When a message is tried again, and when that ends."""

from datetime import datetime, timedelta

# From a hiccup to the quarter hours; the last step repeats until the time is over.
AFTER_SECONDS = (5, 30, 120, 300, 600, 900)
MAX_ATTEMPTS = 20
LEASE = timedelta(minutes=2)
# A supplier repeats its receipts for three days; afterwards none comes.
RECEIPT_WITHIN = timedelta(days=3)


def next_attempt(attempts: int, *, moment: datetime, expires_at: datetime) -> datetime | None:
    """When to try after the attempt with this number; none where that is the end."""
    at = moment + timedelta(seconds=AFTER_SECONDS[min(attempts, len(AFTER_SECONDS)) - 1])
    return at if attempts < MAX_ATTEMPTS and at < expires_at else None
