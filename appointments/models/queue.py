"""Queues, the tickets in them, and what tells how long a visit takes."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from appointments.models.booking import Booking
from appointments.rules import Session
from appointments.rules.queueing import (
    CALLED_STATES,
    OPEN_STATES,
    CheckInWay,
    QueueKind,
    QueueState,
    TicketClass,
    TicketState,
)
from foundation.core.ids import new_public_id
from foundation.core.models import PublicIdModel, TimestampedModel


class CheckInRule(PublicIdModel, TimestampedModel):
    """How residents check in at one institution; where there is no row, by the code of the day alone.

    The point is in WGS 84, as phones give it.
    """

    institution = models.OneToOneField(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    latitude = models.DecimalField("纬度", max_digits=9, decimal_places=6, null=True)
    longitude = models.DecimalField("经度", max_digits=9, decimal_places=6, null=True)
    radius_metres = models.PositiveIntegerField(
        "签到范围（米）", default=300, validators=[MinValueValidator(50), MaxValueValidator(5_000)]
    )
    opens_minutes = models.PositiveSmallIntegerField(
        "提前多少分钟可以签到", default=120, validators=[MaxValueValidator(720)]
    )

    class Meta:
        db_table = "appointments_check_in_rule"
        verbose_name = "签到规则"
        verbose_name_plural = "签到规则"
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="appointments_check_in_point",
            )
        ]

    def __str__(self) -> str:
        return str(self.institution)


class Queue(PublicIdModel, TimestampedModel):
    """Who waits in a department, or for one of its doctors, in one session.

    ``letter`` begins the numbers that are called, so that two doctors of one department, on one
    screen, never call the same.
    ``hospital_ref`` is the number of the hospital's own calling system, which then says where
    everybody stands; empty where this product calls.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    department = models.ForeignKey(
        "institutions.Department", on_delete=models.PROTECT, related_name="+", verbose_name="科室"
    )
    doctor = models.ForeignKey(
        "institutions.Doctor", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="医生"
    )
    kind = models.CharField("类型", max_length=8, choices=QueueKind.choices, default=QueueKind.CLINIC)
    date = models.DateField("日期")
    session = models.CharField("时段", max_length=5, choices=Session.choices)
    state = models.CharField("状态", max_length=6, choices=QueueState.choices, default=QueueState.OPEN)
    letter = models.CharField("号码字母", max_length=2)
    last_number = models.PositiveSmallIntegerField("最后一号", default=0)
    hospital_ref = models.CharField("医院队列号", max_length=64, blank=True)

    class Meta:
        db_table = "appointments_queue"
        verbose_name = "候诊队列"
        verbose_name_plural = "候诊队列"
        constraints = [
            models.UniqueConstraint(
                fields=["department", "doctor", "date", "session"],
                condition=Q(hospital_ref=""),
                nulls_distinct=False,
                name="appointments_queue_once",
            ),
            models.UniqueConstraint(
                fields=["department", "date", "session", "letter"],
                condition=Q(hospital_ref=""),
                name="appointments_queue_letter_once",
            ),
            models.UniqueConstraint(
                fields=["institution", "hospital_ref"],
                condition=~Q(hospital_ref=""),
                name="appointments_hospital_queue_once",
            ),
        ]
        indexes = [models.Index(fields=["institution", "date"], name="appointments_queue_by_day")]

    def __str__(self) -> str:
        return f"{self.department} {self.date:%Y-%m-%d}"


class Ticket(PublicIdModel):
    """One person's place in a queue.

    Attributes:
        code: What is called and shown: our own letter and number, or the hospital's.
        position: Lower comes first; see ``rules.queueing.position_of``.
        desk: Where it was called, for our own queues; one ticket at a time is called there.
        place: Where the person is to go, in words.
        told_ahead: The nearest threshold that the person has been told of.
        ahead_said: What the hospital's system said; likewise the two minutes.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="tickets", verbose_name="队列")
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    booking = models.ForeignKey(
        Booking, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="预约"
    )
    code = models.CharField("号码", max_length=16)
    priority = models.PositiveSmallIntegerField(
        "类别", choices=TicketClass.choices, default=TicketClass.NORMAL
    )
    position = models.BigIntegerField()
    state = models.CharField("状态", max_length=11, choices=TicketState.choices, default=TicketState.WAITING)
    way = models.CharField("签到方式", max_length=8, choices=CheckInWay.choices)
    calls = models.PositiveSmallIntegerField("呼叫次数", default=0)
    passes = models.PositiveSmallIntegerField("过号次数", default=0)
    desk = models.CharField("叫号位置", max_length=40, blank=True)
    place = models.CharField("就诊位置", max_length=60, blank=True)
    told_ahead = models.PositiveSmallIntegerField(null=True)
    ahead_said = models.PositiveSmallIntegerField("医院报前面人数", null=True)
    least_minutes = models.PositiveSmallIntegerField(null=True)
    most_minutes = models.PositiveSmallIntegerField(null=True)
    moved_from = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, related_name="moved_to", verbose_name="转自"
    )
    joined_at = models.DateTimeField("签到时间")
    called_at = models.DateTimeField("呼叫时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        db_table = "appointments_ticket"
        verbose_name = "候诊号"
        verbose_name_plural = "候诊号"
        constraints = [
            models.UniqueConstraint(fields=["queue", "code"], name="appointments_ticket_code_once"),
            models.UniqueConstraint(
                fields=["queue", "person"],
                condition=Q(state__in=OPEN_STATES),
                name="appointments_in_queue_once",
            ),
            models.UniqueConstraint(
                fields=["booking"],
                condition=Q(state__in=OPEN_STATES),
                name="appointments_ticket_of_booking",
            ),
            models.UniqueConstraint(
                fields=["queue", "desk"],
                condition=Q(state__in=CALLED_STATES) & ~Q(desk=""),
                name="appointments_one_called_at_desk",
            ),
        ]
        indexes = [
            models.Index(
                fields=["queue", "position"],
                condition=Q(state=TicketState.WAITING),
                name="appointments_waiting",
            ),
            models.Index(fields=["person", "-joined_at"], name="appointments_ticket_of_person"),
            models.Index(fields=["ended_at"], name="appointments_ticket_ended"),
        ]

    def __str__(self) -> str:
        return self.code


class ServiceSample(models.Model):
    """How long one visit took, from the call to its end; of nobody in particular."""

    department = models.ForeignKey("institutions.Department", on_delete=models.CASCADE, related_name="+")
    doctor = models.ForeignKey("institutions.Doctor", on_delete=models.CASCADE, null=True, related_name="+")
    seconds = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "appointments_service_sample"
        indexes = [
            models.Index(fields=["department", "doctor", "-at"], name="appointments_samples"),
            models.Index(fields=["at"], name="appointments_sample_at"),
        ]

    def __str__(self) -> str:
        return f"{self.seconds} s"


class CallScreen(PublicIdModel, TimestampedModel):
    """A screen in a waiting area; whoever knows its key sees numbers and masked surnames."""

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    department = models.ForeignKey(
        "institutions.Department", on_delete=models.PROTECT, related_name="+", verbose_name="科室"
    )
    name = models.CharField("名称", max_length=40)
    key = models.CharField("地址密钥", max_length=26, unique=True, default=new_public_id)
    is_open = models.BooleanField("使用中", default=True)

    class Meta:
        db_table = "appointments_call_screen"
        verbose_name = "叫号屏"
        verbose_name_plural = "叫号屏"

    def __str__(self) -> str:
        return self.name
