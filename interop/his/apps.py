"""Hospitals' systems."""

from django.apps import AppConfig


class HisConfig(AppConfig):
    """Where hospitals' systems are asked, and for whom they were asked for a number."""

    name = "interop.his"
    label = "his"
    verbose_name = "医院系统"

    def ready(self) -> None:
        """Say which table bears a person."""
        from mpi import bearing

        bearing.register("his.PatientRecord", "person")
