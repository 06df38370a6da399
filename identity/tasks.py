"""Background work of the identity room."""

from celery import shared_task

from identity.services import handover, invitations


@shared_task(name="identity.hand_over_adults")
def hand_over_adults() -> tuple[int, int]:
    """Warn of and end the guardianship of those who come of age."""
    return handover.hand_over_adults()


@shared_task(name="identity.expire_invitations")
def expire_invitations() -> int:
    """Close invitations that nobody answered."""
    return invitations.expire_invitations()
