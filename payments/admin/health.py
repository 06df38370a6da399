"""How well channels work, on a page beside their list."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from foundation.core import clock
from institutions.admin_base import ScopedAdmin
from institutions.selectors import staff_actor
from payments.selectors.health import channel_health

PERIODS = {
    "1h": (timedelta(hours=1), _("1 小时")),
    "24h": (timedelta(days=1), _("24 小时")),
    "7d": (timedelta(days=7), _("7 天")),
}
USUAL = "24h"


class HealthPage(ScopedAdmin):
    """The page of the channels' health, for their admin."""

    change_list_template = "payments/admin/channels.html"

    def get_urls(self) -> list[URLPattern]:
        """The page, before the others."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_health"
        page = path("health/", self.admin_site.admin_view(self.health_view), name=name)
        return [page, *super().get_urls()]

    def health_view(self, request: HttpRequest) -> HttpResponse:
        """Every channel that the reader sees, in a period."""
        chosen = request.GET.get("period", "")
        chosen = chosen if chosen in PERIODS else USUAL
        rows = channel_health(actor=staff_actor(request), since=clock.now() - PERIODS[chosen][0])
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("渠道健康"),
            "opts": self.opts,
            "list_url": self._list_address(),
            "refunds_url": reverse("admin:payments_refund_changelist", current_app=self.admin_site.name),
            "rows": rows,
            "periods": [(name, label, name == chosen) for name, (_length, label) in PERIODS.items()],
        }
        return TemplateResponse(request, "payments/admin/health.html", context)
