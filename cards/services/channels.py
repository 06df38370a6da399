"""Opening and stopping the ways in which cards are issued."""

from django.db import transaction

from cards.models import IssuingChannel
from cards.states import Channel
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from institutions.rules import Duty
from institutions.services import require


def name_channels() -> None:
    """Give every channel of the product a row, so that a list shows them all; a repeat adds none."""
    moment = clock.now()
    IssuingChannel.objects.bulk_create(
        [IssuingChannel(code=code, changed_at=moment) for code in Channel.values], ignore_conflicts=True
    )


@transaction.atomic
def switch_channel(*, channel: Channel, is_open: bool, reason: str, actor: Actor) -> None:
    """Open or stop one channel; cards that it has issued stay as they are."""
    require(actor, Duty.CHANGE_CENTRE_RULES)
    row, _created = IssuingChannel.objects.get_or_create(code=channel, defaults={"changed_at": clock.now()})
    changed = IssuingChannel.objects.filter(pk=row.pk, is_open=not is_open).update(
        is_open=is_open, changed_at=clock.now(), updated_at=clock.now()
    )
    if changed:
        audit.record(
            Action.CHANNEL_SWITCHED,
            actor=actor,
            subject=row,
            reason=reason,
            details={"channel": channel.value, "after": "on" if is_open else "off"},
        )
