"""Wrapped keys. Nothing here can be used without the root key."""

from django.db import models
from django.db.models import Q

from gmcrypto.keyring import SEVERAL_ACTIVE, KeyState, Purpose


class ManagedKey(models.Model):
    """One version of the key for one purpose, wrapped under the root key."""

    kid = models.CharField(max_length=40, unique=True)
    purpose = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=10)
    wrapped = models.BinaryField()
    # The 64 bytes x||y of an SM2 key, which may be shown and given away.
    public_part = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version"], name="gmcrypto_key_version_unique"),
            models.UniqueConstraint(
                fields=["purpose"],
                condition=Q(state=KeyState.ACTIVE.value)
                & ~Q(purpose__in=sorted(purpose.value for purpose in SEVERAL_ACTIVE)),
                name="gmcrypto_key_one_active",
            ),
            models.UniqueConstraint(
                fields=["purpose"], condition=Q(state=KeyState.NEXT.value), name="gmcrypto_key_one_next"
            ),
            models.UniqueConstraint(
                fields=["purpose"], condition=Q(state=KeyState.LEAVING.value), name="gmcrypto_key_one_leaving"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=[purpose.value for purpose in Purpose]),
                name="gmcrypto_key_purpose_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in KeyState]), name="gmcrypto_key_state_known"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="gmcrypto_key_version_positive"),
        ]

    def __str__(self) -> str:
        return self.kid


class IndexMove(models.Model):
    """How far the rows of one model have been moved to an INDEX key."""

    kid = models.CharField(max_length=40)
    model = models.CharField(max_length=60)
    # The last primary key of the rows that are done; a run that was stopped goes on behind it.
    last = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    # Rows that cannot be moved any more, because the key of their values was destroyed.
    destroyed = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kid", "model"], name="gmcrypto_index_move_once")]

    def __str__(self) -> str:
        return f"{self.model} to {self.kid}"


class SubjectKey(models.Model):
    """The data key of one person or account, wrapped under a DATA key.

    Destroying it makes everything that was encrypted under it unreadable. The row stays
    without its key, so that a later write cannot quietly begin a second key.
    """

    subject = models.CharField(max_length=26, unique=True)
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(wrapped__isnull=True, destroyed_at__isnull=False)
                | Q(wrapped__isnull=False, destroyed_at__isnull=True),
                name="gmcrypto_subject_key_or_destroyed",
            )
        ]

    def __str__(self) -> str:
        return self.subject
