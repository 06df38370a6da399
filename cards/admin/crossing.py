"""Uses that cross the border of a card centre, as the centre's staff read them."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from cards.models import CrossUse
from cards.rules.scenes import scene_name
from cards.verification.crossing import visible_cross_uses
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.admin_lists import BoundedPaginator, PeriodFilter
from institutions.rules import Duty
from institutions.sites import centre_site


class CrossPeriod(PeriodFilter):
    """The period of the questions."""

    column = "asked_at"


class CrossUseAdmin(ScopedAdmin):
    """Who asked whom about a code, and what came of it."""

    visible = staticmethod(visible_cross_uses)
    duty = Duty.READ_USAGE
    paginator = BoundedPaginator
    show_facets = admin.ShowFacets.NEVER
    list_display = ("time", "crossing", "using_centre", "issuing_centre", "place", "step", "result")
    list_filter = (CrossPeriod, "crossing", "outcome")
    search_fields = ("public_id", "using_centre", "issuing_centre", "institution_name")
    fields = (
        "number",
        "time",
        "crossing",
        "using_centre",
        "using_centre_name",
        "issuing_centre",
        "place",
        "terminal",
        "department",
        "step",
        "result",
        "answered_by",
        "reference",
        "settled",
    )
    readonly_fields = ("number", "time", "place", "step", "result", "settled")

    @admin.display(description=_("时间"))
    def time(self, row: CrossUse) -> str:
        """When it was asked."""
        return shown_time(row.asked_at)

    @admin.display(description=_("用卡机构"))
    def place(self, row: CrossUse) -> str:
        """By its name."""
        return row.institution_name or row.institution or "—"

    @admin.display(description=_("用卡环节"))
    def step(self, row: CrossUse) -> str:
        """In words."""
        return f"{scene_name(row.scene)}（{row.scene}）"

    @admin.display(description=_("结果"))
    def result(self, row: CrossUse) -> Any:
        """What came of it: a code of the table of errors, or verified."""
        if row.outcome == "verified":
            return _("已验证")
        return row.outcome or _("没有应答")

    @admin.display(description=_("应答时间"))
    def settled(self, row: CrossUse) -> str:
        """When the answer came."""
        return shown_time(row.settled_at) if row.settled_at else "—"


centre_site.register(CrossUse, CrossUseAdmin)
