"""Reports, consent to read them, and what helps in an emergency."""

from django.apps import AppConfig

from mpi import bearing


class RecordsConfig(AppConfig):
    """What hospitals found out, and who may read it."""

    name = "records"
    label = "records"
    verbose_name = "健康记录"

    def ready(self) -> None:
        """Name this room's tables that say something of a person."""
        for model in (
            "AccessGrant",
            "AccessRequest",
            "EmergencyInfo",
            "EmergencyOpening",
            "Encounter",
            "RecordAccess",
            "Report",
        ):
            bearing.register(f"records.{model}", "person")
