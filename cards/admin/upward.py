"""Reports to the upper centre, and their comparison by day."""

from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cards.models import UpwardDay, UpwardRecord
from cards.models.upward import ReportState
from cards.upward import asking, balance, sending
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.admin_lists import BoundedPaginator, PeriodFilter
from institutions.rules import Duty
from institutions.sites import centre_site


class SendAgainForm(ActForm):
    """Reports a record once more."""

    def perform(self) -> Done:
        """Put it back into the queue."""
        sending.send_again(
            record=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("已重新排队上报"))


class BalanceForm(ActForm):
    """Compares a day again."""

    def perform(self) -> Done:
        """Have it compared in the background."""
        asking.ask_again(day=self.subject.day, actor=self.actor, reason=self.cleaned_data["reason"])
        return Done(_("已开始重新核对，请在一分钟后刷新本页查看结果"))


class AgreementFilter(admin.SimpleListFilter):
    """Whether both sides held the same."""

    title = _("核对结果")
    parameter_name = "agrees"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Equal or not."""
        return [("yes", _("一致")), ("no", _("不一致"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """The days of the answer."""
        same = Q(ours=F("theirs"), missing=0, unknown=0)
        if self.value() == "yes":
            return queryset.filter(same)
        return queryset.exclude(same) if self.value() == "no" else queryset


class UpwardRecordAdmin(ScopedAdmin):
    """Reports, record by record."""

    visible = staticmethod(sending.visible_records)
    duty = Duty.READ_USAGE
    paginator = BoundedPaginator
    show_facets = admin.ShowFacets.NEVER
    acts = (
        Act(
            "send-again",
            _("重新上报"),
            SendAgainForm,
            Duty.MANAGE_NODES,
            lambda row: row.state in {ReportState.REFUSED, ReportState.STUCK},
        ),
    )
    list_display = ("record_id", "kind", "time", "state", "attempts", "reason", "receipt")
    list_filter = (PeriodFilter, "kind", "state")
    search_fields = ("record_id", "receipt", "batch", "source")
    fields = (
        "record_id",
        "kind",
        "change",
        "source",
        "time",
        "day",
        "state",
        "attempts",
        "next_time",
        "batch",
        "receipt",
        "reason",
        "settled",
        "number",
    )
    readonly_fields = ("time", "next_time", "settled", "number")

    @admin.display(description=_("发生时间"))
    def time(self, row: UpwardRecord) -> str:
        """When it happened."""
        return shown_time(row.at)

    @admin.display(description=_("下次上报时间"))
    def next_time(self, row: UpwardRecord) -> str:
        """When it is tried again; nothing once it is settled."""
        return "—" if row.state in sending.FINAL else shown_time(row.next_at)

    @admin.display(description=_("回执时间"))
    def settled(self, row: UpwardRecord) -> str:
        """When it came to its end."""
        return shown_time(row.settled_at) if row.settled_at else "—"


class UpwardDayAdmin(ScopedAdmin):
    """Comparisons by day."""

    visible = staticmethod(balance.visible_days)
    duty = Duty.READ_USAGE
    acts = (Act("balance", _("重新核对"), BalanceForm, Duty.MANAGE_NODES),)
    list_display = ("day", "kind", "ours", "theirs", "missing", "unknown", "open_count", "same", "checked")
    list_filter = (AgreementFilter, "kind")
    date_hierarchy = "day"
    fields = ("day", "kind", "ours", "theirs", "missing", "unknown", "open_count", "same", "checked")
    readonly_fields = ("same", "checked")
    ordering = ("-day", "kind")

    @admin.display(description=_("一致"), boolean=True)
    def same(self, row: UpwardDay) -> bool:
        """Whether both sides hold the same."""
        return row.agrees

    @admin.display(description=_("核对时间"))
    def checked(self, row: UpwardDay) -> str:
        """When it was compared last, and what became of asking again."""
        if row.asked_at is not None:
            return _("%(at)s，正在重新核对") % {"at": shown_time(row.checked_at)}
        if row.failure:
            return _("%(at)s，上次重新核对时上级卡管没有应答（%(why)s），请稍后再试") % {
                "at": shown_time(row.checked_at),
                "why": row.failure,
            }
        return shown_time(row.checked_at)


centre_site.register(UpwardRecord, UpwardRecordAdmin)
centre_site.register(UpwardDay, UpwardDayAdmin)
