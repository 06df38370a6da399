"""Regions and institutions."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from foundation.audit.actions import Action
from foundation.core.actor import Actor
from institutions import rules, selectors, services
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin
from institutions.models import Institution, Region
from institutions.rules import Duty, InstitutionState
from institutions.sites import centre_site, institution_site
from institutions.types import InstitutionDetails


def choices(table: dict[str, str]) -> list[tuple[str, str]]:
    """A code table as the choices of a field, the code beside the word."""
    return [("", "---------"), *((code, f"{code} {word}") for code, word in table.items())]


def institution_choices(actor: Actor) -> Iterable[tuple[str, str]]:
    """The institutions that an actor may choose from, by public id."""
    return [("", "---------"), *selectors.visible(actor).order_by("code").values_list("public_id", "name")]


class RegionForm(ActForm):
    """Adds a division."""

    code = forms.CharField(label=_("区划代码"), min_length=6, max_length=6)
    name = forms.CharField(label=_("名称"), max_length=60)
    parent = forms.CharField(label=_("上级区划代码"), required=False, max_length=6)

    def perform(self) -> Done:
        """Add it."""
        data = self.cleaned_data
        services.add_region(code=data["code"], name=data["name"], parent=data["parent"], actor=self.actor)
        return Done(_("已保存"))


class RegistrationForm(ActForm):
    """Registers an institution."""

    code = forms.CharField(label=_("机构代码"), max_length=22)
    name = forms.CharField(label=_("名称"), max_length=100)
    short_name = forms.CharField(label=_("简称"), max_length=30)
    region = forms.CharField(label=_("区划代码"), min_length=6, max_length=6)
    level = forms.ChoiceField(label=_("级别"), choices=choices(rules.LEVELS))
    category = forms.ChoiceField(label=_("类别"), choices=choices(rules.CATEGORIES))
    uscc = forms.CharField(label=_("统一社会信用代码"), max_length=24)
    contact_name = forms.CharField(label=_("联系人"), required=False, max_length=60)
    contact_phone = forms.CharField(label=_("联系电话"), required=False, max_length=30)

    def perform(self) -> Done:
        """Register it."""
        data = dict(self.cleaned_data)
        del data["ticket"]
        reason = data.pop("reason")
        services.register_institution(details=InstitutionDetails(**data), actor=self.actor, reason=reason)
        return Done(_("已登记，待审核"))


class ApprovalForm(ActForm):
    """Approves an institution."""

    hospital_id = forms.CharField(
        label=_("医院编号"),
        help_text=_("腾讯兼容接口使用的 5 位编号，分配后不再改变；不使用该接口可不填"),
        required=False,
        max_length=5,
    )

    def perform(self) -> Done:
        """Approve it."""
        services.approve(
            institution=self.subject.public_id,
            hospital_id=self.cleaned_data["hospital_id"],
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        return Done(_("机构已开通"))


class SuspensionForm(ActForm):
    """Suspends an institution."""

    def perform(self) -> Done:
        """Suspend it."""
        services.suspend(
            institution=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("机构已停用，其接入应用的请求从现在起全部拒绝"))


class ResumptionForm(ActForm):
    """Resumes an institution."""

    def perform(self) -> Done:
        """Resume it."""
        services.resume(
            institution=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("机构已恢复"))


def regions(actor: Actor) -> "QuerySet[Region]":
    """Divisions are public knowledge; every member of staff sees them."""
    return Region.objects.select_related("parent")


class RegionAdmin(ScopedAdmin):
    """Divisions."""

    visible = staticmethod(regions)
    creation = Act("add", _("添加行政区划"), RegionForm, Duty.MANAGE_INSTITUTIONS)
    url_field = "code"
    ordering = ("code",)
    list_display = ("code", "name", "parent")
    search_fields = ("code", "name")
    fields = ("code", "name", "parent")


class LevelFilter(admin.SimpleListFilter):
    """Institutions of one level, by its name."""

    title = _("级别")
    parameter_name = "level"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The table of levels."""
        return list(rules.LEVELS.items())

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Those of the chosen level, or all."""
        return queryset.filter(level=self.value()) if self.value() else queryset


class InstitutionAdmin(ScopedAdmin):
    """Institutions; the contact is a person, so opening a row is recorded."""

    visible = staticmethod(selectors.visible)
    read_action = Action.INSTITUTION_READ
    creation = Act("add", _("登记机构"), RegistrationForm, Duty.MANAGE_INSTITUTIONS)
    acts = (
        Act(
            "approve",
            _("审核通过"),
            ApprovalForm,
            Duty.MANAGE_INSTITUTIONS,
            lambda row: row.state == InstitutionState.APPLIED,
        ),
        Act(
            "suspend",
            _("停用"),
            SuspensionForm,
            Duty.MANAGE_INSTITUTIONS,
            lambda row: row.state == InstitutionState.APPROVED,
        ),
        Act(
            "resume",
            _("恢复"),
            ResumptionForm,
            Duty.MANAGE_INSTITUTIONS,
            lambda row: row.state == InstitutionState.SUSPENDED,
        ),
    )
    list_display = ("code", "name", "region", "level_name", "state", "hospital_id", "is_sandbox")
    list_filter = ("state", LevelFilter, "is_sandbox")
    search_fields = ("code", "name", "short_name", "uscc", "hospital_id")
    fields = (
        "code",
        "name",
        "short_name",
        "region",
        "level_name",
        "category_name",
        "uscc",
        "hospital_id",
        "state",
        "is_sandbox",
        "contact",
        "number",
        "created",
        "updated",
    )
    readonly_fields = ("level_name", "category_name", "contact", "number", "created", "updated")

    @admin.display(description=_("级别"), ordering="level")
    def level_name(self, row: Institution) -> str:
        """The level in words."""
        return rules.LEVELS.get(row.level, row.level)

    @admin.display(description=_("类别"), ordering="category")
    def category_name(self, row: Institution) -> str:
        """The category in words."""
        return rules.CATEGORIES.get(row.category, row.category)

    @admin.display(description=_("联系人"))
    def contact(self, row: Institution) -> str:
        """Name and phone of the contact."""
        return " ".join(part for part in (row.contact_name, row.contact_phone) if part) or "—"


for site in (centre_site, institution_site):
    site.register(Institution, InstitutionAdmin)
centre_site.register(Region, RegionAdmin)
