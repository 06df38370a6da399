"""Messages to institutions, each with what its attempts met; dead letters between our own rooms."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.admin_lists import BoundedPaginator, PeriodFilter
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from interop.models import DeliveryState, WebhookDelivery
from interop.webhooks import selectors, services


class ReplayForm(ActForm):
    """Sends a message once more."""

    def perform(self) -> Done:
        """Send it."""
        services.replay(delivery=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"])
        return Done(_("消息正在重发，编号不变"))


class RetryForm(ActForm):
    """Hands a dead letter to its handler again."""

    def perform(self) -> Done:
        """Hand it over."""
        services.retry_message(
            delivery_pk=self.subject.pk, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("消息已重新交给处理程序"))


def _has_ended(row: Any) -> bool:
    return row.state in {DeliveryState.DONE, DeliveryState.DEAD}


class CreatedFilter(PeriodFilter):
    """By the day on which a message was written."""

    column = "created_at"


class DeliveryAdmin(ScopedAdmin):
    """Messages to institutions."""

    visible = staticmethod(selectors.visible_deliveries)
    duty = Duty.SEE_EXCHANGE
    acts = (Act("replay", _("重发"), ReplayForm, Duty.MANAGE_EXCHANGE, _has_ended),)
    paginator = BoundedPaginator
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-pk",)
    list_display = ("type", "endpoint", "state", "attempts", "last_status", "last_error", "created_at")
    list_filter = (CreatedFilter, "state", "type")
    search_fields = ("public_id", "message", "endpoint__url")
    fields = (
        "type",
        "endpoint",
        "message",
        "data",
        "state",
        "attempts",
        "next_attempt_at",
        "last_status",
        "last_error",
        "try_list",
        "created",
        "done_at",
        "number",
    )
    readonly_fields = ("try_list", "created", "number")

    @admin.display(description=_("每次尝试"))
    def try_list(self, row: Any) -> SafeString:
        """When each attempt was made, and how it ended."""
        rows = (
            (shown_time(datetime.fromisoformat(tried["at"])), tried["status"] or "—", tried["error"])
            for tried in row.tries
        )
        return format_html_join("", "<div>{} · {} {}</div>", rows)


class DeadLetterAdmin(ScopedAdmin):
    """Messages between our own rooms that failed to the end."""

    visible = staticmethod(selectors.visible_dead_letters)
    duty = Duty.SEE_EXCHANGE
    url_field = "pk"
    has_history = False
    acts = (Act("retry", _("重试"), RetryForm, Duty.MANAGE_EXCHANGE),)
    list_display = ("topic", "subscriber", "attempts", "last_error", "happened")
    search_fields = ("subscriber", "message__topic")
    fields = ("topic", "subscriber", "attempts", "last_error", "happened")
    readonly_fields = ("topic", "happened")

    @admin.display(description=_("类型"))
    def topic(self, row: Any) -> str:
        """The event's topic."""
        return str(row.message.topic)

    @admin.display(description=_("发生时间"))
    def happened(self, row: Any) -> str:
        """When the event was published."""
        return shown_time(row.message.occurred_at)


for site in (centre_site, institution_site):
    site.register(WebhookDelivery, DeliveryAdmin)
centre_site.register(apps.get_model("events", "Delivery"), DeadLetterAdmin)
