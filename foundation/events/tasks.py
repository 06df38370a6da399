"""Periodic care for the event tables."""

from datetime import timedelta

from celery import shared_task

from foundation.core import clock
from foundation.events import relay, sequence

KEEP_DONE = timedelta(days=30)
# Longer than anything is told twice: a number that is forgotten would be new again.
KEEP_SEQUENCES = timedelta(days=400)


@shared_task(name="events.purge")
def purge() -> int:
    """Delete deliveries, outbox and inbox rows that were done long ago."""
    moment = clock.now()
    return relay.purge(before=moment - KEEP_DONE) + sequence.purge(before=moment - KEEP_SEQUENCES)
