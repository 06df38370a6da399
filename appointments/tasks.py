"""Background work of this room."""

from celery import shared_task
from django.conf import settings
from django.db import transaction

from appointments import demo, demo_exams
from appointments.services import care, queues
from foundation.core.actor import Actor

_ACTOR = Actor.system("appointments")


@shared_task(name="appointments.expire_holds")
def expire_holds() -> int:
    """End what was held and not confirmed in time."""
    return care.expire_holds(actor=_ACTOR)


@shared_task(name="appointments.return_places")
def return_places() -> int:
    """Put places back whose random time is over."""
    return care.return_places(actor=_ACTOR)


@shared_task(name="appointments.mark_missed")
def mark_missed() -> int:
    """Close the bookings of sessions that are over."""
    return care.mark_missed(actor=_ACTOR)


@shared_task(name="appointments.close_queues")
def close_queues() -> int:
    """Close the queues of days that are over."""
    return queues.close_old_queues()


@shared_task(name="appointments.roll_demo")
def roll_demo() -> int:
    """Let the sessions of the demo reach as far ahead as on its first day; nothing where there is none."""
    if not settings.DEMO:
        return 0
    with transaction.atomic():
        return demo.roll_forward() + demo_exams.roll_forward()
