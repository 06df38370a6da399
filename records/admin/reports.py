"""The index of reports."""

from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from records.models import Report
from records.selectors.reports import visible_reports


class ReportAdmin(ScopedAdmin):
    """Which reports came, and where they stand; contents are not for a desk."""

    visible = staticmethod(visible_reports)
    duty = Duty.SEE_REPORTS
    list_display = ("number", "institution", "kind", "state", "version", "reported_at", "heard_at")
    list_filter = ("state", "kind", "institution")
    search_fields = ("number", "public_id")
    fields = (
        "institution",
        "number",
        "encounter",
        "kind",
        "state",
        "version",
        "reported_at",
        "heard_at",
        "withdrawn_at",
    )


for site in (centre_site, institution_site):
    site.register(Report, ReportAdmin)
