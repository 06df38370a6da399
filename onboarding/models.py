"""Applications of institutions, their documents, invitations, requests for clients, merchants."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import BlindIndexField, EncryptedBytesField, EncryptedTextField
from onboarding.rules import DocumentKind, JoiningState, MerchantState, RequestState


class Joining(PublicIdModel, TimestampedModel):
    """An institution's application to take part, by somebody who has no account yet.

    The contact and the documents are under a key of the application's own, so that those of a
    refused one can be destroyed. ``reference`` is what the applicant keeps; it opens nothing
    without a code to the contact's phone. ``institution`` is set at the approval.
    """

    reference = models.CharField("受理编号", max_length=12, unique=True)
    state = models.CharField("状态", max_length=12, choices=JoiningState.choices, default=JoiningState.DRAFT)
    # Counts every change; a form carries the number that it was drawn with.
    version = models.PositiveIntegerField(default=1)
    name = models.CharField("机构名称", max_length=100, blank=True)
    short_name = models.CharField("简称", max_length=30, blank=True)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    code = models.CharField("机构代码", max_length=22, blank=True)
    region = models.CharField("区划代码", max_length=6, blank=True)
    address = models.CharField("地址", max_length=120, blank=True)
    level = models.CharField("级别", max_length=2, blank=True)
    category = models.CharField("类别", max_length=4, blank=True)
    contact_name = EncryptedTextField(null=True)
    contact_phone = EncryptedTextField()
    terms_version = models.CharField("协议版本", max_length=20, blank=True)
    agreed_at = models.DateTimeField("同意时间", null=True)
    submitted_at = models.DateTimeField("提交时间", null=True)
    decided_at = models.DateTimeField("决定时间", null=True)
    # How long the contact of an approved application may make the first administrator's account.
    account_until = models.DateTimeField("设置管理员账号的期限", null=True)
    # What the applicant is told of the last decision.
    message = models.CharField("答复", max_length=500, blank=True)
    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="机构"
    )
    sandbox_client = models.CharField("联调应用", max_length=PUBLIC_ID_LENGTH, blank=True)
    # When the key of contact and documents was destroyed.
    shredded_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "onboarding_joining"
        verbose_name = "机构入驻申请"
        verbose_name_plural = "机构入驻申请"
        constraints = [
            models.CheckConstraint(
                condition=Q(state=JoiningState.APPROVED, institution__isnull=False)
                | (~Q(state=JoiningState.APPROVED) & Q(institution=None)),
                name="onboarding_approved_has_institution",
            ),
            models.CheckConstraint(
                condition=Q(state=JoiningState.DRAFT)
                | Q(submitted_at__isnull=False, agreed_at__isnull=False),
                name="onboarding_submitted_has_consent",
            ),
            models.CheckConstraint(
                condition=~Q(state=JoiningState.APPROVED) | Q(account_until__isnull=False),
                name="onboarding_approved_has_deadline",
            ),
        ]
        indexes = [models.Index(fields=["state", "submitted_at"], name="onboarding_joining_queue")]

    def __str__(self) -> str:
        return self.name or self.reference

    def data_subject(self) -> str:
        """Whose key protects contact and documents."""
        return self.public_id


class Merchant(PublicIdModel, TimestampedModel):
    """A payee account of an institution that asks to take payments; nothing is paid here yet."""

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    payee_name = models.CharField("收款户名", max_length=100)
    bank = models.CharField("开户银行", max_length=100)
    account_number = EncryptedTextField()
    account_index = BlindIndexField(null=True)
    account_index_next = BlindIndexField(null=True)
    account_tail = models.CharField("账号末四位", max_length=4)
    state = models.CharField(
        "状态", max_length=10, choices=MerchantState.choices, default=MerchantState.APPLIED
    )
    message = models.CharField("答复", max_length=500, blank=True)
    decided_at = models.DateTimeField("决定时间", null=True)
    # When the key of account and documents was destroyed.
    shredded_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "onboarding_merchant"
        verbose_name = "商户"
        verbose_name_plural = "商户"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "account_index"],
                condition=~Q(state=MerchantState.REFUSED),
                name="onboarding_merchant_once",
            ),
            models.UniqueConstraint(
                fields=["institution", "account_index_next"],
                condition=~Q(state=MerchantState.REFUSED),
                name="onboarding_merchant_next_once",
            ),
        ]

    def __str__(self) -> str:
        return self.payee_name

    def data_subject(self) -> str:
        """Whose key protects account and documents."""
        return self.public_id


class Document(PublicIdModel):
    """An uploaded file of an application or of a merchant; never changed, only superseded."""

    joining = models.ForeignKey(Joining, on_delete=models.PROTECT, null=True, related_name="documents")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, null=True, related_name="documents")
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    kind = models.CharField("材料", max_length=20, choices=DocumentKind.choices)
    media_type = models.CharField("格式", max_length=20)
    size = models.PositiveIntegerField("大小")
    digest = models.CharField(max_length=64)
    content = EncryptedBytesField()
    is_current = models.BooleanField("有效", default=True)
    created_at = models.DateTimeField("上传时间", auto_now_add=True)

    class Meta:
        db_table = "onboarding_document"
        verbose_name = "材料"
        verbose_name_plural = "材料"
        constraints = [
            models.CheckConstraint(
                condition=Q(joining__isnull=False, merchant=None) | Q(joining=None, merchant__isnull=False),
                name="onboarding_document_has_one_owner",
            ),
            models.UniqueConstraint(
                fields=["joining", "kind"],
                condition=Q(is_current=True, joining__isnull=False),
                name="onboarding_document_one_current",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    def data_subject(self) -> str:
        """Whose key protects the file."""
        return self.subject


class Invitation(PublicIdModel):
    """A link by which one member of an institution's staff makes an account, once."""

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    role = models.CharField("职责", max_length=20)
    token_digest = models.CharField(max_length=64, unique=True)
    invited_by = models.CharField("邀请人", max_length=60)
    created_at = models.DateTimeField("邀请时间", auto_now_add=True)
    expires_at = models.DateTimeField("有效期至")
    taken_at = models.DateTimeField("使用时间", null=True)
    withdrawn_at = models.DateTimeField("撤回时间", null=True)
    account = models.CharField("账号", max_length=PUBLIC_ID_LENGTH, blank=True)

    class Meta:
        db_table = "onboarding_invitation"
        verbose_name = "人员邀请"
        verbose_name_plural = "人员邀请"
        constraints = [
            models.CheckConstraint(
                condition=Q(taken_at=None) | Q(withdrawn_at=None), name="onboarding_invitation_one_end"
            )
        ]

    def __str__(self) -> str:
        return self.public_id


class ClientRequest(PublicIdModel, TimestampedModel):
    """An institution's request for an application of its own, with scopes and the reason."""

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    name = models.CharField("应用名称", max_length=60)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name="权限")
    purpose = models.CharField("用途", max_length=500)
    state = models.CharField(
        "状态", max_length=10, choices=RequestState.choices, default=RequestState.REQUESTED
    )
    message = models.CharField("答复", max_length=500, blank=True)
    client = models.CharField("接入应用", max_length=PUBLIC_ID_LENGTH, blank=True)
    decided_at = models.DateTimeField("决定时间", null=True)

    class Meta:
        db_table = "onboarding_client_request"
        verbose_name = "接入应用申请"
        verbose_name_plural = "接入应用申请"
        constraints = [
            models.CheckConstraint(
                condition=(Q(state=RequestState.RELEASED) & ~Q(client=""))
                | (~Q(state=RequestState.RELEASED) & Q(client="")),
                name="onboarding_released_has_client",
            )
        ]

    def __str__(self) -> str:
        return self.name
