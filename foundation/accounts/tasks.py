"""Background work of the accounts."""

from celery import Task, shared_task

from foundation.accounts import sms


@shared_task(name="accounts.send_code", bind=True, max_retries=5)
def send_code(self: "Task[[str], None]", dispatch_id: str) -> None:
    """Send one code; try again after 2, 4, 8 ... seconds while the carrier does not answer."""
    if not sms.send(dispatch_id):
        raise self.retry(countdown=2 ** (self.request.retries + 1))


@shared_task(name="accounts.purge")
def purge() -> int:
    """Erase numbers and codes that were never sent, and forget old dispatches."""
    return sms.purge()
