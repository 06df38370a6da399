"""The inboxes of accounts, and what people without one are told."""

from django.db import models
from django.db.models import Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel


class Message(PublicIdModel):
    """Something that a resident is told.

    The row holds ids, codes and times; the words are made from ``kind`` when somebody reads it, in
    the reader's language, so that nothing about a person rests here.

    Attributes:
        account: In whose inbox it is; none where it goes to somebody who has no account, by SMS alone.
        person: Whom it is about; none where it is about the account itself.
        institution: Public id of the hospital that it is about; empty where there is none.
        hidden_at: Since when the account acts for that person no more: what it was told of them
            is in no list and in no count.
    """

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, null=True, related_name="+")
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, null=True, related_name="+")
    institution = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True, db_default="")
    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    dedupe_key = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    hidden_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notifications_message"
        constraints = [
            models.UniqueConstraint(fields=["account", "dedupe_key"], name="notifications_message_once"),
            models.UniqueConstraint(
                fields=["dedupe_key"], condition=Q(account=None), name="notifications_outside_once"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="notifications_inbox"),
            models.Index(fields=["created_at"], name="notifications_age"),
            models.Index(fields=["account"], condition=Q(read_at=None), name="notifications_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"
