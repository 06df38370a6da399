"""Background work of this room."""

import structlog
from celery import shared_task

from privacy import retention as periods
from privacy.services import retention

log = structlog.get_logger(__name__)


@shared_task(name="privacy.apply_retention")
def apply_retention(run: int = 1, limit: int = periods.LIMIT) -> None:
    """Shred and delete what has been kept long enough, and let others have their turn before the rest."""
    report = retention.apply_retention(limit=limit, seconds=periods.SECONDS)
    log.info("retention_applied", run=run, **{kind: count for kind, count in report.done.items() if count})
    if report.failed:
        log.error("retention_left", **report.failed)
    if report.is_cut and any(report.done.values()) and run < periods.MOST_RUNS:
        apply_retention.delay(run + 1, limit)
