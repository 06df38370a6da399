"""Examinations, the rules between them, and what was ordered."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from appointments.models import ExamItem, ExamOrder, ExamRule
from appointments.rules.exams import ExamRuleKind
from appointments.selectors import exams as reading
from appointments.services import exams as services
from foundation.core.actor import Actor
from institutions import selectors as institutions
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site

_TAG = r"[a-z][a-z0-9-]{0,19}"


class _PlaceForm(ActForm):
    """Asks for the institution, except where the row has one."""

    institution = forms.ChoiceField(label=_("机构"))

    def __init__(self, *args: Any, subject: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, subject=subject, actor=actor, **kwargs)
        if subject is not None:
            del self.fields["institution"]
            for name in self.fields:
                if hasattr(subject, name):
                    self.fields[name].initial = getattr(subject, name)
            return
        self.fields["institution"].choices = [  # type: ignore[attr-defined]
            (row.public_id, row.short_name) for row in institutions.visible(actor).order_by("code")
        ]

    @property
    def place(self) -> str:
        """Public id of the institution."""
        if self.subject is not None:
            return str(self.subject.institution.public_id)
        return str(self.cleaned_data["institution"])


class ItemForm(_PlaceForm):
    """Adds an examination, or changes it."""

    code = forms.CharField(label=_("项目代码"), max_length=40)
    name = forms.CharField(label=_("名称"), max_length=60)
    department = forms.CharField(label=_("检查科室代码"), max_length=32)
    tags = forms.CharField(
        label=_("特性"),
        required=False,
        max_length=200,
        help_text=_("规则用的英文词，空格隔开，例如 fasting contrast"),
        validators=[],
    )
    latest = forms.TimeField(label=_("最晚开始"), required=False, help_text=_("例如空腹检查 10:30"))
    priority = forms.IntegerField(label=_("先后"), initial=100, min_value=0, max_value=30_000)
    preparation = forms.CharField(
        label=_("检查前准备"), required=False, max_length=1_000, widget=forms.Textarea
    )
    is_open = forms.BooleanField(label=_("开放预约"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.subject is not None:
            self.fields["code"].disabled = True
            self.fields["department"].initial = self.subject.department.code
            self.fields["tags"].initial = " ".join(self.subject.tags)

    def clean_tags(self) -> tuple[str, ...]:
        """The words alone."""
        words = tuple(self.cleaned_data["tags"].split())
        field = forms.RegexField(_TAG)
        for word in words:
            field.clean(word)
        return words

    def perform(self) -> Done:
        """Save it."""
        data = self.cleaned_data
        services.save_item(
            institution=self.place,
            details=services.ExamItemDetails(
                code=data["code"],
                name=data["name"],
                department=data["department"],
                tags=data["tags"],
                latest=data["latest"],
                priority=data["priority"],
                preparation=data["preparation"],
                is_open=data["is_open"],
            ),
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("检查项目已保存"))


class RuleForm(_PlaceForm):
    """Adds a rule, or changes it."""

    kind = forms.ChoiceField(label=_("规则"), choices=ExamRuleKind.choices)
    first = forms.RegexField(_TAG, label=_("前项特性"))
    second = forms.RegexField(_TAG, label=_("后项特性"))
    gap_minutes = forms.IntegerField(label=_("间隔（分钟）"), initial=0, min_value=0, max_value=525_600)
    words = forms.CharField(label=_("给患者看的说明"), max_length=100)
    is_open = forms.BooleanField(label=_("生效"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.subject is not None:
            for name in ("kind", "first", "second"):
                self.fields[name].disabled = True
            self.fields["words"].initial = self.subject.reason
            self.fields["reason"].initial = None

    def perform(self) -> Done:
        """Save it."""
        data = self.cleaned_data
        services.save_rule(
            institution=self.place,
            kind=ExamRuleKind(data["kind"]),
            first=data["first"],
            second=data["second"],
            gap_minutes=data["gap_minutes"],
            words=data["words"],
            is_open=data["is_open"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("检查规则已保存"))


class ItemAdmin(ScopedAdmin):
    """Examinations."""

    visible = staticmethod(reading.visible_items)
    duty = Duty.MANAGE_SCHEDULES
    creation = Act("add", _("登记检查项目"), ItemForm, Duty.MANAGE_SCHEDULES)
    acts = (Act("edit", _("修改"), ItemForm, Duty.MANAGE_SCHEDULES),)
    list_display = ("code", "name", "institution", "department", "tags", "latest", "priority", "is_open")
    list_filter = ("is_open", "institution")
    search_fields = ("code", "name")
    fields = (
        "institution",
        "department",
        "code",
        "name",
        "tags",
        "latest",
        "priority",
        "preparation",
        "is_open",
    )


class RuleAdmin(ScopedAdmin):
    """Rules between examinations."""

    visible = staticmethod(reading.visible_rules)
    duty = Duty.MANAGE_SCHEDULES
    creation = Act("add", _("登记检查规则"), RuleForm, Duty.MANAGE_SCHEDULES)
    acts = (Act("edit", _("修改"), RuleForm, Duty.MANAGE_SCHEDULES),)
    list_display = ("first", "kind", "second", "gap_minutes", "reason", "institution", "is_open")
    list_filter = ("kind", "is_open", "institution")
    fields = ("institution", "kind", "first", "second", "gap_minutes", "reason", "is_open")


class OrderAdmin(ScopedAdmin):
    """What was ordered; for whom is left to the window."""

    visible = staticmethod(reading.visible_orders)
    duty = Duty.SEE_BOOKINGS
    list_display = ("number_", "institution", "department", "standing", "ordered")
    list_filter = ("state", "institution", "ordered_at")
    search_fields = ("number__exact",)
    fields = ("number_", "institution", "department", "standing", "booking", "ordered")

    @admin.display(description=_("申请单号"))
    def number_(self, row: ExamOrder) -> str:
        """The hospital's own number."""
        return row.number

    @admin.display(description=_("检查科室"))
    def department(self, row: ExamOrder) -> str:
        """Where it is done."""
        return row.item.department.name

    @admin.display(description=_("状态"))
    def standing(self, row: ExamOrder) -> str:
        """Where it stands."""
        return str(
            {
                "open": _("待预约"),
                "booked": _("已约好"),
                "fixed": _("医院已安排"),
                "done": _("已完成"),
                "cancelled": _("已撤销"),
                "over": _("已过期"),
            }[reading.state_of(row)]
        )

    @admin.display(description=_("开单时间"))
    def ordered(self, row: ExamOrder) -> str:
        """When it was ordered."""
        return shown_time(row.ordered_at)


for site in (centre_site, institution_site):
    site.register(ExamItem, ItemAdmin)
    site.register(ExamRule, RuleAdmin)
    site.register(ExamOrder, OrderAdmin)
