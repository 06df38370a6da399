"""Periodic care for the idempotency records."""

from celery import shared_task

from foundation.core import clock
from foundation.gateway import idempotency


@shared_task(name="gateway.purge_idempotency")
def purge_idempotency() -> int:
    """Delete answers that nobody can ask for any more."""
    return idempotency.purge(before=clock.now() - idempotency.KEEP)
