"""Certificates that are joined in a person's health card."""

from django.db import models

from cards.rules.certificates import KINDS, LONGEST_ISSUER
from cards.states import CertificateState
from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import BlindIndexField, EncryptedTextField


class LinkedCertificate(PublicIdModel, TimestampedModel):
    """A certificate of one of the fourteen kinds, linked to a person.

    What its holder says waits until somebody has confirmed it; only then the number is taken,
    so that nobody keeps a number from its owner by claiming it first. ``institution`` is who
    linked it, empty where the holder did.
    """

    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+", verbose_name="居民")
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    kind = models.CharField("种类", max_length=30, choices=list(KINDS.items()))
    number = EncryptedTextField()
    number_index = BlindIndexField()
    number_index_next = BlindIndexField(null=True)
    issuer = models.CharField("发证机构", max_length=LONGEST_ISSUER)
    valid_until = models.DateField("有效期至", null=True)
    state = models.CharField("状态", max_length=10, choices=CertificateState.choices)
    institution = models.CharField("关联机构", max_length=PUBLIC_ID_LENGTH, blank=True)
    linked_at = models.DateTimeField("关联时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        db_table = "cards_linked_certificate"
        verbose_name = "关联证件"
        verbose_name_plural = "关联证件"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "number_index"],
                condition=models.Q(state="linked"),
                name="cards_certificate_one_owner",
            ),
            models.UniqueConstraint(
                fields=["kind", "number_index_next"],
                condition=models.Q(state="linked", number_index_next__isnull=False),
                name="cards_certificate_one_owner_next",
            ),
            models.UniqueConstraint(
                fields=["person", "kind", "number_index"],
                condition=models.Q(state__in=["claimed", "linked"]),
                name="cards_certificate_once",
            ),
            models.UniqueConstraint(
                fields=["person", "kind", "number_index_next"],
                condition=models.Q(state__in=["claimed", "linked"], number_index_next__isnull=False),
                name="cards_certificate_once_next",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ended_at"],
                condition=models.Q(ended_at__isnull=False),
                name="cards_certificate_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.public_id}"

    def data_subject(self) -> str:
        """Whose key protects the number."""
        return self.subject
