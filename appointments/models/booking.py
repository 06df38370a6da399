"""Bookings, and places on their way back."""

from django.db import models
from django.db.models import Q

from appointments.models.schedule import Schedule, Slot
from appointments.rules import LIVE_STATES, BookingState
from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel


class Booking(PublicIdModel):
    """One person's number in one band of time.

    Attributes:
        account: Public id of the account that booked; empty where the window or the hospital did.
        channel: Where it was booked: ``h5``, ``mini``, ``window``, ``hospital``.
        device: Keyed digest of the device that booked, for the limit per device.
        bill: Public id of the bill to be paid before it is confirmed; empty where no fee is due.
        hospital_ref: The hospital's own number of the booking, once it has said one.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    schedule = models.ForeignKey(
        Schedule, on_delete=models.PROTECT, related_name="bookings", verbose_name="排班"
    )
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="bookings", verbose_name="号源")
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    account = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    number = models.PositiveSmallIntegerField("序号")
    state = models.CharField("状态", max_length=10, choices=BookingState.choices)
    fee_fen = models.PositiveIntegerField("挂号费（分）", default=0)
    bill = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    channel = models.CharField("渠道", max_length=10)
    device = models.CharField(max_length=64, blank=True)
    hospital_ref = models.CharField("医院订单号", max_length=64, blank=True)
    moved_from = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="moved_to", verbose_name="改签自"
    )
    created_at = models.DateTimeField("预约时间")
    held_until = models.DateTimeField("占号至", null=True)
    booked_at = models.DateTimeField("确认时间", null=True)
    arrived_at = models.DateTimeField("签到时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    end_reason = models.CharField("结束原因", max_length=20, blank=True)

    class Meta:
        db_table = "appointments_booking"
        verbose_name = "预约"
        verbose_name_plural = "预约"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "schedule"],
                condition=Q(state__in=LIVE_STATES),
                name="appointments_one_live_booking",
            ),
            models.UniqueConstraint(
                fields=["slot", "number"],
                condition=Q(state__in=LIVE_STATES),
                name="appointments_number_once",
            ),
            models.UniqueConstraint(
                fields=["institution", "hospital_ref"],
                condition=~Q(hospital_ref=""),
                name="appointments_hospital_ref_once",
            ),
            models.CheckConstraint(
                condition=~Q(state=BookingState.HELD) | Q(held_until__isnull=False),
                name="appointments_held_has_term",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-created_at"], name="appointments_of_person"),
            models.Index(fields=["schedule", "state"], name="appointments_of_schedule"),
            models.Index(
                fields=["held_until"], condition=Q(state=BookingState.HELD), name="appointments_held"
            ),
            models.Index(fields=["account", "created_at"], name="appointments_of_account"),
            models.Index(fields=["bill"], condition=~Q(bill=""), name="appointments_of_bill"),
            models.Index(fields=["device", "created_at"], name="appointments_of_device"),
        ]

    def __str__(self) -> str:
        return self.public_id


class ReturnedPlace(models.Model):
    """A number that comes back to its slot at a second that nobody can guess."""

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()
    returns_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "appointments_returned_place"
        constraints = [
            models.UniqueConstraint(fields=["slot", "number"], name="appointments_returned_once"),
        ]

    def __str__(self) -> str:
        return f"{self.slot_id} {self.number}"
