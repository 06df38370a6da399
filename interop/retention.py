"""How long this room's rows are kept, as ``docs/retention.md`` says."""

from datetime import timedelta

from foundation.audit.retention import Term
from interop.models import Callback, WebhookDelivery

_KEPT = timedelta(days=90)

TERMS = (
    Term(kind="callbacks", rows=Callback.objects.all(), since="done_at", period=_KEPT),
    Term(kind="webhook_deliveries", rows=WebhookDelivery.objects.all(), since="done_at", period=_KEPT),
)
