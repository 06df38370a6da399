"""Clients of institutions and their keys; the gateway below has no admin of its own."""

from datetime import timedelta
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from foundation.core.actor import Actor
from foundation.gateway import selectors as gateway_selectors
from foundation.gateway import services as gateway
from foundation.gateway.derived import national_app_secret
from foundation.gateway.scopes import SCOPES
from foundation.gateway.types import Algorithm, ClientState, Environment, KeyState
from institutions import services
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin
from institutions.models import Institution
from institutions.rules import Duty
from institutions.services import clients as client_services
from institutions.sites import centre_site, institution_site

SCOPE_CHOICES = [(name, f"{entry.label}（{name}）") for name, entry in SCOPES.items()]


class ClientForm(ActForm):
    """Creates a client."""

    institution = forms.ChoiceField(label=_("机构"))
    name = forms.CharField(label=_("名称"), max_length=60)
    environment = forms.ChoiceField(label=_("环境"), choices=Environment.choices)
    scopes = forms.MultipleChoiceField(
        label=_("权限"), choices=SCOPE_CHOICES, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = institution_choices(self.actor)  # type: ignore[attr-defined]

    def perform(self) -> Done:
        """Create it."""
        data = self.cleaned_data
        services.create_client(
            institution=data["institution"],
            name=data["name"],
            scopes=data["scopes"],
            environment=data["environment"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("接入应用已创建，请为它添加密钥"))


class ScopesForm(ActForm):
    """Replaces the scopes of a client."""

    scopes = forms.MultipleChoiceField(
        label=_("权限"), choices=SCOPE_CHOICES, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["scopes"] = self.subject.scopes

    def perform(self) -> Done:
        """Replace them."""
        client_services.set_scopes(
            client=self.subject.public_id,
            scopes=self.cleaned_data["scopes"],
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        return Done(_("权限已更改，立即生效"))


class HostsForm(ActForm):
    """Replaces the hosts of a client."""

    hosts = forms.CharField(
        label=_("登记的域名"),
        required=False,
        help_text=_("每行一个小写域名，例如 his.example.com；居民授权后只返回、通知只发往这些域名"),
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["hosts"] = "\n".join(self.subject.hosts)

    def perform(self) -> Done:
        """Replace them."""
        client_services.set_hosts(
            client=self.subject.public_id,
            hosts=self.cleaned_data["hosts"].split(),
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        return Done(_("登记的域名已更改，立即生效"))


class KeyForm(ActForm):
    """Adds a key to a client."""

    algorithm = forms.ChoiceField(label=_("算法"), choices=Algorithm.choices)
    public_key = forms.CharField(
        label=_("SM2 公钥"),
        required=False,
        help_text=_("仅 SM2-SM3 需要：PEM 文本，或 128 位十六进制的 x、y 坐标。私钥由机构自己保管"),
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"}),
    )

    def perform(self) -> Done:
        """Add it; a shared secret is shown this once."""
        made = client_services.add_key(
            client=self.subject.public_id,
            algorithm=self.cleaned_data["algorithm"],
            public_key=self.cleaned_data["public_key"],
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        return key_shown_once(made)


def key_shown_once(made: gateway.NewKey) -> Done:
    """The page of a new key."""
    if not made.secret:
        return Done(_("公钥已登记"), once=((_("密钥编号"), made.kid),))
    return Done(_("请现在就把密钥交给机构的系统保存，离开本页后不再显示"), once=_shown_once(made))


def _shown_once(made: gateway.NewKey) -> tuple[tuple[str | Promise, str], ...]:
    """The key in the words of the documents of its dialect."""
    if made.algorithm == Algorithm.NATIONAL:
        return (
            ("appId", made.kid),
            ("appSecret", national_app_secret(made.kid, made.secret)),
            (_("系统密钥（systemKey）"), made.secret),
        )
    return ((_("密钥编号"), made.kid), (_("密钥"), made.secret))


class SuspendForm(ActForm):
    """Suspends a client."""

    def perform(self) -> Done:
        """Suspend it."""
        client_services.suspend_client(
            client=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("接入应用已停用，其请求从现在起全部拒绝"))


class ResumeForm(ActForm):
    """Resumes a client."""

    def perform(self) -> Done:
        """Resume it."""
        client_services.resume_client(
            client=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("接入应用已恢复"))


class RetireForm(ActForm):
    """Retires a key."""

    def perform(self) -> Done:
        """Retire it."""
        client_services.retire_key(
            key=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("密钥已作废，立即生效"))


class RotationForm(ActForm):
    """Rotates a key."""

    hours = forms.TypedChoiceField(
        label=_("旧密钥继续使用"),
        coerce=int,
        choices=[(1, _("1 小时")), (24, _("1 天")), (168, _("7 天")), (720, _("30 天"))],
        initial=168,
        help_text=_("这段时间内新旧密钥都能用，请在到期前把机构的系统换成新密钥"),
    )
    public_key = forms.CharField(
        label=_("新的 SM2 公钥"),
        required=False,
        help_text=_("仅 SM2-SM3 需要：PEM 文本，或 128 位十六进制的 x、y 坐标"),
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"}),
    )

    def perform(self) -> Done:
        """Rotate it; a shared secret is shown this once."""
        data = self.cleaned_data
        made = client_services.rotate_key(
            key=self.subject.public_id,
            overlap=timedelta(hours=data["hours"]),
            public_key=data["public_key"],
            actor=self.actor,
            reason=data["reason"],
        )
        return key_shown_once(made)


class ClosingForm(ActForm):
    """Ends a client."""

    def perform(self) -> Done:
        """End it."""
        client_services.retire_client(
            client=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("接入应用已注销，它的密钥全部作废"))


def clients(actor: Actor) -> "QuerySet[Any]":
    """The clients that an actor may see, each with its institution's name."""
    place = Institution.objects.filter(public_id=OuterRef("institution")).values("short_name")
    return gateway_selectors.visible_clients(actor).annotate(place=Subquery(place[:1]))


def _is_living(row: Any) -> bool:
    return bool(row.state != ClientState.RETIRED)


class ClientAdmin(ScopedAdmin):
    """Clients."""

    visible = staticmethod(clients)
    duty = Duty.MANAGE_KEYS
    creation = Act("add", _("创建接入应用"), ClientForm, Duty.MANAGE_CLIENTS)
    acts = (
        Act("add-key", _("添加密钥"), KeyForm, Duty.MANAGE_KEYS, _is_living),
        Act("scopes", _("更改权限"), ScopesForm, Duty.MANAGE_CLIENTS, _is_living),
        Act("hosts", _("登记域名"), HostsForm, Duty.MANAGE_CLIENTS, _is_living),
        Act(
            "suspend",
            _("停用"),
            SuspendForm,
            Duty.STOP_CLIENTS,
            lambda row: row.state == ClientState.ACTIVE,
        ),
        Act(
            "resume",
            _("恢复"),
            ResumeForm,
            Duty.MANAGE_CLIENTS,
            lambda row: row.state == ClientState.SUSPENDED,
        ),
        Act("close", _("注销"), ClosingForm, Duty.STOP_CLIENTS, _is_living),
    )
    list_display = ("name", "institution_name", "environment", "state", "is_held", "created_at")
    list_filter = ("environment", "state", "is_held")
    search_fields = ("name", "public_id")
    fields = (
        "name",
        "number",
        "institution_name",
        "environment",
        "scope_list",
        "host_list",
        "rate_per_minute",
        "state",
        "is_held",
        "key_list",
        "created",
        "updated",
    )
    readonly_fields = (
        "number",
        "institution_name",
        "scope_list",
        "host_list",
        "key_list",
        "created",
        "updated",
    )

    @admin.display(description=_("机构"))
    def institution_name(self, row: Any) -> str:
        """The institution's short name."""
        return getattr(row, "place", None) or "—"

    @admin.display(description=_("权限"))
    def scope_list(self, row: Any) -> SafeString:
        """The scopes in words."""
        return format_html_join(
            "", "<div>{}（{}）</div>", ((SCOPES[name].label, name) for name in row.scopes)
        )

    @admin.display(description=_("登记的域名"))
    def host_list(self, row: Any) -> str:
        """The hosts that are its own."""
        return "、".join(row.hosts) or "—"

    @admin.display(description=_("密钥"))
    def key_list(self, row: Any) -> SafeString:
        """The keys, without their secrets."""
        keys = row.keys.defer("secret").order_by("-pk")
        rows = ((key.kid, key.algorithm, key.get_state_display()) for key in keys)
        return format_html_join("", "<div>{} · {} · {}</div>", rows)


def _may_rotate(row: Any) -> bool:
    return row.state == KeyState.ACTIVE and row.not_after is None


class KeyAdmin(ScopedAdmin):
    """Keys."""

    visible = staticmethod(gateway_selectors.visible_keys)
    duty = Duty.MANAGE_KEYS
    acts = (
        Act("rotate", _("轮换"), RotationForm, Duty.MANAGE_KEYS, _may_rotate),
        Act("retire", _("作废"), RetireForm, Duty.MANAGE_KEYS, lambda row: row.state == KeyState.ACTIVE),
    )
    list_display = ("kid", "client", "algorithm", "state", "not_before", "not_after")
    list_filter = ("algorithm", "state")
    search_fields = ("kid", "client__name")
    fields = (
        "kid",
        "client",
        "algorithm",
        "public_key",
        "state",
        "not_before",
        "not_after",
        "created",
        "retired_at",
        "number",
    )
    readonly_fields = ("created", "number")


for site in (centre_site, institution_site):
    site.register(apps.get_model("gateway", "ApiClient"), ClientAdmin)
    site.register(apps.get_model("gateway", "ClientKey"), KeyAdmin)
