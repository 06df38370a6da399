"""Applications for a card, and the result of their review."""

from django.db import models

from cards.states import OPEN_STATES, ApplicationState, Channel, ProofKind, ReviewOutcome
from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import EncryptedTextField


class CardApplication(PublicIdModel, TimestampedModel):
    """One try of a resident to get a card.

    The answers are encrypted under a key of the application's own: before the decision there is
    no person whose key could hold them, and after it they can be destroyed by themselves.
    """

    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    channel = models.CharField("渠道", max_length=20, choices=Channel.choices)
    state = models.CharField(
        "状态", max_length=12, choices=ApplicationState.choices, default=ApplicationState.DRAFT
    )
    # What the person is to the applicant; a value of ``identity.models.Relation``.
    relation = models.CharField("为谁申领", max_length=12, default="self")
    # Counts every change; a form carries the number that it was drawn with, so that a stale
    # page cannot overwrite a newer answer.
    version = models.PositiveIntegerField(default=1)
    id_type = models.CharField("证件类型", max_length=2, blank=True)
    id_number = EncryptedTextField(null=True)
    name = EncryptedTextField(null=True)
    birth_date = EncryptedTextField(null=True)
    gender = models.CharField(max_length=1, blank=True)
    nation = models.CharField(max_length=2, blank=True)
    phone = EncryptedTextField(null=True)
    address = EncryptedTextField(null=True)
    proof_kind = models.CharField("监护证明", max_length=2, choices=ProofKind.choices, blank=True)
    proof_number = EncryptedTextField(null=True)
    check_reference = models.CharField(max_length=26, blank=True)
    attempts = models.PositiveIntegerField("核验次数", default=0)
    person = models.ForeignKey("mpi.Person", null=True, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey("cards.Card", null=True, on_delete=models.PROTECT, related_name="applications")
    submitted_at = models.DateTimeField("提交时间", null=True)
    decided_at = models.DateTimeField("决定时间", null=True)
    # When the key of the answers was destroyed.
    shredded_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cards_application"
        verbose_name = "申领"
        verbose_name_plural = "申领"
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(state__in=OPEN_STATES, relation="self"),
                name="cards_application_one_open_per_account",
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(state__in=OPEN_STATES) & ~models.Q(relation="self"),
                name="cards_application_one_open_for_family",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "submitted_at"], name="cards_application_queue"),
            models.Index(
                fields=["decided_at"],
                condition=models.Q(decided_at__isnull=False, shredded_at=None),
                name="cards_application_kept",
            ),
            models.Index(
                fields=["decided_at"],
                condition=models.Q(decided_at__isnull=False, shredded_at__isnull=False),
                name="cards_application_shredded",
            ),
            models.Index(
                fields=["updated_at"], condition=models.Q(state="draft"), name="cards_application_drafts"
            ),
        ]

    def __str__(self) -> str:
        return f"application {self.public_id} {self.state}"

    def data_subject(self) -> str:
        """Whose key protects the answers."""
        return self.public_id


class ReviewResult(PublicIdModel):
    """How an application was decided, by rule or by a person; every application has one."""

    application = models.ForeignKey(CardApplication, on_delete=models.PROTECT, related_name="results")
    automatic = models.BooleanField()
    outcome = models.CharField(max_length=10, choices=ReviewOutcome.choices)
    # Codes of ``cards.rules.review`` that spoke; the sentences are made when they are read.
    rules = models.JSONField(default=list)
    reviewer = models.CharField(max_length=60)
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "cards_review_result"
        indexes = [models.Index(fields=["application", "at"], name="cards_review_result_at")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.at:%Y-%m-%d}"
