"""Sessions, with their bands: kept by hand, repeated, stopped and held again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from appointments import showing
from appointments.admin import schedule_forms as forms
from appointments.models import Schedule
from appointments.selectors import schedules as reading
from institutions.admin_acts import Act, perform
from institutions.admin_base import ScopedAdmin, second_click_led, shown_time
from institutions.rules import Duty, may
from institutions.selectors import staff_actor
from institutions.services import require
from institutions.sites import centre_site, institution_site


class ScheduleAdmin(ScopedAdmin):
    """Schedules."""

    visible = staticmethod(reading.visible_schedules)
    duty = Duty.SEE_BOOKINGS
    creation = Act("add", _("新建排班"), forms.ScheduleForm, Duty.MANAGE_SCHEDULES)
    acts = (
        Act("edit", _("修改"), forms.EditForm, Duty.MANAGE_SCHEDULES, forms.is_open),
        Act("repeat", _("复制到以后几周"), forms.RepeatForm, Duty.MANAGE_SCHEDULES, forms.is_open),
        Act("stop", _("停诊"), forms.StopForm, Duty.MANAGE_SCHEDULES, forms.is_open),
        Act("stop-band", _("停一段"), forms.StopBandForm, Duty.MANAGE_SCHEDULES, forms.is_open),
        Act("resume", _("恢复出诊"), forms.ResumeForm, Duty.MANAGE_SCHEDULES, forms.is_stopped),
    )
    list_display = (
        "date",
        "session",
        "department",
        "doctor",
        "kind",
        "state",
        "places",
        "booked",
        "heard",
        "institution",
        "code",
    )
    list_filter = ("state", "session", "kind", "institution")
    date_hierarchy = "date"
    ordering = ("-date", "-pk")
    search_fields = ("code", "department__name", "doctor__name")
    fields = (
        "code",
        "institution",
        "department",
        "doctor",
        "date",
        "session",
        "kind",
        "fee",
        "state",
        "stop_reason",
        "substitute",
        "releases",
        "closes",
        "heard",
        "bands",
        "number",
    )
    readonly_fields = ("fee", "releases", "closes", "heard", "bands", "number")
    change_list_template = "appointments/admin/schedules.html"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """With the bands and how many are booked."""
        return reading.with_bookings(super().get_queryset(request)).prefetch_related("slots")

    @admin.display(description=_("号数"))
    def places(self, row: Schedule) -> int:
        """How many places its bands have."""
        return sum(slot.capacity for slot in row.slots.all())

    @admin.display(description=_("已约"), ordering="booked")
    def booked(self, row: Any) -> int:
        """How many are booked."""
        return int(row.booked)

    @admin.display(description=_("挂号费"))
    def fee(self, row: Schedule) -> str:
        """What booking costs."""
        return showing.fee_of(row.fee_fen)

    @admin.display(description=_("放号时间"))
    def releases(self, row: Schedule) -> str:
        """When its places come out."""
        return shown_time(row.releases_at)

    @admin.display(description=_("截止时间"))
    def closes(self, row: Schedule) -> str:
        """Until when it can be booked."""
        return shown_time(row.closes_at)

    @admin.display(description=_("医院最近更新"), ordering="heard_at")
    def heard(self, row: Schedule) -> str:
        """When the hospital's system last said how it stands."""
        return shown_time(row.heard_at) if row.heard_at else str(_("人工维护"))

    @admin.display(description=_("时间段"))
    def bands(self, row: Schedule) -> str:
        """Each band with its free places."""
        return format_html_join(
            "",
            "<div>{}–{} {}</div>",
            (
                (
                    showing.time_of(slot.starts_at),
                    showing.time_of(slot.ends_at),
                    " ".join(part for part in (_now("停诊"), slot.stop_reason) if part)
                    if slot.stopped_at
                    else _now("余 %(free)s / %(all)s") % {"free": len(slot.free), "all": slot.capacity},
                )
                for slot in sorted(row.slots.all(), key=lambda slot: slot.starts_at)
            ),
        )

    def get_urls(self) -> list[URLPattern]:
        """The page of a suspension of several, before the others."""
        stopping = path(
            "stop/",
            self.admin_site.admin_view(self.stop_view),
            name=f"{self.opts.app_label}_{self.opts.model_name}_stop",
        )
        return [stopping, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with the way to a suspension for whoever may do it."""
        may_stop = may(staff_actor(request), Duty.MANAGE_SCHEDULES)
        return super().changelist_view(request, {"may_stop": may_stop, **(extra_context or {})})

    @second_click_led
    def stop_view(self, request: HttpRequest) -> HttpResponse:
        """Stop several: choose by days, see who is affected, then confirm."""
        actor = staff_actor(request)
        require(actor, Duty.MANAGE_SCHEDULES)
        choosing = forms.ChoosingForm(request.GET or None, actor=actor)
        rows = list(reading.stoppable(actor, **choosing.cleaned_data)) if choosing.is_valid() else []
        confirming = None
        if rows:
            confirming = forms.ConfirmingForm(request.POST or None, actor=actor, rows=rows)
            done = perform(confirming) if confirming.is_bound and confirming.is_valid() else None
            if done is not None:
                self.message_user(request, str(done.message), messages.SUCCESS)
                return HttpResponseRedirect(self._list_address())
        context = {
            **self.admin_site.each_context(request),
            "title": _("停诊"),
            "opts": self.opts,
            "list_url": self._list_address(),
            "choosing": choosing,
            "confirming": confirming,
            "is_chosen": choosing.is_bound and choosing.is_valid(),
            "booked": sum(row.booked for row in rows),
        }
        return TemplateResponse(request, "appointments/admin/stop.html", context)


for site in (centre_site, institution_site):
    site.register(Schedule, ScheduleAdmin)
