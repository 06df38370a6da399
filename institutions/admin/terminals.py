"""Terminals: added one by one or from a list, bound to a client, activated, switched off and on."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from foundation.gateway import selectors as gateway_selectors
from foundation.gateway.types import ClientState
from institutions import selectors, services
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.models import Terminal
from institutions.rules import Duty, TerminalKind, TerminalState, may
from institutions.selectors import staff_actor
from institutions.services import terminals
from institutions.sites import centre_site, institution_site


class TerminalForm(ActForm):
    """Adds a terminal."""

    institution = forms.ChoiceField(label=_("机构"))
    terminal_id = forms.RegexField(
        r"^[A-Za-z0-9_-]+$", label=_("终端编号"), max_length=32, help_text=_("字母、数字、下划线或连字符")
    )
    name = forms.CharField(label=_("名称"), max_length=60)
    kind = forms.ChoiceField(label=_("类型"), choices=TerminalKind.choices)
    place = forms.CharField(label=_("位置"), required=False, max_length=100)
    department = forms.CharField(label=_("科室"), required=False, max_length=60)
    filing_number = forms.CharField(
        label=_("设备备案号"), required=False, max_length=40, help_text=_("识读设备在主管部门备案的编号")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = institution_choices(self.actor)  # type: ignore[attr-defined]

    def perform(self) -> Done:
        """Add it."""
        data = self.cleaned_data
        services.add_terminal(
            institution=data["institution"],
            terminal_id=data["terminal_id"],
            name=data["name"],
            kind=data["kind"],
            place=data["place"],
            department=data["department"],
            filing_number=data["filing_number"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("终端已添加"))


class DisablingForm(ActForm):
    """Disables a terminal."""

    def perform(self) -> Done:
        """Disable it."""
        services.disable_terminal(
            terminal=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("终端已停用"))


class EnablingForm(ActForm):
    """Enables a terminal."""

    def perform(self) -> Done:
        """Enable it."""
        services.enable_terminal(
            terminal=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("终端已启用"))


class BindingForm(ActForm):
    """Binds a terminal to a client."""

    app = forms.ChoiceField(label=_("接入应用"), help_text=_("绑定后只有这个应用能用这台终端扫码"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clients = gateway_selectors.visible_clients(self.actor).filter(
            institution=self.subject.institution.public_id, state=ClientState.ACTIVE
        )
        self.fields["app"].choices = [  # type: ignore[attr-defined]
            ("", "---------"),
            *clients.order_by("name").values_list("public_id", "name"),
        ]

    def perform(self) -> Done:
        """Bind it."""
        terminals.bind_terminal(
            terminal=self.subject.public_id,
            client=self.cleaned_data["app"],
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        return Done(_("终端已绑定"))


class ActivationForm(ActForm):
    """Makes an activation code."""

    def perform(self) -> Done:
        """Make it; it is shown this once."""
        code = terminals.issue_activation_code(
            terminal=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(
            _("请在终端上输入激活码，24 小时内有效，只能用一次。终端登录之前不能扫码"),
            once=((_("终端编号"), self.subject.terminal_id), (_("激活码"), f"{code[:5]}-{code[5:]}")),
        )


class ImportForm(forms.Form):
    """A list of terminals."""

    institution = forms.ChoiceField(label=_("机构"))
    file = forms.FileField(label=_("CSV 文件"))
    reason = forms.CharField(label=_("原因"), help_text=_("会写入审计记录"), min_length=2, max_length=200)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.fields["institution"].choices = institution_choices(actor)  # type: ignore[attr-defined]

    def perform(self) -> list[terminals.Imported]:
        """Import it."""
        data = self.cleaned_data
        return terminals.import_terminals(
            institution=data["institution"],
            content=data["file"].read(),
            actor=self.actor,
            reason=data["reason"],
        )


def _is_active(row: Terminal) -> bool:
    return row.state == TerminalState.ACTIVE


def _may_activate(row: Terminal) -> bool:
    return _is_active(row) and bool(row.client)


class TerminalAdmin(ScopedAdmin):
    """Terminals."""

    visible = staticmethod(selectors.visible_terminals)
    creation = Act("add", _("添加终端"), TerminalForm, Duty.MANAGE_TERMINALS)
    acts = (
        Act("bind", _("绑定应用"), BindingForm, Duty.MANAGE_TERMINALS, _is_active),
        Act("activate", _("生成激活码"), ActivationForm, Duty.MANAGE_TERMINALS, _may_activate),
        Act(
            "disable",
            _("停用"),
            DisablingForm,
            Duty.MANAGE_TERMINALS,
            _is_active,
        ),
        Act(
            "enable",
            _("启用"),
            EnablingForm,
            Duty.MANAGE_TERMINALS,
            lambda row: row.state == TerminalState.DISABLED,
        ),
    )
    list_display = ("terminal_id", "name", "institution", "kind", "place", "state", "last_seen")
    list_filter = ("state", "kind", "must_sign_in")
    search_fields = ("terminal_id", "name", "place", "filing_number")
    fields = (
        "terminal_id",
        "name",
        "institution",
        "kind",
        "place",
        "department",
        "filing_number",
        "client_name",
        "sign_in",
        "last_seen",
        "state",
        "number",
        "created",
    )
    readonly_fields = ("client_name", "sign_in", "last_seen", "number", "created")
    change_list_template = "institutions/terminal_list.html"

    @admin.display(description=_("绑定应用"))
    def client_name(self, row: Terminal) -> str:
        """The client that alone may name it."""
        return gateway_selectors.client_name(row.client) if row.client else str(_("本机构的任何应用"))

    @admin.display(description=_("登录"))
    def sign_in(self, row: Terminal) -> str:
        """Where its own sign-in stands."""
        if not row.must_sign_in:
            return str(_("不需要"))
        if row.session_until is None or row.session_until <= clock.now():
            return str(_("等待激活"))
        return str(_("已登录，有效期至 %(time)s")) % {"time": shown_time(row.session_until)}

    @admin.display(description=_("最近在线"), ordering="last_seen_at")
    def last_seen(self, row: Terminal) -> str:
        """When it was heard of last."""
        return shown_time(row.last_seen_at) if row.last_seen_at else "—"

    def get_urls(self) -> list[URLPattern]:
        """The page of the import, before the others."""
        importing = path(
            "import/",
            self.admin_site.admin_view(self.import_view),
            name=f"{self.opts.app_label}_{self.opts.model_name}_import",
        )
        return [importing, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with the way to the import for whoever may use it."""
        may_import = may(staff_actor(request), Duty.MANAGE_TERMINALS)
        return super().changelist_view(request, {"may_import": may_import, **(extra_context or {})})

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Add the terminals of a CSV list; what became of each line is shown."""
        actor = staff_actor(request)
        services.require(actor, Duty.MANAGE_TERMINALS)
        form = ImportForm(request.POST or None, request.FILES or None, actor=actor)
        done: list[terminals.Imported] = []
        if form.is_valid():
            try:
                done = form.perform()
            except DomainError as exc:
                form.add_error(None, f"{exc.text()}。{exc.advice()}")
        context = {
            **self.admin_site.each_context(request),
            "title": _("导入终端"),
            "opts": self.opts,
            "list_url": self._list_address(),
            "form": form,
            "done": done,
            "added": sum(not each.problem for each in done),
            "columns": "，".join(terminals.COLUMNS),
        }
        return TemplateResponse(request, "institutions/terminal_import.html", context)


for site in (centre_site, institution_site):
    site.register(Terminal, TerminalAdmin)
