"""Departments and doctors, as residents find them.

What stands here is what a hospital writes on its own notice board: a doctor's name and title are
public, and nothing else of the doctor is kept.
"""

from django.db import models
from django.db.models import F, Q

from foundation.core.models import PublicIdModel, TimestampedModel
from institutions.models.places import Institution
from institutions.rules import ClinicState, Title


class Department(PublicIdModel, TimestampedModel):
    """A department that residents can be treated in; ``code`` is the hospital's own."""

    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, related_name="departments", verbose_name="机构"
    )
    code = models.CharField("科室代码", max_length=32)
    name = models.CharField("名称", max_length=60)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name="上级科室",
    )
    place = models.CharField("位置", max_length=100, blank=True)
    intro = models.TextField("介绍", max_length=1000, blank=True)
    position = models.PositiveSmallIntegerField("排序", default=100)
    state = models.CharField("状态", max_length=10, choices=ClinicState.choices, default=ClinicState.OPEN)

    class Meta:
        db_table = "institutions_department"
        verbose_name = "科室"
        verbose_name_plural = "科室"
        constraints = [
            models.UniqueConstraint(fields=["institution", "code"], name="institutions_department_once"),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("pk")), name="institutions_department_not_own_parent"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Doctor(PublicIdModel, TimestampedModel):
    """A doctor whom residents can choose; ``code`` is the hospital's own staff number."""

    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, related_name="doctors", verbose_name="机构"
    )
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="doctors", verbose_name="科室"
    )
    code = models.CharField("工号", max_length=32)
    name = models.CharField("姓名", max_length=60)
    title = models.CharField("职称", max_length=2, choices=Title.choices, default=Title.OTHER)
    skills = models.CharField("擅长", max_length=200, blank=True)
    intro = models.TextField("介绍", max_length=1000, blank=True)
    position = models.PositiveSmallIntegerField("排序", default=100)
    state = models.CharField("状态", max_length=10, choices=ClinicState.choices, default=ClinicState.OPEN)
    # The staff account with which the doctor works here; public id, empty where there is none.
    account = models.CharField("工作账号", max_length=26, blank=True)

    class Meta:
        db_table = "institutions_doctor"
        verbose_name = "医生"
        verbose_name_plural = "医生"
        constraints = [
            models.UniqueConstraint(fields=["institution", "code"], name="institutions_doctor_once"),
            models.UniqueConstraint(
                fields=["account"], condition=~Q(account=""), name="institutions_doctor_account_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name
