"""The record of use, as staff read it: who used which card is not shown, only that one was used."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cards import selectors
from cards.models.usage import UsageRecord
from cards.rules.policy import CodeKind
from cards.rules.scenes import SCENES, scene_name
from institutions import selectors as institutions
from institutions.admin_base import shown_time
from institutions.admin_lists import LongListAdmin, PeriodFilter
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site

KINDS = {
    CodeKind.DYNAMIC: _("动态码"),
    CodeKind.STATIC: _("静态码"),
    CodeKind.TEMPORARY: _("临时卡码"),
    CodeKind.NONE: _("未扫码"),
}
# The partitions go by the code's own time: for static codes the beginning of the day, of the
# day before in its first hour.
_EARLIEST, _LATEST = timedelta(hours=26), timedelta(hours=1)


class UsePeriod(PeriodFilter):
    """The period of the uses; other months' partitions are not read."""

    def within(self, rows: "QuerySet[Any]", begins: datetime, ends: datetime) -> "QuerySet[Any]":
        """As ``PeriodFilter``, with the bounds of the partitions beside."""
        months = rows.filter(code_time__gte=begins - _EARLIEST, code_time__lt=ends + _LATEST)
        return super().within(months, begins, ends)


class SceneFilter(admin.SimpleListFilter):
    """The step of care."""

    title = _("用卡环节")
    parameter_name = "scene"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """The steps that are known."""
        return [(code, f"{name}（{code}）") for code, (name, _group) in SCENES.items()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """The uses of the step."""
        return queryset.filter(scene=self.value()) if self.value() else queryset


class KindFilter(admin.SimpleListFilter):
    """What was shown."""

    title = _("码的种类")
    parameter_name = "code_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """The kinds."""
        return [(kind.value, label) for kind, label in KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """The uses of such codes."""
        return queryset.filter(code_kind=self.value()) if self.value() else queryset


class UsageAdmin(LongListAdmin):
    """Uses of cards: an institution sees its own."""

    visible = staticmethod(selectors.visible_usage)
    duty = Duty.READ_USAGE
    list_display = ("time", "place", "step", "code", "way", "source", "terminal_shown")
    list_filter = (UsePeriod, SceneFilter, KindFilter)
    fields = (
        "usage_number",
        "time",
        "place",
        "step",
        "code",
        "way",
        "source",
        "terminal_shown",
        "department_shown",
        "operation_shown",
        "request_shown",
        "completed",
        "card_number",
    )
    readonly_fields = fields

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list, with the names of its institutions read in one query."""
        changelist = super().get_changelist_instance(request)
        names = institutions.names({row.institution for row in changelist.result_list})
        for row in changelist.result_list:
            row.place_name = names.get(row.institution, "")
        return changelist

    @admin.display(description=_("记录编号"))
    def usage_number(self, row: UsageRecord) -> str:
        """The number that the institution got with its answer."""
        return row.public_id

    @admin.display(description=_("时间"))
    def time(self, row: UsageRecord) -> str:
        """When it was recorded."""
        return shown_time(row.at)

    @admin.display(description=_("机构"))
    def place(self, row: UsageRecord) -> str:
        """The institution's short name."""
        known: str | None = getattr(row, "place_name", None)
        if known is None:
            known = institutions.names({row.institution}).get(row.institution, "")
        return known or "—"

    @admin.display(description=_("用卡环节"))
    def step(self, row: UsageRecord) -> str:
        """In words."""
        return f"{scene_name(row.scene)}（{row.scene}）"

    @admin.display(description=_("码的种类"))
    def code(self, row: UsageRecord) -> str:
        """In words."""
        return str(KINDS[CodeKind(row.code_kind)])

    @admin.display(description=_("用码方式"))
    def way(self, row: UsageRecord) -> str:
        """Direct or indirect."""
        return str(row.get_kind_display())

    @admin.display(description=_("来源"))
    def source(self, row: UsageRecord) -> str:
        """Verified here, or told of afterwards."""
        return str(_("机构上报") if row.is_report else _("扫码验证"))

    @admin.display(description=_("终端编号"))
    def terminal_shown(self, row: UsageRecord) -> str:
        """The institution's own number."""
        return row.terminal or "—"

    @admin.display(description=_("科室"))
    def department_shown(self, row: UsageRecord) -> str:
        """As the institution gave it."""
        return row.department or "—"

    @admin.display(description=_("接口"))
    def operation_shown(self, row: UsageRecord) -> str:
        """What was called."""
        return row.operation

    @admin.display(description=_("机构的请求编号"))
    def request_shown(self, row: UsageRecord) -> str:
        """By which the institution finds it in its own log."""
        return row.request_id

    @admin.display(description=_("补全时间"))
    def completed(self, row: UsageRecord) -> str:
        """When place and purpose were told, where the scan came without."""
        return shown_time(row.completed_at) if row.completed_at else "—"

    @admin.display(description=_("健康卡编号"))
    def card_number(self, row: UsageRecord) -> str:
        """The opaque number of the card's row."""
        return row.card.public_id


for site in (centre_site, institution_site):
    site.register(UsageRecord, UsageAdmin)
