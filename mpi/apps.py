"""The master patient index."""

from django.apps import AppConfig


class MpiConfig(AppConfig):
    """Persons as anchors, and their identifiers."""

    name = "mpi"
    label = "mpi"
    verbose_name = "居民主索引"

    def ready(self) -> None:
        """Say how this room's indexes are made."""
        from mpi import indexes

        indexes.register()
