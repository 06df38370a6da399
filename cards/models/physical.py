"""Physical 居民健康卡, and what their holders do to have them as electronic cards."""

from django.conf import settings
from django.db import models

from cards.states import ActivationState, PhysicalState
from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import BlindIndexField, EncryptedJSONField, EncryptedTextField


class PhysicalCard(PublicIdModel, TimestampedModel):
    """A physical card as its issuer's register has it, under a key of its own.

    Nothing of it is known to the master index before its holder activates it.
    """

    number = EncryptedTextField()
    number_index = BlindIndexField(unique=True)
    number_index_next = BlindIndexField(unique=True, null=True)
    name = EncryptedTextField()
    id_type = models.CharField("证件类型", max_length=2)
    id_number = EncryptedTextField()
    # Where the number of the certificate tells none; a card without any is not activated online.
    birth_date = EncryptedTextField(null=True)
    phone = EncryptedTextField()
    state = models.CharField(
        "状态", max_length=10, choices=PhysicalState.choices, default=PhysicalState.REGISTERED
    )
    load_id = models.CharField("登记批次", max_length=PUBLIC_ID_LENGTH)
    card = models.ForeignKey(
        "cards.Card", null=True, on_delete=models.PROTECT, related_name="+", verbose_name="健康卡"
    )
    activated_at = models.DateTimeField("激活时间", null=True)
    # When the key of the particulars was destroyed.
    shredded_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cards_physical_card"
        verbose_name = "实体卡"
        verbose_name_plural = "实体卡"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="activated")
                | models.Q(card__isnull=False, activated_at__isnull=False),
                name="cards_physical_activated_has_card",
            ),
        ]
        indexes = [
            models.Index(
                fields=["updated_at"],
                condition=models.Q(shredded_at=None) & ~models.Q(state="registered"),
                name="cards_physical_kept",
            ),
        ]

    def __str__(self) -> str:
        return f"physical card {self.public_id} {self.state}"

    def data_subject(self) -> str:
        """Whose key protects the particulars."""
        return self.public_id


class PhysicalActivation(PublicIdModel, TimestampedModel):
    """One try of a resident to activate a physical card.

    A worker compares the answers and erases them; the pages cannot tell what it found. The row
    says so alike for cards that exist and for those that do not.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=ActivationState.choices, default=ActivationState.WAITING)
    answers = EncryptedJSONField(null=True)
    physical = models.ForeignKey(PhysicalCard, null=True, on_delete=models.PROTECT, related_name="+")
    tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "cards_physical_activation"
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(state__in=("waiting", "sent", "unmatched")),
                name="cards_activation_one_open",
            ),
        ]
        indexes = [models.Index(fields=["updated_at"], name="cards_activation_age")]

    def __str__(self) -> str:
        return f"activation {self.public_id}"

    def data_subject(self) -> str:
        """Whose key protects the answers."""
        return self.public_id
