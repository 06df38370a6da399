"""Staff and their tasks."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from foundation.accounts import selectors as accounts
from institutions import selectors, services
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin
from institutions.errors import StaffAccountNeeded
from institutions.models import StaffMembership
from institutions.rules import Duty, Role
from institutions.sites import centre_site, institution_site


class GrantForm(ActForm):
    """Gives a staff account its task."""

    username = forms.CharField(label=_("用户名"), max_length=60)
    role = forms.ChoiceField(label=_("职责"), choices=Role.choices)
    institution = forms.ChoiceField(label=_("机构"), required=False, help_text=_("卡管中心的职责不填机构"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = institution_choices(self.actor)  # type: ignore[attr-defined]

    def perform(self) -> Done:
        """Grant it."""
        data = self.cleaned_data
        account = accounts.staff_by_username(data["username"])
        if account is None:
            raise StaffAccountNeeded(field="username")
        services.grant_membership(
            account=account.public_id,
            role=data["role"],
            institution=data["institution"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("职责已授予"))


class EndForm(ActForm):
    """Ends a task."""

    def perform(self) -> Done:
        """End it."""
        services.end_membership(
            membership=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("职责已结束"))


class MembershipAdmin(ScopedAdmin):
    """Who does what, and where."""

    visible = staticmethod(selectors.visible_staff)
    creation = Act("add", _("授予职责"), GrantForm, Duty.MANAGE_STAFF)
    acts = (Act("end", _("结束职责"), EndForm, Duty.MANAGE_STAFF, lambda row: row.is_active),)
    list_display = ("username", "role", "place", "is_active", "created_at")
    list_filter = ("role", "is_active")
    search_fields = ("account__username", "institution__name")
    fields = ("username", "role", "place", "is_active", "created", "ended_at", "number")
    readonly_fields = ("username", "place", "created", "number")

    @admin.display(description=_("用户名"), ordering="account__username")
    def username(self, row: StaffMembership) -> str:
        """The account's user name."""
        return row.account.username or ""

    @admin.display(description=_("机构"), ordering="institution__code")
    def place(self, row: StaffMembership) -> str:
        """Where."""
        return row.institution.short_name if row.institution else str(_("卡管中心"))


for site in (centre_site, institution_site):
    site.register(StaffMembership, MembershipAdmin)
