"""Sending anew what did not arrive, by staff."""

from datetime import timedelta

from django.db import transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from institutions import services as institutions
from institutions.rules import Duty
from notifications.errors import DispatchNotReplayable
from notifications.models import Dispatch
from notifications.rules.topics import DispatchState
from notifications.services import planning

REPLAYABLE = (
    DispatchState.TEMPORARY_FAILURE,
    DispatchState.PERMANENT_FAILURE,
    DispatchState.CANCELLED,
)
# Whatever it was worth before: staff decided that it is worth sending now.
WORTH = timedelta(hours=4)


def is_replayable(row: Dispatch) -> bool:
    """Whether it makes sense to send it anew."""
    return row.state in REPLAYABLE and row.message.hidden_at is None


@transaction.atomic
def replay_dispatch(*, dispatch: str, actor: Actor, reason: str) -> Dispatch:
    """Put a dispatch back to its beginning, with the same number: a supplier that took it sends it once.

    Raises:
        PermissionRefused: If the actor may not.
        NotFound: If there is none of this number.
        DispatchNotReplayable: If it is on its way or has arrived, or is about somebody for whom the
            account acts no more.
    """
    institutions.require(actor, Duty.MANAGE_TEMPLATES)
    row = Dispatch.objects.select_related("message").filter(public_id=dispatch).first()
    if row is None:
        raise NotFound
    moment = clock.now()
    changed = Dispatch.objects.filter(pk=row.pk, state__in=REPLAYABLE, message__hidden_at=None).update(
        state=DispatchState.CREATED,
        attempts=0,
        error="",
        group="",
        ended_at=None,
        due_at=moment,
        expires_at=moment + WORTH,
    )
    if not changed:
        raise DispatchNotReplayable
    audit.record(
        Action.DISPATCH_REPLAYED,
        actor=actor,
        subject=row,
        reason=reason,
        details={"channel": row.channel, "before": row.state},
    )
    planning.kick()
    row.refresh_from_db()
    return row
