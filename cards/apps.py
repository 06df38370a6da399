"""Health cards: application, issue, codes, verification, use."""

from django.apps import AppConfig

from mpi import bearing


class CardsConfig(AppConfig):
    """The life of a card and of its codes."""

    name = "cards"
    label = "cards"
    verbose_name = "健康卡"

    def ready(self) -> None:
        """Name this room's tables that say something of a person, and how its indexes are made."""
        from cards import indexes

        indexes.register()
        bearing.register("cards.Card", "person")
        bearing.register("cards.CardApplication", "person")
        bearing.register("cards.LinkedCertificate", "person")
        bearing.register("cards.BatchRow", "person")
