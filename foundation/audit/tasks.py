"""Periodic care for the audit."""

from celery import shared_task

from foundation.core import clock, partitions


@shared_task(name="audit.ensure_partitions")
def ensure_partitions() -> list[str]:
    """Make the partitions of the coming months."""
    return partitions.ensure_months("audit_entry", clock.now())
