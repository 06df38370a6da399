"""The two admin sites: the card centre's and the institutions' own.

A room registers its admins with both where both may see its rows; what a reader gets is
decided by ``ScopedAdmin``, not by the site. Sign-in is the staff's own, with both factors.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from foundation.accounts.access import safe_next
from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from foundation.gateway.errors import AuthenticationRequired
from institutions.access import way_in
from institutions.errors import SecondFactorRequired
from institutions.rules import Duty, may
from institutions.selectors import staff_actor

# Pages outside the admin at which staff work: route, label, and who works there.
WORK_PAGES: tuple[tuple[str, str | Promise, Duty], ...] = (
    ("window", _("窗口发卡"), Duty.WORK_AT_WINDOW),
    ("window-booking", _("窗口预约"), Duty.BOOK_FOR_RESIDENTS),
    ("desk-queues", _("分诊叫号"), Duty.CALL_QUEUE),
    ("window-bills", _("窗口收费"), Duty.TAKE_CASH),
    ("pharmacy", _("药房窗口"), Duty.HAND_OUT_MEDICINE),
    ("doctor-desk", _("查阅病历"), Duty.READ_RECORDS),
    ("emergency", _("急救查阅"), Duty.OPEN_EMERGENCY),
)


class StaffSite(AdminSite):
    """An admin site for staff of one kind of place."""

    site_url = None
    enable_nav_sidebar = True
    empty_value_display = "—"

    def __init__(self, name: str, *, title: str | Promise, for_centre: bool) -> None:
        super().__init__(name)
        self.site_header = self.site_title = self.index_title = title  # type: ignore[assignment]
        self.for_centre = for_centre

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Guard a view; staff read Chinese, whatever their browser prefers."""
        guarded: Callable[..., HttpResponse] = super().admin_view(view, cacheable)

        @wraps(guarded)
        def in_chinese(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            translation.activate(settings.LANGUAGE_CODE)
            return guarded(request, *args, **kwargs)

        return in_chinese

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff with both factors and a task at this kind of place."""
        try:
            return self._is_for(staff_actor(request))
        except DomainError:
            return False

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The rooms of the site, and the ways to the pages of the work for those who work there."""
        actor = staff_actor(request)
        pages = [(reverse(route), label) for route, label, duty in WORK_PAGES if may(actor, duty)]
        return super().index(request, {"work_pages": pages, **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the staff's sign-in, to the second factor, or to the reader's own site.

        Raises:
            NoMembership: If the reader has no task at all.
        """
        index = reverse("admin:index", current_app=self.name)
        target = safe_next(request, index) if REDIRECT_FIELD_NAME in request.GET else index
        try:
            actor = staff_actor(request)
        except (AuthenticationRequired, SecondFactorRequired):
            return HttpResponseRedirect(way_in(request, target))
        if self._is_for(actor):
            return HttpResponseRedirect(target)
        other = institution_site if self.for_centre else centre_site
        return HttpResponseRedirect(reverse("admin:index", current_app=other.name))

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Signing out is the staff's own page."""
        return HttpResponseRedirect(reverse("account_logout"))

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Changing the password is the staff's own page."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def _is_for(self, actor: Actor) -> bool:
        return actor.is_centre is self.for_centre


centre_site = StaffSite("centre", title=_("电子健康卡 · 卡管中心"), for_centre=True)
institution_site = StaffSite("institution", title=_("电子健康卡 · 医疗机构"), for_centre=False)
