"""Bookings, and what staff do to them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appointments import showing, words
from appointments.models import Booking
from appointments.rules import EndReason
from appointments.selectors.bookings import visible_bookings
from appointments.services.leaving import LEAVABLE, cancel_booking
from foundation.core import clock
from institutions.admin_acts import Act, Done, ToldActForm
from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site

# Those of residents are ``appointments.booked_by``'s.
CHANNELS: dict[str, str | Promise] = {
    "h5": _("手机网页"),
    "mini": _("微信小程序"),
    "weixin": _("微信服务号"),
    "alipay": _("支付宝"),
    "app": _("手机应用"),
    "window": _("人工窗口"),
    "hospital": _("医院系统"),
}
# Label, days from today to the first, days to the last.
DAYS: dict[str, tuple[str | Promise, int, int]] = {
    "today": (_("今天"), 0, 0),
    "tomorrow": (_("明天"), 1, 1),
    "week": (_("今后 7 天"), 0, 6),
    "before": (_("过去 7 天"), -7, -1),
}


class VisitFilter(admin.SimpleListFilter):
    """The day of the visit; most of the questions at a desk are about one to come."""

    title = _("就诊日期")
    parameter_name = "visit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """The spans of days."""
        return [(name, label) for name, (label, *_days) in DAYS.items()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """The bookings of sessions on those days."""
        if self.value() not in DAYS:
            return queryset
        _label, first, last = DAYS[str(self.value())]
        today = clock.beijing(clock.now()).date()
        days = (today + timedelta(days=first), today + timedelta(days=last))
        return queryset.filter(schedule__date__range=days)


class ChannelFilter(admin.SimpleListFilter):
    """Through what it was booked."""

    title = _("渠道")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """The channels."""
        return list(CHANNELS.items())

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Those of the chosen one."""
        return queryset.filter(channel=self.value()) if self.value() else queryset


class CancelForm(ToldActForm):
    """Cancels a booking."""

    def perform(self) -> Done:
        """Cancel it."""
        cancel_booking(booking=self.subject.public_id, reason=self.cleaned_data["reason"], actor=self.actor)
        return Done(_("预约已取消，号会在一段时间后重新放出"))


class BookingAdmin(ScopedAdmin):
    """Bookings: an institution sees its own. Who the patient is, is not told here."""

    visible = staticmethod(visible_bookings)
    duty = Duty.SEE_BOOKINGS
    acts = (
        Act(
            "cancel",
            _("取消预约"),
            CancelForm,
            Duty.BOOK_FOR_RESIDENTS,
            lambda row: row.state in LEAVABLE,
        ),
    )
    list_display = (
        "starts",
        "department",
        "doctor",
        "place_number",
        "state",
        "through",
        "institution",
        "hospital_ref",
    )
    list_filter = (VisitFilter, "state", ChannelFilter, "institution")
    search_fields = ("public_id__exact", "hospital_ref__exact", "schedule__code__exact")
    search_help_text = _("预约编号、医院订单号或排班号，要输全")
    fields = (
        "starts",
        "institution",
        "department",
        "doctor",
        "place_number",
        "state",
        "why_ended",
        "through",
        "fee",
        "bill_id",
        "hospital_ref",
        "created_at",
        "held_until",
        "booked_at",
        "arrived_at",
        "ended_at",
        "booking_id",
    )

    @admin.display(description=_("科室"))
    def department(self, row: Any) -> str:
        """Where the visit is."""
        return str(row.schedule.department)

    @admin.display(description=_("医生"))
    def doctor(self, row: Any) -> str:
        """With whom; empty where the department is booked."""
        return str(row.schedule.doctor or _("科室普通号"))

    @admin.display(description=_("就诊时间"), ordering="slot__starts_at")
    def starts(self, row: Any) -> str:
        """When the band begins and ends."""
        return words.band(row.slot.starts_at, row.slot.ends_at)

    @admin.display(description=_("序号"))
    def place_number(self, row: Booking) -> int:
        """Its place in the session."""
        return row.number

    @admin.display(description=_("渠道"), ordering="channel")
    def through(self, row: Booking) -> str:
        """Through what it was booked."""
        return str(CHANNELS.get(row.channel, row.channel))

    @admin.display(description=_("结束原因"))
    def why_ended(self, row: Booking) -> str:
        """Why it ended before its visit, or how."""
        return str(EndReason(row.end_reason).label) if row.end_reason in EndReason else row.end_reason or "—"

    @admin.display(description=_("挂号费"))
    def fee(self, row: Booking) -> str:
        """What booking it costs."""
        return showing.fee_of(row.fee_fen)

    @admin.display(description=_("账单编号"))
    def bill_id(self, row: Booking) -> str:
        """The bill of the fee."""
        return row.bill or "—"

    @admin.display(description=_("预约编号"))
    def booking_id(self, row: Booking) -> str:
        """What names it to residents and hospitals."""
        return str(row.public_id)


centre_site.register(Booking, BookingAdmin)
institution_site.register(Booking, BookingAdmin)
