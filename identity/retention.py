"""How long this room's rows are kept, as ``docs/retention.md`` says."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from foundation.audit.retention import Term
from gmcrypto import subject_keys
from identity import selectors
from identity.models import (
    ConsentRecord,
    Holding,
    HoldingState,
    IdentityCheck,
    Invitation,
    TakeOver,
    VerifyOrder,
)
from identity.types import InvitationState

_YEAR = timedelta(days=365)


def _checks() -> "QuerySet[IdentityCheck]":
    """Without those on which a live holding, or an order that is still kept, rests."""
    evidence = OuterRef("public_id")
    return IdentityCheck.objects.filter(
        ~Exists(VerifyOrder.objects.filter(evidence=OuterRef("pk"))),
        ~Exists(selectors.live_evidence().filter(evidence_id=evidence)),
    )


def _shred_orders(rows: "QuerySet[Any]", moment: datetime) -> None:
    subjects = list(rows.values_list("public_id", flat=True))
    rows.update(who=None)
    subject_keys.destroy_subject_keys(subjects)


TERMS = (
    Term(
        kind="order_particulars",
        rows=VerifyOrder.objects.filter(who__isnull=False),
        since="expires_at",
        period=timedelta(days=30),
        end=_shred_orders,
    ),
    Term(
        kind="orders",
        rows=VerifyOrder.objects.filter(who__isnull=True),
        since="expires_at",
        period=5 * _YEAR,
    ),
    # After the orders, which point at them.
    Term(kind="checks", rows=_checks(), since="asked_at", period=5 * _YEAR),
    Term(
        kind="consents",
        rows=ConsentRecord.objects.all(),
        since="account__closed_at",
        period=3 * _YEAR,
    ),
    Term(
        kind="holdings",
        rows=Holding.objects.filter(state=HoldingState.ENDED),
        since="ended_at",
        period=3 * _YEAR,
    ),
    Term(
        kind="family_invitations",
        rows=Invitation.objects.exclude(state=InvitationState.OPEN),
        since="decided_at",
        period=_YEAR,
    ),
    Term(kind="take_overs", rows=TakeOver.objects.all(), since="expires_at", period=3 * _YEAR),
)
