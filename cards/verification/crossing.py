"""The record of uses that cross the border of a card centre."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from cards.errors import RequestIdReused
from cards.models.crossing import CrossUse
from foundation.core import clock
from foundation.core.actor import Actor

VERIFIED = "verified"


def keep_asked(row: CrossUse) -> CrossUse:
    """Write the intent, before anybody is asked; a repeated request meets the row of the first.

    Raises:
        RequestIdReused: The request id came before with other content.
    """
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        known = CrossUse.objects.get(crossing=row.crossing, asked_by=row.asked_by, request_id=row.request_id)
        if bytes(known.body_digest) != row.body_digest:
            raise RequestIdReused(field="request_id") from None
        return known
    return row


def settle(row: CrossUse, *, outcome: str, **found: Any) -> bool:
    """Write what came of it; what was verified once stays so.

    Returns:
        Whether anything was written.
    """
    open_row = CrossUse.objects.filter(pk=row.pk).exclude(outcome=VERIFIED)
    return bool(open_row.update(outcome=outcome[:40], settled_at=clock.now(), **found))


def visible_cross_uses(actor: Actor) -> "QuerySet[CrossUse]":
    """The uses across centres that staff may see: the centre all, nobody else any."""
    rows = CrossUse.objects.defer("body_digest")
    return rows if actor.is_centre else rows.none()
