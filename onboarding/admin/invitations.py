"""Inviting staff of institutions, on both sites."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from foundation.core import clock
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty, Role
from institutions.sites import centre_site, institution_site
from onboarding import selectors
from onboarding.admin.joinings import link_to
from onboarding.models import Invitation
from onboarding.services import invitations

ROLES = [(role.value, role.label) for role in (Role.INSTITUTION_ADMIN, Role.WINDOW_CLERK)]


class InviteForm(ActForm):
    """Invites."""

    institution = forms.ChoiceField(label=_("机构"))
    role = forms.ChoiceField(label=_("职责"), choices=ROLES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = institution_choices(self.actor)  # type: ignore[attr-defined]

    def perform(self) -> Done:
        """Invite; the link is shown this once."""
        data = self.cleaned_data
        made = invitations.invite(
            institution=data["institution"], role=data["role"], actor=self.actor, reason=data["reason"]
        )
        return Done(
            _("请把链接交给被邀请的人，只能用一次，7 天内有效。离开本页后不再显示"),
            once=((_("邀请链接"), link_to(made.token)),),
        )


class WithdrawForm(ActForm):
    """Withdraws a link."""

    def perform(self) -> Done:
        """Withdraw it."""
        invitations.withdraw_invitation(
            invitation=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("邀请已撤回，链接作废"))


def _is_open(row: Invitation) -> bool:
    return row.taken_at is None and row.withdrawn_at is None


class InvitationAdmin(ScopedAdmin):
    """Who was invited, by whom, and what became of it."""

    visible = staticmethod(selectors.visible_invitations)
    duty = Duty.INVITE_STAFF
    creation = Act("add", _("邀请人员"), InviteForm, Duty.INVITE_STAFF)
    acts = (Act("withdraw", _("撤回"), WithdrawForm, Duty.INVITE_STAFF, _is_open),)
    list_display = ("created", "institution", "role_name", "outcome", "expires")
    list_filter = ("role",)
    search_fields = ("institution__name", "=account")
    fields = ("institution", "role_name", "outcome", "created", "expires", "account", "number")
    readonly_fields = ("role_name", "outcome", "created", "expires", "number")

    @admin.display(description=_("职责"))
    def role_name(self, row: Invitation) -> str:
        """The role in words."""
        return str(Role(row.role).label)

    @admin.display(description=_("状态"))
    def outcome(self, row: Invitation) -> str:
        """What became of it."""
        if row.taken_at:
            return str(_("已使用"))
        if row.withdrawn_at:
            return str(_("已撤回"))
        return str(_("已过期")) if row.expires_at <= clock.now() else str(_("待使用"))

    @admin.display(description=_("有效期至"))
    def expires(self, row: Invitation) -> str:
        """Until when."""
        return shown_time(row.expires_at)


for site in (centre_site, institution_site):
    site.register(Invitation, InvitationAdmin)
