"""Handing a card over to an institution, by its holder's wish: one-time codes, the pack, active scan."""

from django.conf import settings
from django.db import models

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel


class OneTimeKind(models.TextChoices):
    """What a one-time code stands for."""

    CLAIM = "claim", "授权码"
    PACK_ORDER = "pack_order", "领卡订单"


class OneTimeCode(PublicIdModel):
    """A code that its institution redeems once; only its digest is kept.

    ``account`` is who agreed. An order for the card pack is placed by an institution, and gets
    its account when somebody redeems it.
    """

    kind = models.CharField(max_length=12, choices=OneTimeKind.choices)
    digest = models.BinaryField(max_length=32, unique=True)
    card = models.ForeignKey("cards.Card", on_delete=models.PROTECT, related_name="+")
    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    client = models.CharField(max_length=PUBLIC_ID_LENGTH)
    account = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    is_self = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cards_one_time_code"

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class PackedCard(models.Model):
    """A card that somebody has put into their pack from an institution's own account."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey("cards.Card", on_delete=models.PROTECT, related_name="+")
    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    at = models.DateTimeField()

    class Meta:
        db_table = "cards_packed"
        constraints = [
            models.UniqueConstraint(fields=["account", "card", "institution"], name="cards_packed_once"),
        ]

    def __str__(self) -> str:
        return f"card {self.card_id} from {self.institution}"


class ScanState(models.TextChoices):
    """Where an active scan stands; one that is open after its time is over."""

    WAITING = "waiting", "等待扫码"
    SCANNED = "scanned", "等待确认"
    AGREED = "agreed", "已同意"
    REFUSED = "refused", "已拒绝"


class ScanRequest(PublicIdModel):
    """A terminal shows a code, and a resident who scans it agrees to hand over the card (主扫).

    The first account that opens the code has it; nobody else can answer in its place.
    ``external_id`` is the caller's own number of it.
    """

    token_digest = models.BinaryField(max_length=32, unique=True)
    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    client = models.CharField(max_length=PUBLIC_ID_LENGTH)
    terminal = models.CharField(max_length=32, blank=True)
    scene = models.CharField(max_length=7)
    external_id = models.CharField(max_length=64, blank=True)
    notify_url = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=8, choices=ScanState.choices, default=ScanState.WAITING)
    account = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    card = models.ForeignKey("cards.Card", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cards_scan_request"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="agreed", card__isnull=False) | ~models.Q(state="agreed"),
                name="cards_scan_agreed_has_card",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("agreed", "refused"), answered_at__isnull=False)
                | models.Q(state__in=("waiting", "scanned"), answered_at=None),
                name="cards_scan_answer_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.public_id}"
