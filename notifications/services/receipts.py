"""What the outside systems say afterwards: delivered, or not."""

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from foundation.core import clock
from notifications.models import Dispatch
from notifications.rules.topics import DispatchState
from notifications.services import outcomes

# A receipt may overtake the answer to our call, and may come after we gave it up.
OPEN_STATES = (DispatchState.SENDING, DispatchState.SENT, DispatchState.TEMPORARY_FAILURE)


@transaction.atomic
def note_receipt(
    *,
    channel: str,
    reference: str,
    is_delivered: bool,
    error: str = "",
    supplier: str = "",
    dispatch_id: str = "",
) -> bool:
    """Note what became of a message; a repeat changes nothing.

    Args:
        reference: The outside system's own number of it.
        dispatch_id: Our number of it, where the receipt names that too.

    Returns:
        Whether a dispatch is known under either number.
    """
    rows = Dispatch.objects.filter(channel=channel, supplier=supplier).select_related("message", "template")
    row = rows.filter(public_id=dispatch_id).first() if dispatch_id else None
    row = row or (rows.filter(provider_reference=reference).first() if reference else None)
    if row is None:
        return False
    moment = clock.now()
    state = DispatchState.DELIVERED if is_delivered else DispatchState.PERMANENT_FAILURE
    changed = Dispatch.objects.filter(pk=row.pk, state__in=OPEN_STATES).update(
        state=state,
        error=error[:60],
        provider_reference=reference,
        sent_at=Coalesce(F("sent_at"), moment),
        ended_at=moment,
        lease_until=None,
    )
    if changed and not is_delivered:
        outcomes.fall_back(dispatches=[row])
    return True
