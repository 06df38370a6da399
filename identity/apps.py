"""Accounts and persons: checks, holdings, consent."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Who holds which person, and how sure that is."""

    name = "identity"
    label = "identity"
    verbose_name = "实名与授权"

    def ready(self) -> None:
        """Say which tables point at persons."""
        from mpi import bearing

        bearing.register("identity.IdentityCheck", "person")
        bearing.register("identity.Holding", "person")
        bearing.register("identity.Invitation", "person")
        bearing.register("identity.TakeOver", "person")
