"""Who did what to whom, and the proof that nobody changed the record."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Append-only entries, sealed by a chain and signed checkpoints."""

    name = "foundation.audit"
    label = "audit"
    verbose_name = "审计"
