"""The record of use: replay referee, access record and outbox in one row."""

from django.db import models

from cards.rules.policy import CodeKind
from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel


class UseKind(models.TextChoices):
    """Whether a code was shown and scanned, or the card known without a scan."""

    DIRECT = "direct", "直接用码"
    INDIRECT = "indirect", "间接用码"


class UsageRecord(models.Model):
    """One use of a card.

    The table is partitioned by the month of ``code_time``. For a dynamic code that is the
    authenticated time inside the code, and ``code_digest`` a keyed digest of the code: so the
    unique key includes the partition's column and still lets each code through only once (or
    as many times as the centre allows, by ``use_no``). For every other use ``code_time`` is the
    beginning of the day in Beijing, and ``code_digest`` that of client and request id: a
    repeated request meets the first.

    ``is_report`` marks uses that an institution told of afterwards; the others were verified.

    Nothing here is personal in clear: ``subject`` is the opaque id of the person's anchor.
    There are no foreign keys in the database, because their checks would lock a card's row at
    each use; the statement that inserts takes both keys from the rows that it has just read,
    and neither cards nor numbers are ever deleted.
    """

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH)
    code_time = models.DateTimeField()
    code_digest = models.BinaryField(max_length=32)
    use_no = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=8, choices=UseKind.choices)
    is_report = models.BooleanField(default=False)
    code_kind = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in CodeKind])
    card = models.ForeignKey(
        "cards.Card", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    number = models.ForeignKey(
        "cards.CardNumber", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    client = models.CharField(max_length=PUBLIC_ID_LENGTH)
    terminal = models.CharField(max_length=32, blank=True)
    scene = models.CharField(max_length=7)
    department = models.CharField(max_length=60, blank=True)
    channel = models.CharField(max_length=4, blank=True)
    card_type = models.CharField(max_length=2, blank=True)
    cost_type = models.CharField(max_length=4, blank=True)
    use_city = models.CharField(max_length=12, blank=True)
    branch = models.CharField(max_length=22, blank=True)
    caller_time = models.DateTimeField(null=True)
    at = models.DateTimeField()
    request_id = models.CharField(max_length=64)
    body_digest = models.BinaryField(max_length=32)
    operation = models.CharField(max_length=20)
    completed_at = models.DateTimeField(null=True)
    drained_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cards_usage"
        verbose_name = "用卡记录"
        verbose_name_plural = "用卡记录"
        constraints = [
            models.UniqueConstraint(fields=["code_digest", "use_no", "code_time"], name="cards_usage_once"),
        ]
        indexes = [
            models.Index(fields=["card", "-at"], name="cards_usage_card"),
            models.Index(fields=["institution", "-at"], name="cards_usage_institution"),
            models.Index(fields=["id"], condition=models.Q(drained_at=None), name="cards_usage_waiting"),
        ]

    def __str__(self) -> str:
        return self.public_id


class CodeMint(PublicIdModel):
    """A code that an institution made for a card: who asked, and when."""

    card = models.ForeignKey("cards.Card", on_delete=models.PROTECT, related_name="+")
    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    client = models.CharField(max_length=PUBLIC_ID_LENGTH)
    code_kind = models.CharField(max_length=8)
    code_digest = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        db_table = "cards_code_mint"
        indexes = [
            models.Index(fields=["card", "-at"], name="cards_code_mint_card"),
            models.Index(fields=["at"], name="cards_code_mint_age"),
        ]

    def __str__(self) -> str:
        return f"code minted {self.at:%Y-%m-%d %H:%M:%S}"
