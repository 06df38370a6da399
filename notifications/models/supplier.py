"""The suppliers of SMS, and how much each gets."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from foundation.core.models import PublicIdModel


class Supplier(PublicIdModel):
    """One supplier of SMS.

    ``weight`` is its share of the messages at present, in points of a hundred; ``resting`` the one
    that the centre wants, to which the weight drifts back.
    """

    name = models.CharField("名称", max_length=20, unique=True)
    weight = models.PositiveSmallIntegerField("当前权重", validators=[MaxValueValidator(100)])
    resting = models.PositiveSmallIntegerField("常态权重", validators=[MaxValueValidator(100)])
    is_on = models.BooleanField("使用中", default=True)
    changed_at = models.DateTimeField("权重变更时间")

    class Meta:
        db_table = "notifications_supplier"
        verbose_name = "短信供应商"
        verbose_name_plural = "短信供应商"
        constraints = [
            models.CheckConstraint(
                condition=Q(weight__lte=100) & Q(resting__lte=100), name="notifications_supplier_points"
            ),
        ]

    def __str__(self) -> str:
        return self.name
