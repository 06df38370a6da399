"""Background work of the cards room."""

from datetime import date

import structlog
from celery import Task, shared_task

from cards.providers.base import UpwardError
from cards.services import batch_work, claims, kiosk, review, temporary
from cards.upward import balance, sending
from foundation.core import clock, partitions

log = structlog.get_logger(__name__)

# Workers are few, and other people wait for theirs.
BATCH_SECONDS = 5.0


@shared_task(bind=True, name="cards.check_application", max_retries=review.MAX_CHECKS)
def check_application(self: "Task[[str], None]", public_id: str) -> None:
    """Check a submitted application with the outside system, and decide it."""
    progress = review.check_submitted(public_id=public_id)
    if not progress.decided:
        raise self.retry(countdown=progress.retry_after)


@shared_task(name="cards.sweep_applications")
def sweep_applications() -> int:
    """Take up applications whose task was lost or whose worker died."""
    waiting = review.waiting_checks()
    for public_id in waiting:
        check_application.delay(public_id)
    return len(waiting)


@shared_task(name="cards.end_kiosk_sessions")
def end_kiosk_sessions() -> int:
    """End what people left at self-service terminals, and destroy what was read."""
    return kiosk.end_abandoned()


@shared_task(bind=True, name="cards.match_activation", max_retries=3)
def match_activation(self: "Task[[str], None]", public_id: str) -> None:
    """Compare a claim to a physical card with the register, and send the code."""
    retry_after = claims.match(public_id=public_id)
    if retry_after:
        raise self.retry(countdown=retry_after)


@shared_task(name="cards.end_activations")
def end_activations() -> int:
    """End tries to activate a physical card that ran out."""
    return claims.end_abandoned()


@shared_task(name="cards.end_temporary")
def end_temporary() -> int:
    """End temporary cards whose deadline has passed."""
    return temporary.end_temporary_cards()


@shared_task(name="cards.ensure_partitions")
def ensure_partitions() -> list[str]:
    """Make the usage partitions of the coming months."""
    return partitions.ensure_months("cards_usage", clock.now())


@shared_task(name="cards.work_batch")
def work_batch(public_id: str) -> None:
    """Work on a list for some seconds, and let others have their turn before the rest of it."""
    if batch_work.work_on(public_id=public_id, seconds=BATCH_SECONDS):
        work_batch.delay(public_id)


@shared_task(name="cards.sweep_batches")
def sweep_batches() -> int:
    """Take up lists whose task was lost, whose worker died, or that rested long enough."""
    waiting = batch_work.runnable_batches()
    for public_id in waiting:
        work_batch.delay(public_id)
    return len(waiting)


@shared_task(name="cards.send_upward")
def send_upward() -> int:
    """Report what waits to the upper centre."""
    return sending.send_waiting()


@shared_task(name="cards.balance_asked")
def balance_asked(day: str) -> None:
    """Compare a day because staff wait for it."""
    balance.balance_asked(date.fromisoformat(day))


@shared_task(name="cards.sweep_balances")
def sweep_balances() -> int:
    """Compare the days whose task was lost."""
    waiting = balance.waiting_days()
    for day in waiting:
        balance_asked.delay(day.isoformat())
    return len(waiting)


@shared_task(name="cards.balance_upward")
def balance_upward() -> int:
    """Compare the last days with the upper centre, and send again what it lost."""
    try:
        return balance.balance_recent()
    except UpwardError as exc:
        log.warning("upward_not_balanced", error=exc.code)
        return 0
