"""Lists of people for whom cards are made in advance, and what became of each line."""

from django.db import models
from django.db.models import Q

from cards.batch.states import RUNNABLE, BatchState, ListKind, Note, RowState
from cards.states import Channel
from foundation.core.actor import Actor, ActorKind
from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import BlindIndexField, EncryptedJSONField


class Batch(PublicIdModel, TimestampedModel):
    """One list that was handed in; the file itself is not kept.

    ``lease`` names the worker that has the list, until ``lease_until``. Whoever changes rows of
    the list on its behalf holds this row's lock and finds its own lease in it.
    """

    institution = models.ForeignKey(
        "institutions.Institution",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="机构",
    )
    kind = models.CharField("名单种类", max_length=20, choices=ListKind.choices)
    digest = models.BinaryField(max_length=32)
    state = models.CharField("状态", max_length=10, choices=BatchState.choices, default=BatchState.QUEUED)
    total = models.PositiveIntegerField("总行数")
    handed_in_kind = models.CharField(max_length=10)
    handed_in_by = models.CharField("提交人", max_length=60)
    lease = models.CharField(max_length=26, blank=True)
    lease_until = models.DateTimeField(null=True)
    # Nobody answers the real-name checks, or the channel is closed: not to be tried before then.
    resume_at = models.DateTimeField("自动继续时间", null=True)
    note = models.CharField("说明", max_length=20, blank=True, choices=Note.choices)
    finished_at = models.DateTimeField("完成时间", null=True)

    class Meta:
        db_table = "cards_batch"
        verbose_name = "批量预制"
        verbose_name_plural = "批量预制"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "digest"],
                condition=~Q(state="cancelled"),
                nulls_distinct=False,
                name="cards_batch_once",
            ),
        ]
        indexes = [
            models.Index(fields=["state"], condition=Q(state__in=RUNNABLE), name="cards_batch_runnable"),
            models.Index(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=False),
                name="cards_batch_finished",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def actor(self, institution: str) -> Actor:
        """Whoever handed the list in, as the one who acts.

        Args:
            institution: Public id of the list's institution; empty for a list of the centre.
        """
        return Actor(kind=ActorKind(self.handed_in_kind), id=self.handed_in_by, institution=institution)


class BatchRow(PublicIdModel):
    """One line of a list.

    What it says of a person is encrypted under the list's own key: most lines name nobody yet,
    and all of a list can be destroyed by itself. ``local_index`` finds the institution's own
    number for a patient.
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="rows")
    subject = models.CharField(max_length=26)
    line = models.PositiveIntegerField("行号")
    content = EncryptedJSONField(null=True)
    local_index = BlindIndexField(null=True)
    state = models.CharField("状态", max_length=10, choices=RowState.choices, default=RowState.WAITING)
    reason = models.CharField("原因", max_length=40, blank=True)
    # What the sentence of the reason counts, or the line that it names.
    reason_number = models.PositiveIntegerField(null=True)
    channel = models.CharField("渠道", max_length=20, blank=True, choices=Channel.choices)
    check_reference = models.CharField(max_length=26, blank=True)
    unanswered = models.PositiveSmallIntegerField(default=0)
    # How often working on this line alone has ended in an unexpected error.
    failures = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_at = models.DateTimeField(null=True)
    person = models.ForeignKey("mpi.Person", null=True, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(
        "cards.Card", null=True, on_delete=models.PROTECT, related_name="+", verbose_name="健康卡"
    )
    decided_at = models.DateTimeField("处理时间", null=True)

    class Meta:
        db_table = "cards_batch_row"
        verbose_name = "名单行"
        verbose_name_plural = "名单行"
        constraints = [
            models.UniqueConstraint(fields=["batch", "line"], name="cards_batch_row_line"),
            models.CheckConstraint(
                condition=Q(state__in=("issued", "existing"), card__isnull=False)
                | (~Q(state__in=("issued", "existing")) & Q(card=None)),
                name="cards_batch_row_card_where_issued",
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "state", "line"], name="cards_batch_row_state"),
            models.Index(
                fields=["local_index"], condition=Q(local_index__isnull=False), name="cards_batch_row_local"
            ),
        ]

    def __str__(self) -> str:
        return str(self.line)

    @property
    def given(self) -> dict[str, str]:
        """What the line said; nothing once the list's key is destroyed."""
        return self.content or {}

    def data_subject(self) -> str:
        """Whose key protects the line."""
        return self.subject
