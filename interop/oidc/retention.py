"""How long this room's rows are kept, as ``docs/retention.md`` says."""

from datetime import timedelta

from foundation.audit.retention import Term
from interop.oidc.models import LoginConsent, SigningKey

_YEAR = timedelta(days=365)

TERMS = (
    Term(
        kind="login_consents",
        rows=LoginConsent.objects.all(),
        since="withdrawn_at",
        period=3 * _YEAR,
    ),
    Term(
        kind="signing_keys",
        rows=SigningKey.objects.filter(is_active=False),
        since="retired_at",
        period=_YEAR,
    ),
)
