"""Queues, their tickets, the rules of the check-in, and the screens of waiting areas."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from appointments.models import CallScreen, CheckInRule, Queue, Ticket
from appointments.selectors import calling as reading
from appointments.services import screens
from institutions import selectors as institutions
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.selectors import clinics
from institutions.sites import centre_site, institution_site


class RuleForm(ActForm):
    """Settles where and when residents check in."""

    institution = forms.ChoiceField(label=_("机构"))
    latitude = forms.DecimalField(
        label=_("纬度"),
        required=False,
        max_digits=9,
        decimal_places=6,
        min_value=-90,
        max_value=90,
        help_text=_("WGS 84 坐标，与经度一起填；不填就只用签到码签到"),
    )
    longitude = forms.DecimalField(
        label=_("经度"), required=False, max_digits=9, decimal_places=6, min_value=-180, max_value=180
    )
    radius_metres = forms.IntegerField(label=_("签到范围（米）"), initial=300, min_value=50, max_value=5_000)
    opens_minutes = forms.IntegerField(
        label=_("提前多少分钟可以签到"), initial=120, min_value=0, max_value=720
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = institutions.visible(self.actor).order_by("short_name")
        if self.subject is not None:
            places = places.filter(pk=self.subject.institution_id)
            for name in ("latitude", "longitude", "radius_metres", "opens_minutes"):
                self.fields[name].initial = getattr(self.subject, name)
        choices = list(places.values_list("public_id", "short_name"))
        self.fields["institution"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Latitude and longitude come together."""
        data: dict[str, Any] = super().clean() or {}
        if (data.get("latitude") is None) != (data.get("longitude") is None):
            self.add_error("longitude", _("纬度和经度要一起填"))
        return data

    def perform(self) -> Done:
        """Settle it."""
        data = self.cleaned_data
        screens.set_check_in_rule(
            institution=data["institution"],
            point=_point(data),
            radius_metres=data["radius_metres"],
            opens_minutes=data["opens_minutes"],
            reason=data["reason"],
            actor=self.actor,
        )
        return Done(_("签到规则已保存"))


def _point(data: dict[str, Any]) -> tuple[Decimal, Decimal] | None:
    return None if data["latitude"] is None else (data["latitude"], data["longitude"])


class ScreenForm(ActForm):
    """Makes an address for a screen."""

    department = forms.ChoiceField(label=_("科室"))
    name = forms.CharField(label=_("名称"), max_length=40, help_text=_("例如：三层东候诊区"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = clinics.visible_departments(self.actor).order_by("institution", "position")
        choices = [(row.public_id, f"{row.institution} {row.name}") for row in rows]
        self.fields["department"].choices = choices  # type: ignore[attr-defined]

    def perform(self) -> Done:
        """Make it."""
        data = self.cleaned_data
        made = screens.open_screen(
            department=data["department"], name=data["name"], reason=data["reason"], actor=self.actor
        )
        row = reading.visible_screens(self.actor).get(public_id=made)
        return Done(_("叫号屏已登记，地址在这一页"), row=row)


class CloseForm(ActForm):
    """Switches a screen off."""

    def perform(self) -> Done:
        """Switch it off."""
        screens.close_screen(
            screen=self.subject.public_id, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("叫号屏已停用"))


class CheckInRuleAdmin(ScopedAdmin):
    """Rules of the check-in."""

    visible = staticmethod(reading.visible_check_in_rules)
    creation = Act("add", _("设置签到规则"), RuleForm, Duty.MANAGE_SCHEDULES)
    acts = (Act("edit", _("修改"), RuleForm, Duty.MANAGE_SCHEDULES),)
    list_display = ("institution", "latitude", "longitude", "radius_metres", "opens_minutes")
    fields = ("institution", "latitude", "longitude", "radius_metres", "opens_minutes")


class QueueAdmin(ScopedAdmin):
    """Queues, of today and of before."""

    visible = staticmethod(reading.visible_queues)
    duty = Duty.SEE_BOOKINGS
    list_display = ("title", "institution", "date", "session", "kind", "state", "last_number")
    list_filter = ("state", "kind", "date", "institution")
    fields = ("institution", "department", "doctor", "date", "session", "kind", "state", "last_number")

    @admin.display(description=_("队列"))
    def title(self, row: Queue) -> str:
        """Department and doctor."""
        return reading.title_of(row)


class TicketAdmin(ScopedAdmin):
    """Tickets: what became of them, and nobody's name."""

    visible = staticmethod(reading.visible_tickets)
    duty = Duty.SEE_BOOKINGS
    list_display = ("code", "institution", "queue_title", "state", "way", "priority", "passes", "joined")
    list_filter = ("state", "way", "priority", "institution")
    fields = (
        "code",
        "institution",
        "queue_title",
        "state",
        "way",
        "priority",
        "calls",
        "passes",
        "place",
        "joined",
    )

    @admin.display(description=_("队列"))
    def queue_title(self, row: Ticket) -> str:
        """Department and doctor."""
        return reading.title_of(row.queue)

    @admin.display(description=_("签到时间"))
    def joined(self, row: Ticket) -> str:
        """When they checked in."""
        return shown_time(row.joined_at)


class CallScreenAdmin(ScopedAdmin):
    """Screens with their addresses."""

    visible = staticmethod(reading.visible_screens)
    duty = Duty.MANAGE_SCHEDULES
    creation = Act("add", _("登记叫号屏"), ScreenForm, Duty.MANAGE_SCHEDULES)
    acts = (Act("close", _("停用"), CloseForm, Duty.MANAGE_SCHEDULES, lambda row: bool(row.is_open)),)
    list_display = ("name", "institution", "department", "is_open")
    list_filter = ("is_open", "institution")
    fields = ("name", "institution", "department", "is_open", "web_address")

    @admin.display(description=_("地址"))
    def web_address(self, row: CallScreen) -> Any:
        """Where the screen's browser goes; to be shown to nobody else."""
        address = reverse("call-screen", args=[row.key])
        return format_html('<a href="{}">{}{}</a>', address, settings.BASE_URL, address)


for site in (centre_site, institution_site):
    site.register(CheckInRule, CheckInRuleAdmin)
    site.register(Queue, QueueAdmin)
    site.register(Ticket, TicketAdmin)
    site.register(CallScreen, CallScreenAdmin)
