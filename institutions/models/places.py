"""Regions, institutions, terminals and the staff's memberships."""

from django.db import models

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import EncryptedTextField
from institutions.rules import CENTRE_ROLES, InstitutionState, Role, TerminalKind, TerminalState


class Region(models.Model):
    """An administrative division by GB/T 2260."""

    code = models.CharField("区划代码", max_length=6, unique=True)
    name = models.CharField("名称", max_length=60)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name="上级区划",
    )

    class Meta:
        db_table = "institutions_region"
        verbose_name = "行政区划"
        verbose_name_plural = "行政区划"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^\d{6}$"), name="institutions_region_code"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Institution(PublicIdModel, TimestampedModel):
    """A hospital, community centre or other institution that takes part.

    ``hospital_id`` is the number by which the Tencent-compatible dialect names it. The
    contact is a person, so name and phone are protected.
    """

    code = models.CharField("机构代码", max_length=22, unique=True)
    name = models.CharField("名称", max_length=100)
    short_name = models.CharField("简称", max_length=30)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, verbose_name="行政区划")
    level = models.CharField("级别", max_length=2)
    category = models.CharField("类别", max_length=4)
    uscc = models.CharField("统一社会信用代码", max_length=18, db_index=True)
    hospital_id = models.CharField("医院编号", max_length=5, unique=True, null=True, blank=True)
    state = models.CharField(
        "状态", max_length=10, choices=InstitutionState.choices, default=InstitutionState.APPLIED
    )
    # Stands for an applicant's system during its joint tests, in an installation without real people.
    is_sandbox = models.BooleanField("联调机构", default=False)
    contact_name = EncryptedTextField(null=True)
    contact_phone = EncryptedTextField(null=True)

    class Meta:
        db_table = "institutions_institution"
        verbose_name = "医疗机构"
        verbose_name_plural = "医疗机构"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(hospital_id=None) | models.Q(hospital_id__regex=r"^\d{5}$"),
                name="institutions_hospital_id_digits",
            )
        ]

    def __str__(self) -> str:
        return self.short_name


class Terminal(PublicIdModel, TimestampedModel):
    """A place where codes are read: a window, a self-service machine, a gate."""

    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, related_name="terminals", verbose_name="机构"
    )
    terminal_id = models.CharField("终端编号", max_length=32)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("类型", max_length=2, choices=TerminalKind.choices)
    place = models.CharField("位置", max_length=100, blank=True)
    department = models.CharField("科室", max_length=60, blank=True)
    # 设备备案号: the number under which the model of the device is on file with the authority.
    filing_number = models.CharField("设备备案号", max_length=40, blank=True)
    client = models.CharField("绑定应用", max_length=PUBLIC_ID_LENGTH, blank=True)
    # From the first activation code on; a terminal that has never had one works as its client says.
    must_sign_in = models.BooleanField("须登录", default=False)
    activation_digest = models.CharField(max_length=64, blank=True)
    activation_until = models.DateTimeField(null=True)
    session_digest = models.CharField(max_length=64, blank=True)
    session_until = models.DateTimeField("登录有效期至", null=True)
    last_seen_at = models.DateTimeField("最近在线", null=True)
    state = models.CharField(
        "状态", max_length=10, choices=TerminalState.choices, default=TerminalState.ACTIVE
    )

    class Meta:
        db_table = "institutions_terminal"
        verbose_name = "用卡终端"
        verbose_name_plural = "用卡终端"
        constraints = [
            models.UniqueConstraint(fields=["institution", "terminal_id"], name="institutions_terminal_once"),
            models.CheckConstraint(
                condition=models.Q(must_sign_in=False) | ~models.Q(client=""),
                name="institutions_signed_in_terminal_bound",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StaffMembership(PublicIdModel):
    """What an account does, and where; no institution means the card centre.

    An account holds at most one membership at a time, so that there is never a question in
    whose name somebody acts.
    """

    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, related_name="+", verbose_name="账号"
    )
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, null=True, related_name="staff", verbose_name="机构"
    )
    role = models.CharField("职责", max_length=20, choices=Role.choices)
    is_active = models.BooleanField("有效", default=True)
    created_at = models.DateTimeField("开始时间", auto_now_add=True, editable=False)
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        db_table = "institutions_staff_membership"
        verbose_name = "工作人员"
        verbose_name_plural = "工作人员"
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(is_active=True),
                name="institutions_one_live_membership",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=sorted(CENTRE_ROLES), institution=None)
                | (~models.Q(role__in=sorted(CENTRE_ROLES)) & models.Q(institution__isnull=False)),
                name="institutions_role_fits_place",
            ),
            models.CheckConstraint(
                condition=models.Q(is_active=True, ended_at=None)
                | models.Q(is_active=False, ended_at__isnull=False),
                name="institutions_ended_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
