"""Staff ask for another comparison of a day; a worker makes it."""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q

from cards import tasks
from cards.errors import BalanceUnderWay
from cards.models.upward import UpwardDay
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from institutions.rules import Duty
from institutions.services import require

# After this time it may be asked for again, whatever became of the first time.
LEASE = timedelta(minutes=5)


@transaction.atomic
def ask_again(*, day: date, actor: Actor, reason: str) -> None:
    """Have a day compared once more, in the background: the upper centre takes as long as it takes.

    Raises:
        PermissionRefused: The actor has not the duty.
        BalanceUnderWay: Somebody asked a moment ago.
    """
    require(actor, Duty.MANAGE_NODES)
    moment = clock.now()
    rows = UpwardDay.objects.filter(day=day)
    # Whoever asks second finds both rows of the day taken.
    free = rows.filter(Q(asked_at=None) | Q(asked_at__lt=moment - LEASE))
    if not free.update(asked_at=moment, failure=""):
        raise BalanceUnderWay
    subject = rows.order_by("kind")[0]
    audit.record(Action.UPWARD_BALANCE_ASKED, actor=actor, subject=subject, reason=reason)
    transaction.on_commit(lambda: tasks.balance_asked.delay(day.isoformat()))
