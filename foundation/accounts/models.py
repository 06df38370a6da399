"""Accounts: who can sign in. Nothing here says who somebody is."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import BlindIndexField, EncryptedTextField


class AccountKind(models.TextChoices):
    """Residents and staff never share an account, nor a way to sign in."""

    RESIDENT = "resident", "居民"
    STAFF = "staff", "工作人员"


class AccountManager(BaseUserManager["Account"]):
    """What Django's own code needs of a custom user; accounts are made by the services."""


class Account(AbstractBaseUser, PublicIdModel, TimestampedModel):
    """Somebody who can sign in.

    Staff have a user name and a password; residents have neither, and sign in by the methods
    of ``SignInMethod``. What staff may do is decided by their memberships in the rooms above.
    """

    kind = models.CharField(max_length=10, choices=AccountKind.choices, editable=False)
    username = models.CharField(max_length=60, unique=True, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    # Closed by its owner, for good; suspended accounts have no such time.
    closed_at = models.DateTimeField(null=True)
    shredded_at = models.DateTimeField(null=True)
    last_active_at = models.DateTimeField(null=True)
    language = models.CharField(max_length=10, blank=True)
    care_mode = models.BooleanField(default=False)

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "accounts_account"
        constraints = [
            models.CheckConstraint(
                name="accounts_only_staff_have_usernames",
                condition=(Q(kind=AccountKind.STAFF, username__isnull=False) & ~Q(username=""))
                | Q(kind=AccountKind.RESIDENT, username__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["closed_at"],
                condition=Q(closed_at__isnull=False, shredded_at=None),
                name="accounts_account_closed",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def is_staff(self) -> bool:
        """Whether this is an account for work; Django's admin asks by this name."""
        return self.kind == AccountKind.STAFF

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """No account holds a right of Django's own; memberships decide."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        """No account holds a right of Django's own; memberships decide."""
        return False


class MethodKind(models.TextChoices):
    """By what a resident signs in; each WeChat application has its own name for its user."""

    PHONE = "phone", _("手机号")
    WEIXIN_MINI = "weixin_mini", _("微信小程序")
    WEIXIN_OFFICIAL = "weixin_official", _("微信公众号")
    WEIXIN_UNION = "weixin_union", _("微信开放平台")


class SignInMethod(PublicIdModel, TimestampedModel):
    """A number or a WeChat user that signs in to one account, and to no other."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sign_in_methods")
    # The account's public id once more, so that reading the value needs no join.
    subject = models.CharField(max_length=26, editable=False)
    kind = models.CharField(max_length=20, choices=MethodKind.choices)
    value = EncryptedTextField()
    value_index = BlindIndexField()
    value_index_next = BlindIndexField(null=True)
    verified_at = models.DateTimeField()
    last_used_at = models.DateTimeField()

    class Meta:
        db_table = "accounts_sign_in_method"
        constraints = [
            models.UniqueConstraint(fields=["kind", "value_index"], name="accounts_method_one_account"),
            models.UniqueConstraint(
                fields=["kind", "value_index_next"], name="accounts_method_one_account_next"
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(kind="phone"), name="accounts_account_one_phone"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    def data_subject(self) -> str:
        """The account whose key protects the value."""
        return self.subject


class KnownDevice(models.Model):
    """A browser or phone from which an account was used: the digest of its random cookie."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="known_devices")
    digest = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        db_table = "accounts_known_device"
        constraints = [
            models.UniqueConstraint(fields=["account", "digest"], name="accounts_known_device_once"),
        ]
        indexes = [models.Index(fields=["last_seen_at"], name="accounts_known_device_seen")]

    def __str__(self) -> str:
        return f"device {self.digest[:8]}"


class SmsState(models.TextChoices):
    """Where a message stands."""

    WAITING = "waiting", "待发送"
    SENDING = "sending", "发送中"
    SENT = "sent", "已提交"
    FAILED = "failed", "未发出"


class SmsDispatch(PublicIdModel):
    """One code on its way to a phone, written before the carrier is called.

    Number and code are erased as soon as the carrier has taken them or the code is out of
    date; what stays says only that a message went out, by whom, and when.

    Attributes:
        recipient: Keyed digest of the number, by which a newer code replaces an older one; erased
            when the code is out of date.
        supplier: Who took it, or was asked last.
        receipt_at: When the supplier said that it arrived, or did not.
    """

    phone = EncryptedTextField(null=True)
    code = EncryptedTextField(null=True)
    purpose = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=SmsState.choices, default=SmsState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    recipient = models.CharField(max_length=32, blank=True, db_default="")
    supplier = models.CharField(max_length=20, blank=True, db_default="")
    provider_reference = models.CharField(max_length=64, blank=True)
    last_error = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    receipt_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_sms_dispatch"
        indexes = [
            models.Index(fields=["created_at"], name="accounts_sms_created"),
            models.Index(
                fields=["recipient"], condition=~models.Q(recipient=""), name="accounts_sms_recipient"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.state}"
