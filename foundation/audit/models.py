"""Audit entries and the checkpoints that seal them."""

from django.db import models


class AuditEntry(models.Model):
    """One thing that somebody did.

    The table is partitioned by the month of ``at`` and refuses change and deletion by a
    trigger; only the two seal columns may be filled, once. The columns hold opaque ids, field
    names and keyed digests, never values of a person.
    """

    at = models.DateTimeField()
    action = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=26, blank=True)
    institution = models.CharField(max_length=26, blank=True)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=60)
    reason = models.CharField(max_length=500, blank=True)
    details = models.JSONField(default=dict)
    seal_no = models.BigIntegerField(null=True)
    chain = models.BinaryField(null=True)

    class Meta:
        db_table = "audit_entry"
        verbose_name = "审计记录"
        verbose_name_plural = "审计记录"
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-at"], name="audit_entry_subject"),
            models.Index(fields=["actor_id", "-at"], name="audit_entry_actor"),
            models.Index(fields=["institution", "-at"], name="audit_entry_institution"),
            models.Index(fields=["id"], condition=models.Q(seal_no=None), name="audit_entry_unsealed"),
            models.Index(fields=["seal_no"], name="audit_entry_seal_no"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action}"


class AuditCheckpoint(models.Model):
    """A signature over the chain as it stood after one entry."""

    at = models.DateTimeField()
    seal_no = models.BigIntegerField(unique=True)
    chain = models.BinaryField()
    kid = models.CharField(max_length=64)
    signature = models.BinaryField()

    class Meta:
        db_table = "audit_checkpoint"
        ordering = ["-seal_no"]

    def __str__(self) -> str:
        return f"checkpoint {self.seal_no}"
