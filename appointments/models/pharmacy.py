"""Medicines that a pharmacy has put together, and who has come for them."""

from django.db import models
from django.db.models import Q

from appointments.models.queue import Ticket
from appointments.rules.queueing import MedicineState
from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from gmcrypto.fields import EncryptedTextField


class Medicine(PublicIdModel):
    """What is ready for one prescription; what it is stays with the hospital.

    Attributes:
        number: The hospital's own number of the prescription.
        department: The pharmacy, where people queue for it; none where they go straight to the window.
        pick_code: What the pharmacy prints on the bag.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    # Public id of the person at that time; names the key of the pick code.
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    department = models.ForeignKey(
        "institutions.Department", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="药房"
    )
    ticket = models.ForeignKey(Ticket, on_delete=models.SET_NULL, null=True, related_name="medicines")
    number = models.CharField("处方号", max_length=64)
    window = models.CharField("窗口", max_length=40, blank=True)
    pick_code = EncryptedTextField(null=True)
    items_count = models.PositiveSmallIntegerField("品种数", default=0)
    state = models.CharField("状态", max_length=9, choices=MedicineState.choices, default=MedicineState.READY)
    ready_at = models.DateTimeField("配好时间")
    ended_at = models.DateTimeField("取药时间", null=True)

    class Meta:
        db_table = "appointments_medicine"
        verbose_name = "待取药品"
        verbose_name_plural = "待取药品"
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="appointments_medicine_once"),
            models.CheckConstraint(
                condition=Q(state=MedicineState.READY) | Q(ended_at__isnull=False),
                name="appointments_medicine_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-ready_at"], name="appointments_medicine_person"),
            models.Index(fields=["ended_at"], name="appointments_medicine_ended_at"),
            models.Index(fields=["ready_at"], name="appointments_medicine_ready_at"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """The person under whose key the pick code is kept."""
        return self.subject
