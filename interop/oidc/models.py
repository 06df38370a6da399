"""Relying parties, what residents agreed to, and the keys that sign."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from oauth2_provider.models import AbstractApplication

from foundation.core.models import PublicIdModel
from gmcrypto.fields import EncryptedTextField


class PartyState(models.TextChoices):
    """Whether a relying party may send residents here."""

    ACTIVE = "active", "使用中"
    SUSPENDED = "suspended", "已停用"


class RelyingParty(PublicIdModel, AbstractApplication):  # type: ignore[misc]
    """A hospital's system that lets residents sign in with the health card."""

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    allowed_scopes = ArrayField(models.CharField(max_length=20), verbose_name="可请求的信息")
    state = models.CharField("状态", max_length=10, choices=PartyState.choices, default=PartyState.ACTIVE)

    class Meta:
        db_table = "oidc_relying_party"
        verbose_name = "登录应用"
        verbose_name_plural = "登录应用"

    def __str__(self) -> str:
        return str(self.name)

    def is_usable(self, request: object) -> bool:
        """Whether it may be used now; asked at every step of the protocol."""
        return self.state == PartyState.ACTIVE and self.institution.state == "approved"


class LoginConsent(PublicIdModel):
    """That an account lets a relying party know who signs in; kept after withdrawal."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey(RelyingParty, on_delete=models.PROTECT, related_name="+")
    scopes = ArrayField(models.CharField(max_length=20))
    given_at = models.DateTimeField()
    used_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "oidc_consent"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "party"],
                condition=models.Q(withdrawn_at=None),
                name="oidc_consent_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["withdrawn_at"],
                condition=models.Q(withdrawn_at__isnull=False),
                name="oidc_consent_withdrawn",
            )
        ]

    def __str__(self) -> str:
        return f"login consent {self.public_id}"


class SigningKey(PublicIdModel):
    """An RSA key that signs identity tokens; the clients of this protocol know no SM2.

    ``pem`` is the private key, encrypted under the data key.
    """

    pem = EncryptedTextField()
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "oidc_signing_key"
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=models.Q(is_active=True), name="oidc_one_active_key"
            )
        ]

    def __str__(self) -> str:
        return f"signing key {self.public_id}"
