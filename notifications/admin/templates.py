"""Templates of messages: versions, checked when they are saved, put in force and retired."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site
from notifications.kinds import KINDS, kind_of
from notifications.models import Template
from notifications.models.template import TemplateState
from notifications.rules import fields as rules
from notifications.rules.topics import Channel
from notifications.selectors import staff
from notifications.services import templates as services

PLACES = "、".join(f"{{{name}}}" for name in rules.VARIABLES)


class TemplateForm(ActForm):
    """Writes a new version."""

    kind = forms.ChoiceField(label=_("消息种类"))
    channel = forms.ChoiceField(label=_("渠道"), choices=Channel.choices)
    external_id = forms.CharField(
        label=_("模板编号"), max_length=64, help_text=_("微信后台的模板编号，或短信供应商的模板名")
    )
    fields_text = forms.CharField(
        label=_("字段"),
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"}),
        help_text=_("每行一个，写成“字段名=内容”，例如 thing1={hospital}。可用的变量：%(places)s")
        % {"places": PLACES},
    )
    is_permanent = forms.BooleanField(
        label=_("长期订阅"), required=False, help_text=_("只用于小程序的长期订阅模板")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (name, f"{kind.title}（{name}）") for name, kind in KINDS.items()
        ]
        if self.subject is not None:
            for name in ("kind", "channel", "external_id", "is_permanent"):
                self.fields[name].initial = getattr(self.subject, name)
            self.fields["fields_text"].initial = _as_text(self.subject.fields)
            for name in ("kind", "channel"):
                self.fields[name].disabled = True

    def clean_fields_text(self) -> dict[str, str]:
        """Names and texts, in their order."""
        said = {}
        for line in str(self.cleaned_data["fields_text"]).splitlines():
            name, mark, text = line.strip().partition("=")
            if line.strip() and not (mark and name.strip() and text.strip()):
                raise forms.ValidationError(_("每行写成“字段名=内容”"))
            if line.strip():
                said[name.strip()] = text.strip()
        return said

    def perform(self) -> Done:
        """Write it down; it is not in force yet."""
        data = self.cleaned_data
        row = services.draft_template(
            kind=data["kind"],
            channel=data["channel"],
            external_id=data["external_id"],
            fields=data["fields_text"],
            is_permanent=data["is_permanent"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("新版本已保存为草稿，启用后生效"), row=row)


class ActivateForm(ActForm):
    """Puts a version in force."""

    def perform(self) -> Done:
        """The one before is retired."""
        services.activate_template(
            template=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("已启用，原来的版本停用"))


class RetireForm(ActForm):
    """Takes a version out of force."""

    def perform(self) -> Done:
        """The kind goes over this channel no more."""
        services.retire_template(
            template=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("已停用"))


def _as_text(fields: dict[str, str]) -> str:
    return "\n".join(f"{name}={text}" for name, text in fields.items())


def _is_active(row: Template) -> bool:
    return row.state == TemplateState.ACTIVE


def _is_not_active(row: Template) -> bool:
    return row.state != TemplateState.ACTIVE


class TemplateAdmin(ScopedAdmin):
    """Versions of templates."""

    visible = staticmethod(staff.visible_templates)
    duty = Duty.SEE_MESSAGES
    creation = Act("add", _("新建模板"), TemplateForm, Duty.MANAGE_TEMPLATES)
    acts = (
        Act("edit", _("写新版本"), TemplateForm, Duty.MANAGE_TEMPLATES),
        Act("activate", _("启用"), ActivateForm, Duty.MANAGE_TEMPLATES, _is_not_active),
        Act("retire", _("停用"), RetireForm, Duty.MANAGE_TEMPLATES, _is_active),
    )
    list_display = ("title", "channel", "version", "state", "external_id", "created")
    list_filter = ("state", "channel")
    search_fields = ("kind", "external_id")
    fields = (
        "title",
        "kind",
        "channel",
        "version",
        "state",
        "external_id",
        "is_permanent",
        "fields_shown",
        "preview",
        "grants",
        "created",
        "activated",
    )
    readonly_fields = ("title", "fields_shown", "preview", "grants", "created", "activated")

    @admin.display(description=_("消息"))
    def title(self, row: Template) -> str:
        """What residents read as the title."""
        return str(kind_of(row.kind).title)

    @admin.display(description=_("字段"))
    def fields_shown(self, row: Template) -> str:
        """Names and texts."""
        return _as_text(row.fields)

    @admin.display(description=_("样例"))
    def preview(self, row: Template) -> str:
        """The same with invented values."""
        return _as_text({name: text.format_map(rules.VARIABLES) for name, text in row.fields.items()})

    @admin.display(description=_("可推送的授权"))
    def grants(self, row: Template) -> str:
        """How many residents allow it, and how many messages they allow together."""
        users, messages, refused = staff.grants_of(row)
        return _("%(users)s 人，共 %(messages)s 条；拒绝 %(refused)s 人") % {
            "users": users,
            "messages": messages,
            "refused": refused,
        }

    @admin.display(description=_("启用时间"))
    def activated(self, row: Template) -> str:
        """When it was put in force."""
        return shown_time(row.activated_at) if row.activated_at else ""


centre_site.register(Template, TemplateAdmin)
