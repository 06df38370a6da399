"""Clients of institutions, their keys, and the answers kept for repeated requests."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel, TimestampedModel
from foundation.gateway.types import Algorithm, ClientState, Environment, KeyState, RecordState
from gmcrypto.fields import EncryptedTextField

DEFAULT_RATE_PER_MINUTE = 6_000


class ApiClient(PublicIdModel, TimestampedModel):
    """A system of an institution that calls us.

    ``institution`` is a public id and no key: this room stands below the institutions.
    ``is_held`` is set while the whole institution is suspended, apart from the client's own
    state, so that lifting the one does not lift the other. ``hosts`` are the client's own: to them
    alone notices are posted and browsers led back.
    """

    name = models.CharField("名称", max_length=60)
    institution = models.CharField("机构", max_length=PUBLIC_ID_LENGTH, db_index=True)
    environment = models.CharField("环境", max_length=10, choices=Environment.choices)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name="权限", default=list)
    hosts = ArrayField(
        models.CharField(max_length=253), verbose_name="登记的域名", default=list, db_default=[], blank=True
    )
    rate_per_minute = models.PositiveIntegerField("每分钟上限", default=DEFAULT_RATE_PER_MINUTE)
    state = models.CharField("状态", max_length=10, choices=ClientState.choices, default=ClientState.ACTIVE)
    is_held = models.BooleanField("随机构停用", default=False)

    class Meta:
        db_table = "gateway_client"
        verbose_name = "接入应用"
        verbose_name_plural = "接入应用"
        constraints = [
            models.UniqueConstraint(fields=["institution", "name"], name="gateway_client_name_once"),
            models.CheckConstraint(
                condition=models.Q(rate_per_minute__gte=1), name="gateway_client_rate_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ClientKey(PublicIdModel):
    """A key of a client: a secret that both sides hold, or the client's public key.

    The secret is shown once, when it is made. ``public_key`` is 128 hexadecimal digits, x
    and y of the point.
    """

    client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, related_name="keys", verbose_name="接入应用"
    )
    kid = models.CharField("密钥编号", max_length=40, unique=True)
    algorithm = models.CharField("算法", max_length=10, choices=Algorithm.choices)
    secret = EncryptedTextField(purpose="client_secret", null=True)
    public_key = models.CharField("公钥", max_length=128, blank=True)
    state = models.CharField("状态", max_length=10, choices=KeyState.choices, default=KeyState.ACTIVE)
    not_before = models.DateTimeField("启用时间")
    not_after = models.DateTimeField("到期时间", null=True)
    created_at = models.DateTimeField("创建时间", auto_now_add=True, editable=False)
    retired_at = models.DateTimeField("作废时间", null=True)

    class Meta:
        db_table = "gateway_client_key"
        verbose_name = "接入密钥"
        verbose_name_plural = "接入密钥"
        constraints = [
            models.CheckConstraint(
                condition=(
                    models.Q(algorithm=Algorithm.SM2_SM3, secret__isnull=True) & ~models.Q(public_key="")
                )
                | (~models.Q(algorithm=Algorithm.SM2_SM3) & models.Q(secret__isnull=False, public_key="")),
                name="gateway_key_fits_algorithm",
            ),
            models.CheckConstraint(
                condition=models.Q(not_after=None) | models.Q(not_after__gt=models.F("not_before")),
                name="gateway_key_window",
            ),
        ]

    def __str__(self) -> str:
        return self.kid


class IdempotencyRecord(PublicIdModel):
    """The one answer that belongs to a client's idempotency key.

    The digest covers method, path and body. The answer may hold personal data and is kept
    encrypted until it is purged.
    """

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    body_digest = models.BinaryField(max_length=32)
    state = models.CharField(max_length=12, choices=RecordState.choices, default=RecordState.IN_PROGRESS)
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=60, blank=True)
    answer = EncryptedTextField(null=True)
    lease_until = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "gateway_idempotency"
        constraints = [
            models.UniqueConstraint(fields=["client", "key"], name="gateway_idempotency_once"),
            models.CheckConstraint(
                condition=models.Q(state=RecordState.IN_PROGRESS)
                | models.Q(state=RecordState.DONE, status__isnull=False, answer__isnull=False),
                name="gateway_idempotency_done_has_answer",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="gateway_idempotency_age")]

    def __str__(self) -> str:
        return f"{self.key} {self.state}"
