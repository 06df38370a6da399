"""Money that a channel has and that no payment of ours asked for.

It stands apart with its ledger rows until somebody finds whose it is, or sends it back. Nothing here
guesses.
"""

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from payments import ledger
from payments.models import Channel, Suspense
from payments.providers.base import Payment
from payments.rules import Movement


@transaction.atomic
def note_unclaimed(*, channel: Channel, said: Payment, told_by: str, actor: Actor) -> bool:
    """Write money down that a channel says it took for an order that we do not have.

    Args:
        told_by: ``notice`` or ``statement``.

    Returns:
        Whether it is new; the same payment told again changes nothing.
    """
    moment = clock.now()
    row = Suspense(
        channel=channel,
        number=said.number,
        channel_ref=said.channel_ref,
        amount_fen=said.amount_fen,
        told_by=told_by,
        found_at=moment,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    ledger.write_unclaimed(Movement.FOUND, row, at=moment)
    audit.record(
        Action.SUSPENSE_FOUND,
        actor=actor,
        subject=row,
        institution=channel.institution.public_id,
        details={"amount_fen": said.amount_fen, "provider": channel.provider, "purpose": told_by},
    )
    return True
