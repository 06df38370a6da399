"""Addresses of institutions that are told what happens here."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from foundation.core.actor import Actor
from foundation.gateway import selectors as gateway
from foundation.gateway.types import ClientState
from gmcrypto import statements
from institutions import selectors as institutions
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from interop.models import EndpointState, WebhookEndpoint
from interop.webhooks import messages, selectors, services

_TYPES = [(name, name) for name in messages.TYPES]


def _shown_once(message: Any, secret: str) -> Done:
    return Done(message, once=((_("签名密钥"), secret), (_("中心的 SM2 公钥"), statements.public_key())))


class EndpointForm(ActForm):
    """Registers an address."""

    client = forms.ChoiceField(label=_("接入应用"))
    url = forms.CharField(
        label=_("地址"),
        max_length=500,
        help_text=_("完整的 https 地址，域名须已登记在这个接入应用下"),
        widget=forms.TextInput(attrs={"class": "vLargeTextField"}),
    )
    types = forms.MultipleChoiceField(
        label=_("消息类型"), choices=_TYPES, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clients = gateway.visible_clients(self.actor).exclude(state=ClientState.RETIRED).order_by("pk")
        self.fields["client"].choices = [(row.public_id, row.name) for row in clients]  # type: ignore[attr-defined]

    def perform(self) -> Done:
        """Register it; its secret is shown this once."""
        data = self.cleaned_data
        _row, secret = services.add_endpoint(
            client=data["client"],
            url=data["url"],
            types=data["types"],
            actor=self.actor,
            reason=data["reason"],
        )
        return _shown_once(_("接收地址已登记。请现在就把密钥交给机构的系统保存，离开本页后不再显示"), secret)


class TypesForm(ActForm):
    """Replaces what an address is told."""

    types = forms.MultipleChoiceField(
        label=_("消息类型"), choices=_TYPES, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["types"] = self.subject.types

    def perform(self) -> Done:
        """Replace it."""
        services.change_types(
            endpoint=self.subject.public_id,
            types=self.cleaned_data["types"],
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        return Done(_("消息类型已更改，对之后发生的事生效"))


class SecretForm(ActForm):
    """Exchanges the secret."""

    def perform(self) -> Done:
        """Exchange it; the new one is shown this once."""
        secret = services.rotate_secret(
            endpoint=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return _shown_once(
            _("新密钥已启用。7 天内新旧密钥同时签名，请在此之前换好，离开本页后不再显示"), secret
        )


class TestForm(ActForm):
    """Posts a message that says nothing."""

    def perform(self) -> Done:
        """Post it."""
        services.send_test(
            endpoint=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("测试消息已发出，结果见“发出的消息”"))


class ReplayForm(ActForm):
    """Sends what failed once more."""

    def perform(self) -> Done:
        """Send it."""
        count = services.replay_failed(
            endpoint=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(gettext("%(count)s 条失败的消息正在重发") % {"count": count})


class StopForm(ActForm):
    """Stops an address."""

    def perform(self) -> Done:
        """Stop it."""
        services.stop_endpoint(
            endpoint=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("接收地址已停用，之后不再发送"))


class ResumeForm(ActForm):
    """Uses an address again."""

    def perform(self) -> Done:
        """Use it again."""
        services.resume_endpoint(
            endpoint=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("接收地址已恢复；停用期间失败的消息可以重发"))


def _is_active(row: Any) -> bool:
    return bool(row.state == EndpointState.ACTIVE)


def endpoints(actor: Actor) -> "QuerySet[Any]":
    """The addresses that an actor may see, each with its institution's name."""
    place = institutions.visible(actor).filter(public_id=OuterRef("institution")).values("short_name")
    return selectors.visible_endpoints(actor).annotate(place=Subquery(place[:1]))


class EndpointAdmin(ScopedAdmin):
    """Addresses."""

    visible = staticmethod(endpoints)
    duty = Duty.SEE_EXCHANGE
    creation = Act("add", _("登记接收地址"), EndpointForm, Duty.MANAGE_EXCHANGE)
    acts = (
        Act("types", _("更改消息类型"), TypesForm, Duty.MANAGE_EXCHANGE),
        Act("test", _("发送测试消息"), TestForm, Duty.MANAGE_EXCHANGE, _is_active),
        Act("rotate", _("轮换密钥"), SecretForm, Duty.MANAGE_EXCHANGE),
        Act("replay", _("重发失败的消息"), ReplayForm, Duty.MANAGE_EXCHANGE, _is_active),
        Act("stop", _("停用"), StopForm, Duty.MANAGE_EXCHANGE, _is_active),
        Act("resume", _("恢复"), ResumeForm, Duty.MANAGE_EXCHANGE, lambda row: not _is_active(row)),
    )
    list_display = ("url", "institution_name", "state", "type_list", "created")
    list_filter = ("state",)
    search_fields = ("url",)
    fields = (
        "url",
        "institution_name",
        "client_name",
        "state",
        "type_list",
        "key_list",
        "centre_key",
        "created",
        "updated",
        "number",
    )
    readonly_fields = (
        "institution_name",
        "client_name",
        "type_list",
        "key_list",
        "centre_key",
        "created",
        "updated",
        "number",
    )

    @admin.display(description=_("机构"))
    def institution_name(self, row: Any) -> str:
        """The institution's short name."""
        return getattr(row, "place", None) or "—"

    @admin.display(description=_("接入应用"))
    def client_name(self, row: Any) -> str:
        """The client's name."""
        return gateway.client_name(row.client)

    @admin.display(description=_("消息类型"))
    def type_list(self, row: Any) -> str:
        """What it is told."""
        return "、".join(row.types)

    @admin.display(description=_("签名密钥"))
    def key_list(self, row: Any) -> SafeString:
        """The keys, without their secrets."""
        keys = row.keys.defer("secret").order_by("-pk")
        rows = (
            (
                shown_time(key.created_at),
                gettext("使用中") if key.not_after is None else gettext("用到"),
                "" if key.not_after is None else shown_time(key.not_after),
            )
            for key in keys
        )
        return format_html_join("", "<div>{} · {} {}</div>", rows)

    @admin.display(description=_("中心的 SM2 公钥"))
    def centre_key(self, row: Any) -> str:
        """The public key of v1sm2 signatures."""
        return statements.public_key()


for site in (centre_site, institution_site):
    site.register(WebhookEndpoint, EndpointAdmin)
