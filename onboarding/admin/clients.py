"""Requests for applications: made on the institution's site, released on the centre's."""

from typing import Any

import orjson
from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from foundation.gateway.scopes import SCOPES
from institutions.admin.clients import SCOPE_CHOICES
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.selectors import staff_actor
from institutions.sites import centre_site, institution_site
from onboarding import selectors
from onboarding.admin.joinings import AnswerForm
from onboarding.models import ClientRequest
from onboarding.rules import RequestState
from onboarding.services import authorisation, clients


class RequestForm(ActForm):
    """Asks for an application."""

    institution = forms.ChoiceField(label=_("机构"))
    name = forms.CharField(label=_("应用名称"), max_length=60, help_text=_("例如：门诊信息系统"))
    scopes = forms.MultipleChoiceField(
        label=_("权限"), choices=SCOPE_CHOICES, widget=forms.CheckboxSelectMultiple
    )
    purpose = forms.CharField(
        label=_("用途"),
        help_text=_("在哪些业务、哪些科室使用，为什么需要这些权限"),
        min_length=4,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = institution_choices(self.actor)  # type: ignore[attr-defined]

    def perform(self) -> Done:
        """Ask for it."""
        data = self.cleaned_data
        clients.request_client(
            institution=data["institution"],
            name=data["name"],
            scopes=data["scopes"],
            purpose=data["purpose"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("申请已提交，等待卡管中心审核"))


class ReleaseForm(ActForm):
    """Releases it."""

    scopes = forms.MultipleChoiceField(
        label=_("开通的权限"), choices=SCOPE_CHOICES, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wanted = set(self.subject.scopes)
        choices = [choice for choice in SCOPE_CHOICES if choice[0] in wanted]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]
        self.initial["scopes"] = self.subject.scopes

    def perform(self) -> Done:
        """Release it."""
        clients.release_client(
            request=self.subject.public_id,
            scopes=self.cleaned_data["scopes"],
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        return Done(_("应用已开通，机构可以为它添加密钥"))


class RefuseForm(AnswerForm):
    """Refuses it."""

    def perform(self) -> Done:
        """Refuse it."""
        data = self.cleaned_data
        clients.refuse_client(
            request=self.subject.public_id,
            message=data["message"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("已拒绝，申请机构可以看到原因"))


def _waits(row: ClientRequest) -> bool:
    return row.state == RequestState.REQUESTED


class ClientRequestAdmin(ScopedAdmin):
    """Requests, with the authorisation file of those that were released."""

    visible = staticmethod(selectors.visible_requests)
    duty = Duty.MANAGE_KEYS
    creation = Act("add", _("申请接入应用"), RequestForm, Duty.REQUEST_CLIENTS)
    acts = (
        Act("release", _("开通"), ReleaseForm, Duty.MANAGE_CLIENTS, _waits),
        Act("refuse", _("拒绝"), RefuseForm, Duty.MANAGE_CLIENTS, _waits),
    )
    list_display = ("name", "institution", "state", "created_at", "decided_at")
    list_filter = ("state",)
    search_fields = ("name", "institution__name", "=client")
    fields = (
        "name",
        "institution",
        "scope_list",
        "purpose",
        "state",
        "message",
        "client",
        "authorisation",
        "created",
        "number",
    )
    readonly_fields = ("scope_list", "authorisation", "created", "number")

    @admin.display(description=_("申请的权限"))
    def scope_list(self, row: ClientRequest) -> SafeString:
        """The scopes in words; one that has left the table by its word alone."""
        labels = ((SCOPES[name].label if name in SCOPES else "", name) for name in row.scopes)
        return format_html_join("", "<div>{}（{}）</div>", labels)

    @admin.display(description=_("授权文件"))
    def authorisation(self, row: ClientRequest) -> SafeString | str:
        """The way to the signed statement."""
        if row.state != RequestState.RELEASED:
            return "—"
        return format_html('<a href="{}">{}</a>', self.address("authorisation", row), _("下载"))

    def get_urls(self) -> list[URLPattern]:
        """The authorisation file, before the others."""
        options = self.opts
        file = path(
            "<path:object_id>/authorisation/",
            self.admin_site.admin_view(self.authorisation_view),
            name=f"{options.app_label}_{options.model_name}_authorisation",
        )
        return [file, *super().get_urls()]

    def authorisation_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The file; 404 where the request is another institution's."""
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request, row):
            return HttpResponse(status=403)
        content = authorisation.authorisation_file(request=row.public_id, actor=staff_actor(request))
        response = HttpResponse(
            orjson.dumps(content, option=orjson.OPT_INDENT_2), content_type="application/json"
        )
        response.headers["Content-Disposition"] = f'attachment; filename="authorisation-{row.client}.json"'
        return response


for site in (centre_site, institution_site):
    site.register(ClientRequest, ClientRequestAdmin)
