"""Background work of the messages."""

from celery import shared_task

from notifications.services import reminders, sending, suppliers


@shared_task(name="notifications.send_due")
def send_due() -> int:
    """Send what is due; what is left when the time is over is taken up by the next one."""
    return sending.send_due()


@shared_task(name="notifications.sweep")
def sweep() -> int:
    """Take up what a dead worker held, and end what gets no receipt."""
    return sending.sweep()


@shared_task(name="notifications.rebalance")
def rebalance() -> bool:
    """Move messages from the slower supplier to the other."""
    return suppliers.rebalance()


@shared_task(name="notifications.remind")
def remind() -> int:
    """Remind residents of their visits."""
    return reminders.tell_due()
