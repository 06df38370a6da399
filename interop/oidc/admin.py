"""Relying parties, as the centre registers them; institutions see their own."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from institutions import selectors as institutions
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from interop.oidc import selectors, services
from interop.oidc.models import PartyState, RelyingParty
from interop.oidc.rules import SCOPES


class PartyForm(ActForm):
    """Registers a relying party."""

    institution = forms.ChoiceField(label=_("机构"))
    name = forms.CharField(label=_("名称"), max_length=60, help_text=_("居民在登录页上看到的名称"))
    redirect_uris = forms.CharField(
        label=_("回调地址"),
        help_text=_("每行一个，以 https 开头"),
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("可请求的信息"),
        choices=[(name, scope.label) for name, scope in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = institution_choices(self.actor)  # type: ignore[attr-defined]

    def perform(self) -> Done:
        """Register it; the secret is shown this once."""
        data = self.cleaned_data
        made = services.register_party(
            institution_pk=institutions.visible(self.actor).get(public_id=data["institution"]).pk,
            name=data["name"],
            redirect_uris=data["redirect_uris"].split(),
            scopes=data["scopes"],
            reason=data["reason"],
            actor=self.actor,
        )
        return _shown_once(made)


class SecretForm(ActForm):
    """Gives a new secret."""

    def perform(self) -> Done:
        """Give it; the old one is dead at once."""
        return _shown_once(
            services.rotate_secret(
                party_pk=self.subject.pk, reason=self.cleaned_data["reason"], actor=self.actor
            )
        )


class SuspendForm(ActForm):
    """Suspends a relying party."""

    def perform(self) -> Done:
        """Suspend it."""
        services.suspend_party(party_pk=self.subject.pk, reason=self.cleaned_data["reason"], actor=self.actor)
        return Done(_("登录应用已停用，已发出的凭证立即失效"))


class ResumeForm(ActForm):
    """Resumes a relying party."""

    def perform(self) -> Done:
        """Resume it."""
        services.resume_party(party_pk=self.subject.pk, reason=self.cleaned_data["reason"], actor=self.actor)
        return Done(_("登录应用已恢复"))


def _shown_once(made: services.NewParty) -> Done:
    return Done(
        _("请现在就把密钥交给机构的系统保存，离开本页后不再显示"),
        once=(("client_id", made.party.client_id), ("client_secret", made.secret)),
    )


class PartyAdmin(ScopedAdmin):
    """Relying parties."""

    visible = staticmethod(selectors.visible_parties)
    duty = Duty.MANAGE_KEYS
    creation = Act("add", _("登记登录应用"), PartyForm, Duty.MANAGE_CLIENTS)
    acts = (
        Act("secret", _("更换密钥"), SecretForm, Duty.MANAGE_KEYS),
        Act(
            "suspend",
            _("停用"),
            SuspendForm,
            Duty.MANAGE_CLIENTS,
            lambda row: row.state == PartyState.ACTIVE,
        ),
        Act(
            "resume",
            _("恢复"),
            ResumeForm,
            Duty.MANAGE_CLIENTS,
            lambda row: row.state == PartyState.SUSPENDED,
        ),
    )
    list_display = ("name", "institution", "state", "made")
    list_filter = ("state",)
    search_fields = ("name", "client_id")
    fields = ("name", "institution", "client_id", "addresses", "asks_for", "state", "made")
    readonly_fields = ("addresses", "asks_for", "made")

    @admin.display(description=_("回调地址"))
    def addresses(self, row: Any) -> SafeString:
        """One a line."""
        return format_html_join("", "<div>{}</div>", ((address,) for address in row.redirect_uris.split()))

    @admin.display(description=_("可请求的信息"))
    def asks_for(self, row: Any) -> SafeString:
        """The scopes in words."""
        return format_html_join(
            "", "<div>{}（{}）</div>", ((SCOPES[name].label, name) for name in row.allowed_scopes)
        )

    @admin.display(description=_("创建时间"))
    def made(self, row: Any) -> str:
        """When it was registered."""
        return shown_time(row.created)


for site in (centre_site, institution_site):
    site.register(RelyingParty, PartyAdmin)
