"""What residents want to hear of, on which way, and when they want their peace."""

from django.db import models

from foundation.core.models import PublicIdModel
from notifications.rules.topics import Means, Topic


class Preference(PublicIdModel):
    """That an account switched a way for a topic on or off; without a row the topic's rule holds."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")
    topic = models.CharField(max_length=10, choices=Topic.choices)
    means = models.CharField(max_length=10, choices=Means.choices)
    is_on = models.BooleanField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "notifications_preference"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "topic", "means"], name="notifications_preference_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.means}"


class QuietHours(PublicIdModel):
    """From when until when, Beijing time, an account wants no messages but urgent ones.

    Without a row the nights are quiet; who wants none says so with ``is_on``.
    """

    account = models.OneToOneField("accounts.Account", on_delete=models.CASCADE, related_name="+")
    starts = models.TimeField()
    ends = models.TimeField()
    is_on = models.BooleanField(default=True)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "notifications_quiet_hours"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(starts=models.F("ends")), name="notifications_quiet_not_always"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts}-{self.ends}"
