"""The audit; the floor below has no admin of its own."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from foundation.audit import selectors as audit_entries
from foundation.core.actor import ActorKind
from institutions.admin_base import shown_time
from institutions.admin_lists import LongListAdmin, PeriodFilter
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site

ACTORS = {
    ActorKind.RESIDENT: _("居民"),
    ActorKind.STAFF: _("工作人员"),
    ActorKind.CLIENT: _("接入应用"),
    ActorKind.SYSTEM: _("系统"),
}


class ActorFilter(admin.SimpleListFilter):
    """Who did it, by kind."""

    title = _("操作者")
    parameter_name = "actor_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """The kinds."""
        return [(kind.value, label) for kind, label in ACTORS.items()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """What such actors did."""
        return queryset.filter(actor_kind=self.value()) if self.value() else queryset


class AuditAdmin(LongListAdmin):
    """What was done: an institution sees what concerns it."""

    visible = staticmethod(audit_entries.visible)
    duty = Duty.READ_AUDIT
    list_display = ("time", "deed", "reason_shown", "actor", "subject")
    list_filter = (PeriodFilter, ActorFilter)
    search_fields = ("=action", "=actor_id", "=subject_id")
    search_help_text = _("输入完整的操作名称、操作者编号或对象编号，在所选时间内查找")
    fields = ("time", "deed", "actor", "subject", "place", "reason_shown", "details_shown", "seal")
    readonly_fields = fields

    @admin.display(description=_("时间"))
    def time(self, row: Any) -> str:
        """When."""
        return shown_time(row.at)

    @admin.display(description=_("操作"))
    def deed(self, row: Any) -> str:
        """What, by its lasting name."""
        return str(row.action)

    @admin.display(description=_("操作者"))
    def actor(self, row: Any) -> str:
        """Who, by an opaque id."""
        return f"{ACTORS[ActorKind(row.actor_kind)]} {row.actor_id}"

    @admin.display(description=_("对象"))
    def subject(self, row: Any) -> str:
        """On what."""
        return f"{row.subject_type} {row.subject_id}"

    @admin.display(description=_("机构编号"))
    def place(self, row: Any) -> str:
        """Whose affair it is."""
        return row.institution or "—"

    @admin.display(description=_("原因"))
    def reason_shown(self, row: Any) -> str:
        """As it was given."""
        return row.reason or "—"

    @admin.display(description=_("细节"))
    def details_shown(self, row: Any) -> SafeString | str:
        """Names and values that are nobody's personal data."""
        return format_html_join("", "<div>{}: {}</div>", row.details.items()) or "—"

    @admin.display(description=_("封存号"))
    def seal(self, row: Any) -> str:
        """Its place in the chain, once it is sealed."""
        return str(row.seal_no) if row.seal_no is not None else str(_("待封存"))


for site in (centre_site, institution_site):
    site.register(apps.get_model("audit", "AuditEntry"), AuditAdmin)
