"""Regions, institutions, terminals and staff."""

from django.apps import AppConfig


class InstitutionsConfig(AppConfig):
    """Who takes part, and what each may see."""

    name = "institutions"
    label = "institutions"
    verbose_name = "机构与人员"
