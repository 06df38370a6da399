"""Uses that cross the border of a card centre, in either direction."""

from django.db import models

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel


class Crossing(models.TextChoices):
    """Whose card is used where."""

    FOREIGN_HERE = "foreign_here", "外地卡在本地使用"
    OURS_ELSEWHERE = "ours_elsewhere", "本地卡在外地使用"


class CrossUse(PublicIdModel):
    """One code that one centre scanned and another verified.

    The row is written before anybody is asked, and settled with what came of it. A repeated
    request meets the same row.

    A foreign card's use here has no row in the record of use, whose statement finds the card in
    our own tables. One of our cards used elsewhere has one, with the same ``request_id`` and
    the asking centre for a client; this row adds the names.

    Nothing personal is kept: not the code, not the holder, not the card's number.
    """

    crossing = models.CharField("方向", max_length=14, choices=Crossing.choices)
    request_id = models.CharField("请求编号", max_length=64)
    body_digest = models.BinaryField(max_length=32)
    using_centre = models.CharField("用卡地卡管", max_length=20)
    using_centre_name = models.CharField("用卡地卡管名称", max_length=60, blank=True)
    issuing_centre = models.CharField("发卡地卡管", max_length=20)
    asked_by = models.CharField("经由", max_length=PUBLIC_ID_LENGTH)
    institution = models.CharField("用卡机构", max_length=32)
    institution_name = models.CharField("用卡机构名称", max_length=120, blank=True)
    scene = models.CharField("用卡环节", max_length=7)
    terminal = models.CharField("终端编号", max_length=32, blank=True)
    department = models.CharField("科室", max_length=60, blank=True)
    channel = models.CharField("渠道", max_length=4, blank=True)
    outcome = models.CharField("结果", max_length=40, blank=True)
    answered_by = models.CharField("应答方", max_length=20, blank=True)
    reference = models.CharField("用卡记录编号", max_length=64, blank=True)
    code_kind = models.CharField("码的种类", max_length=8, blank=True)
    asked_at = models.DateTimeField("请求时间")
    settled_at = models.DateTimeField("应答时间", null=True)

    class Meta:
        db_table = "cards_cross_use"
        verbose_name = "跨域用卡"
        verbose_name_plural = "跨域用卡"
        constraints = [
            models.UniqueConstraint(
                fields=["crossing", "asked_by", "request_id"], name="cards_cross_use_once"
            ),
        ]
        indexes = [models.Index(fields=["-asked_at"], name="cards_cross_use_time")]

    def __str__(self) -> str:
        return self.public_id
