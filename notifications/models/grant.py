"""What residents let the mini-program send them."""

from django.db import models

from foundation.core.models import PublicIdModel


class Grant(PublicIdModel):
    """How many messages of one WeChat template one user has allowed and not yet got.

    WeChat tells nobody how many grants are left, so they are counted here: up when the user allows
    one, down before each message, to nothing when WeChat says that the user wants none (43101).

    Attributes:
        is_refused: Whether the user said no last; the settings page offers to allow it again.
    """

    method = models.ForeignKey("accounts.SignInMethod", on_delete=models.CASCADE, related_name="+")
    template = models.CharField(max_length=64)
    left = models.PositiveIntegerField(default=0)
    is_refused = models.BooleanField(default=False)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "notifications_grant"
        constraints = [
            models.UniqueConstraint(fields=["method", "template"], name="notifications_grant_once"),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.left}"
