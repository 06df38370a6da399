"""How long this room's rows are kept, as ``docs/retention.md`` says."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from foundation.audit.retention import Term
from gmcrypto import subject_keys
from gmcrypto.fields import emptied_indexes
from onboarding.models import ClientRequest, Invitation, Joining, Merchant
from onboarding.rules import JoiningState, MerchantState, RequestState

_YEAR = timedelta(days=365)


def _shred(rows: "QuerySet[Any]", moment: datetime) -> None:
    """Destroy the keys; what the institution said of itself stays."""
    subjects = list(rows.values_list("public_id", flat=True))
    rows.update(shredded_at=moment, **emptied_indexes(rows.model))
    subject_keys.destroy_subject_keys(subjects)


TERMS = (
    Term(
        kind="joining_drafts",
        rows=Joining.objects.filter(shredded_at=None, state=JoiningState.DRAFT),
        since="updated_at",
        period=timedelta(days=30),
        end=_shred,
    ),
    # Sent back for a correction that never came.
    Term(
        kind="joinings_left",
        rows=Joining.objects.filter(shredded_at=None, state=JoiningState.CORRECTION),
        since="updated_at",
        period=_YEAR,
        end=_shred,
    ),
    Term(
        kind="joinings_refused",
        rows=Joining.objects.filter(shredded_at=None, state=JoiningState.REFUSED),
        since="decided_at",
        period=_YEAR,
        end=_shred,
    ),
    Term(
        kind="merchants_refused",
        rows=Merchant.objects.filter(shredded_at=None, state=MerchantState.REFUSED),
        since="decided_at",
        period=_YEAR,
        end=_shred,
    ),
    Term(
        kind="merchants_suspended",
        rows=Merchant.objects.filter(shredded_at=None, state=MerchantState.SUSPENDED),
        since="decided_at",
        period=5 * _YEAR,
        end=_shred,
    ),
    Term(
        kind="staff_invitations_used",
        rows=Invitation.objects.all(),
        since="taken_at",
        period=_YEAR,
    ),
    Term(
        kind="staff_invitations_withdrawn",
        rows=Invitation.objects.all(),
        since="withdrawn_at",
        period=_YEAR,
    ),
    Term(
        kind="staff_invitations_run_out",
        rows=Invitation.objects.filter(taken_at=None, withdrawn_at=None),
        since="expires_at",
        period=_YEAR,
    ),
    Term(
        kind="client_requests",
        rows=ClientRequest.objects.filter(state=RequestState.REFUSED),
        since="decided_at",
        period=5 * _YEAR,
    ),
)
