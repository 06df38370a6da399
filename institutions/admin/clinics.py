"""Departments and doctors."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from foundation.accounts import selectors as accounts
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin
from institutions.errors import StaffAccountNeeded
from institutions.models import Department, Doctor
from institutions.rules import ClinicState, Duty, Title
from institutions.selectors import clinics
from institutions.services import clinics as services
from institutions.sites import centre_site, institution_site
from institutions.types import DepartmentDetails, DoctorDetails


class _PlaceForm(ActForm):
    institution = forms.ChoiceField(label=_("机构"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "institution" in self.fields:
            self.fields["institution"].choices = institution_choices(self.actor)  # type: ignore[attr-defined]


class DepartmentForm(_PlaceForm):
    """Adds a department."""

    code = forms.CharField(label=_("科室代码"), max_length=32)
    name = forms.CharField(label=_("名称"), max_length=60)
    parent = forms.CharField(label=_("上级科室代码"), required=False, max_length=32)
    place = forms.CharField(label=_("位置"), required=False, max_length=100)
    intro = forms.CharField(label=_("介绍"), required=False, max_length=1_000, widget=forms.Textarea)
    position = forms.IntegerField(label=_("排序"), initial=100, min_value=0, max_value=30_000)

    def perform(self) -> Done:
        """Add it, or change the one with this code."""
        data = self.cleaned_data
        services.save_department(
            institution=data["institution"],
            details=DepartmentDetails(
                data["code"], data["name"], data["parent"], data["place"], data["intro"], data["position"]
            ),
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("科室已保存"))


class DepartmentEditForm(ActForm):
    """Changes a department."""

    name = forms.CharField(label=_("名称"), max_length=60)
    place = forms.CharField(label=_("位置"), required=False, max_length=100)
    intro = forms.CharField(label=_("介绍"), required=False, max_length=1_000, widget=forms.Textarea)
    position = forms.IntegerField(label=_("排序"), min_value=0, max_value=30_000)
    state = forms.ChoiceField(label=_("状态"), choices=ClinicState.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "place", "intro", "position", "state"):
            self.fields[name].initial = getattr(self.subject, name)

    def perform(self) -> Done:
        """Change it."""
        data, row = self.cleaned_data, self.subject
        services.save_department(
            institution=row.institution.public_id,
            details=DepartmentDetails(
                row.code,
                data["name"],
                row.parent.code if row.parent else "",
                data["place"],
                data["intro"],
                data["position"],
                data["state"] == ClinicState.OPEN,
            ),
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("科室已保存"))


class DoctorForm(_PlaceForm):
    """Adds a doctor."""

    code = forms.CharField(label=_("工号"), max_length=32)
    name = forms.CharField(label=_("姓名"), max_length=60)
    department = forms.CharField(label=_("科室代码"), max_length=32)
    title = forms.ChoiceField(label=_("职称"), choices=Title.choices)
    skills = forms.CharField(label=_("擅长"), required=False, max_length=200)
    intro = forms.CharField(label=_("介绍"), required=False, max_length=1_000, widget=forms.Textarea)
    position = forms.IntegerField(label=_("排序"), initial=100, min_value=0, max_value=30_000)
    username = forms.CharField(
        label=_("工作账号的用户名"),
        required=False,
        max_length=60,
        help_text=_("医生在本平台工作时登录的账号，可不填"),
    )

    def perform(self) -> Done:
        """Add them, or change the one with this number."""
        data = self.cleaned_data
        services.save_doctor(
            institution=data["institution"],
            details=DoctorDetails(
                data["code"],
                data["name"],
                data["department"],
                data["title"],
                data["skills"],
                data["intro"],
                data["position"],
                account=_account(data["username"]),
            ),
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("医生已保存"))


class DoctorEditForm(ActForm):
    """Changes a doctor."""

    name = forms.CharField(label=_("姓名"), max_length=60)
    department = forms.CharField(label=_("科室代码"), max_length=32)
    title = forms.ChoiceField(label=_("职称"), choices=Title.choices)
    skills = forms.CharField(label=_("擅长"), required=False, max_length=200)
    intro = forms.CharField(label=_("介绍"), required=False, max_length=1_000, widget=forms.Textarea)
    position = forms.IntegerField(label=_("排序"), min_value=0, max_value=30_000)
    username = forms.CharField(
        label=_("工作账号的用户名"), required=False, max_length=60, help_text=_("不填则保持原来的账号")
    )
    state = forms.ChoiceField(label=_("状态"), choices=ClinicState.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "title", "skills", "intro", "position", "state"):
            self.fields[name].initial = getattr(self.subject, name)
        self.fields["department"].initial = self.subject.department.code

    def perform(self) -> Done:
        """Change them."""
        data, row = self.cleaned_data, self.subject
        services.save_doctor(
            institution=row.institution.public_id,
            details=DoctorDetails(
                row.code,
                data["name"],
                data["department"],
                data["title"],
                data["skills"],
                data["intro"],
                data["position"],
                data["state"] == ClinicState.OPEN,
                _account(data["username"]),
            ),
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("医生已保存"))


def _account(username: str) -> str:
    if not username:
        return ""
    account = accounts.staff_by_username(username)
    if account is None:
        raise StaffAccountNeeded(field="username")
    return account.public_id


class DepartmentAdmin(ScopedAdmin):
    """Departments."""

    visible = staticmethod(clinics.visible_departments)
    creation = Act("add", _("登记科室"), DepartmentForm, Duty.MANAGE_CLINICS)
    acts = (Act("edit", _("修改"), DepartmentEditForm, Duty.MANAGE_CLINICS),)
    list_display = ("code", "name", "institution", "parent", "place", "position", "state")
    list_filter = ("state", "institution")
    search_fields = ("code", "name")
    fields = ("institution", "code", "name", "parent", "place", "intro", "position", "state")


class DoctorAdmin(ScopedAdmin):
    """Doctors."""

    visible = staticmethod(clinics.visible_doctors)
    creation = Act("add", _("登记医生"), DoctorForm, Duty.MANAGE_CLINICS)
    acts = (Act("edit", _("修改"), DoctorEditForm, Duty.MANAGE_CLINICS),)
    list_display = ("code", "name", "institution", "department", "title", "position", "state")
    list_filter = ("state", "title", "institution")
    search_fields = ("code", "name")
    fields = ("institution", "code", "name", "department", "title", "skills", "intro", "position", "state")


for site in (centre_site, institution_site):
    site.register(Department, DepartmentAdmin)
    site.register(Doctor, DoctorAdmin)
