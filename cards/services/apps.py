"""The applications that residents use, known by a public id."""

from django.db import transaction

from cards.models import ResidentApp
from cards.states import APP_CHANNELS
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from institutions.rules import Duty
from institutions.services import require


@transaction.atomic
def register_app(*, name: str, channel: str, reason: str, actor: Actor) -> ResidentApp:
    """Register an application; its calls name it by its public id.

    Raises:
        InvalidInput: If the channel is none that applications have.
    """
    require(actor, Duty.CHANGE_CENTRE_RULES)
    if channel not in APP_CHANNELS:
        raise InvalidInput(field="channel")
    app = ResidentApp.objects.create(name=name.strip(), channel=channel)
    audit.record(
        Action.RESIDENT_APP_CREATED, actor=actor, subject=app, reason=reason, details={"channel": channel}
    )
    return app


@transaction.atomic
def switch_app(*, app_pk: int, is_open: bool, reason: str, actor: Actor) -> None:
    """Serve an application's calls, or refuse them all; other applications of its channel go on."""
    require(actor, Duty.CHANGE_CENTRE_RULES)
    changed = ResidentApp.objects.filter(pk=app_pk, is_open=not is_open).update(
        is_open=is_open, updated_at=clock.now()
    )
    if changed:
        audit.record(
            Action.RESIDENT_APP_SWITCHED,
            actor=actor,
            subject=ResidentApp.objects.get(pk=app_pk),
            reason=reason,
            details={"after": "on" if is_open else "off"},
        )
