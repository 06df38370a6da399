"""A person's card and the numbers under which it is known."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from cards.rules.codes import TEMPORARY_KEY_VERSION, emit_static, emit_temporary
from cards.states import CardState, Channel, NumberState
from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import BlindIndexField, EncryptedJSONField, EncryptedTextField


class Card(PublicIdModel, TimestampedModel):
    """The one live card of a person.

    ``person`` is the anchor that the card was issued on. ``subject`` repeats that person's
    public id, and ``face`` the particulars that a verification answers with, so that the hot
    path reads one row; ``cards.handlers`` renews the face when the person changes.
    """

    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=26)
    state = models.CharField("状态", max_length=10, choices=CardState.choices, default=CardState.ACTIVE)
    face = EncryptedJSONField()
    channel = models.CharField("渠道", max_length=20, choices=Channel.choices)
    institution = models.ForeignKey(
        "institutions.Institution",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="发卡机构",
    )
    static_enabled = models.BooleanField("静态码", default=True)
    # Categories of ``cards.rules.face`` that the holder keeps from institutions.
    hidden = ArrayField(models.CharField(max_length=10), default=list, db_default=[])
    issued_at = models.DateTimeField("发卡时间")
    # Only of a temporary card, whose person has no certificate yet.
    valid_until = models.DateTimeField("有效期至", null=True)
    state_changed_at = models.DateTimeField("状态变更时间")
    # Kind of the actor: what the centre has stopped, its holder cannot start again.
    state_changed_by = models.CharField("状态变更人", max_length=10)

    class Meta:
        db_table = "cards_card"
        verbose_name = "健康卡"
        verbose_name_plural = "健康卡"
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=~models.Q(state="cancelled"),
                name="cards_card_one_live_per_person",
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "issued_at"], name="cards_card_institution"),
            models.Index(
                fields=["valid_until"],
                condition=models.Q(valid_until__isnull=False),
                name="cards_card_deadline",
            ),
            models.Index(
                fields=["state_changed_at"],
                condition=models.Q(state="cancelled"),
                name="cards_card_cancelled",
            ),
        ]

    def __str__(self) -> str:
        return f"card {self.public_id} {self.state}"

    def data_subject(self) -> str:
        """Whose key protects the face."""
        return self.subject


class CardNumber(PublicIdModel):
    """A 电子健康卡ID of a card, with the 主索引ID that it was derived from.

    Both are personal data. ``key_version`` names the safe key of the derivation: a re-issue
    after a loss derives under the next one.
    """

    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="numbers")
    subject = models.CharField(max_length=26)
    value = EncryptedTextField()
    value_index = BlindIndexField(unique=True)
    value_index_next = BlindIndexField(unique=True, null=True)
    main_index = EncryptedTextField()
    key_version = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=NumberState.choices, default=NumberState.CURRENT)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cards_number"
        constraints = [
            models.UniqueConstraint(
                fields=["card"], condition=models.Q(state="current"), name="cards_number_one_current"
            ),
        ]

    def __str__(self) -> str:
        return f"number of {self.card_id} {self.state}"

    @property
    def is_temporary(self) -> bool:
        """Whether it is the random number of a temporary card."""
        return self.key_version == TEMPORARY_KEY_VERSION

    @property
    def fixed_text(self) -> str:
        """The text of the code that does not change: static, or that of a temporary card."""
        return emit_temporary(self.value) if self.is_temporary else emit_static(self.value)

    def data_subject(self) -> str:
        """Whose key protects the number."""
        return self.subject
