"""Periodic care of what the protocol leaves behind."""

from celery import shared_task
from oauth2_provider.models import clear_expired


@shared_task(name="interop.purge_logins")
def purge() -> None:
    """Delete codes and tokens that have expired."""
    clear_expired()
