"""Bills, attempts, refunds and the ledger."""

from django.apps import AppConfig

from mpi import bearing


class PaymentsConfig(AppConfig):
    """What is owed, how it was paid, and where every fen went."""

    name = "payments"
    label = "payments"
    verbose_name = "支付"

    def ready(self) -> None:
        """Name this room's tables that say something of a person."""
        bearing.register("payments.Bill", "person")
        bearing.register("payments.PrepaidAccount", "person")
