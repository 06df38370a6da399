"""What the nightly job goes by, beyond the terms that each room lists for its own rows."""

from datetime import timedelta

CLOSED_ACCOUNT = timedelta(days=30)
CANCELLED_CARD = timedelta(days=5 * 365)
# Of each kind, and of time, in one run; what is left is for the next run of the night.
LIMIT = 5_000
SECONDS = 45.0
MOST_RUNS = 200
