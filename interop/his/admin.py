"""Hospitals' systems, and the patient numbers that wait for a decision."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from foundation.audit.actions import Action
from foundation.core.text import mask_name, mask_number
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from interop.his import patients, selectors, services
from interop.his.models import HospitalSystem, Offer, PatientRecord, RecordState, SystemState
from mpi import selectors as mpi
from mpi.errors import PersonErased


class _AddressForm(ActForm):
    base_url = forms.URLField(
        label=_("接口地址"),
        max_length=200,
        assume_scheme="https",
        help_text=_("以 https 开头，域名须已在本机构的应用里登记"),
    )
    offers = forms.MultipleChoiceField(
        label=_("提供的接口"), choices=Offer.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    days_ahead = forms.IntegerField(label=_("取多少天的排班"), initial=14, min_value=0, max_value=90)
    every_minutes = forms.IntegerField(label=_("每隔多少分钟查询"), initial=5, min_value=1, max_value=1_440)


class SystemForm(_AddressForm):
    """Registers an institution's system."""

    institution = forms.ChoiceField(label=_("机构"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = institution_choices(self.actor)  # type: ignore[attr-defined]

    def perform(self) -> Done:
        """Register it; the secret is shown this once."""
        data = self.cleaned_data
        made = services.add_system(
            institution=data["institution"],
            base_url=data["base_url"],
            offers=data["offers"],
            days_ahead=data["days_ahead"],
            every_minutes=data["every_minutes"],
            actor=self.actor,
            reason=data["reason"],
        )
        return _shown_once(made)


class ChangeForm(_AddressForm):
    """Changes where and for what a system is asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("base_url", "offers", "days_ahead", "every_minutes"):
            self.initial[name] = getattr(self.subject, name)

    def perform(self) -> Done:
        """Change it."""
        data = self.cleaned_data
        services.change_system(
            system=self.subject.public_id,
            base_url=data["base_url"],
            offers=data["offers"],
            days_ahead=data["days_ahead"],
            every_minutes=data["every_minutes"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("医院系统已更改"))


class SecretForm(ActForm):
    """Gives a new secret."""

    def perform(self) -> Done:
        """Give it; it signs from now on."""
        return _shown_once(
            services.rotate_secret(
                system=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
            )
        )


class SuspendForm(ActForm):
    """Stops asking."""

    def perform(self) -> Done:
        """Stop."""
        services.suspend_system(
            system=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("已停用，不再向该医院系统查询"))


class ResumeForm(ActForm):
    """Asks again."""

    def perform(self) -> Done:
        """Resume."""
        services.resume_system(
            system=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("已恢复，马上开始查询"))


def _shown_once(made: services.NewSecret) -> Done:
    return Done(
        _("请把密钥交给医院系统的工程师，它只显示这一次"),
        once=[(_("密钥编号"), made.system.key_id), (_("密钥"), made.secret)],
        row=made.system,
    )


def _is_active(row: HospitalSystem) -> bool:
    return row.state == SystemState.ACTIVE


class HospitalSystemAdmin(ScopedAdmin):
    """Where hospitals' systems are asked."""

    visible = staticmethod(selectors.visible_systems)
    duty = Duty.SEE_EXCHANGE
    creation = Act("add", _("登记医院系统"), SystemForm, Duty.MANAGE_EXCHANGE)
    acts = (
        Act("change", _("更改"), ChangeForm, Duty.MANAGE_EXCHANGE),
        Act("rotate", _("更换密钥"), SecretForm, Duty.MANAGE_EXCHANGE),
        Act("suspend", _("停用"), SuspendForm, Duty.MANAGE_EXCHANGE, _is_active),
        Act("resume", _("恢复"), ResumeForm, Duty.MANAGE_EXCHANGE, lambda row: not _is_active(row)),
    )
    list_display = ("institution", "offered", "state", "health")
    list_filter = ("state",)
    search_fields = ("institution__name", "institution__hospital_id")
    fields = (
        "institution",
        "base_url",
        "key_id",
        "offered",
        "state",
        "days_ahead",
        "every_minutes",
        "health",
        "fresh",
        "number",
        "created",
        "updated",
    )
    readonly_fields = ("offered", "health", "fresh", "number", "created", "updated")

    @admin.display(description=_("提供的接口"))
    def offered(self, row: HospitalSystem) -> str:
        """What it answers."""
        return "、".join(str(Offer(each).label) for each in row.offers) or "—"

    @admin.display(description=_("查询情况"))
    def health(self, row: HospitalSystem) -> str:
        """When it answered last, or why it did not."""
        if row.failure:
            return _("连续失败 %(count)s 次：%(why)s") % {"count": row.failures, "why": row.failure}
        return shown_time(row.pulled_at) if row.pulled_at else "—"

    @admin.display(description=_("排班截至"))
    def fresh(self, row: HospitalSystem) -> str:
        """As of when the hospital told its schedules."""
        return shown_time(row.as_of) if row.as_of else "—"


class ChooseForm(ActForm):
    """Says which number is the person's."""

    patient_id = forms.CharField(label=_("院内就诊号"), max_length=64)

    def perform(self) -> Done:
        """Link it."""
        patients.choose(
            record=self.subject.public_id,
            patient_id=self.cleaned_data["patient_id"],
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        return Done(_("已绑定院内就诊号"))


class MakeNewForm(ActForm):
    """Has a new record made."""

    def perform(self) -> Done:
        """Ask for one."""
        patients.make_new(record=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"])
        return Done(_("已请医院系统新建档案"))


class AgainForm(ActForm):
    """Has the hospital asked once more."""

    def perform(self) -> Done:
        """Ask."""
        patients.try_again(
            record=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("已重新向医院系统查询"))


def _is_ambiguous(row: PatientRecord) -> bool:
    return row.state == RecordState.AMBIGUOUS


def _is_failed(row: PatientRecord) -> bool:
    return row.state == RecordState.FAILED


def _is_open(row: PatientRecord) -> bool:
    return _is_ambiguous(row) or _is_failed(row)


class PatientRecordAdmin(ScopedAdmin):
    """The work list of patient numbers."""

    visible = staticmethod(selectors.visible_records)
    duty = Duty.WORK_AT_WINDOW
    read_action = Action.PERSON_READ
    acts = (
        Act("choose", _("选定就诊号"), ChooseForm, Duty.WORK_AT_WINDOW, _is_open),
        Act("make-new", _("都不是，新建"), MakeNewForm, Duty.WORK_AT_WINDOW, _is_ambiguous),
        Act("again", _("重新查询"), AgainForm, Duty.WORK_AT_WINDOW, _is_failed),
    )
    list_display = ("number", "state", "cause", "created_at", "failure")
    list_filter = ("state", "cause")
    fields = (
        "institution",
        "whom",
        "state",
        "outcome",
        "cause",
        "candidate_list",
        "attempts",
        "failure",
        "created_at",
        "done_at",
        "number",
    )
    readonly_fields = ("whom", "candidate_list", "number")

    @admin.display(description=_("居民"))
    def whom(self, row: PatientRecord) -> str:
        """Masked name and certificate."""
        try:
            person = mpi.particulars(row.person_id)
        except PersonErased:
            return "—"
        return f"{mask_name(person.name)} {mask_number(person.id_number)}"

    @admin.display(description=_("医院系统找到的档案"))
    def candidate_list(self, row: PatientRecord) -> SafeString | str:
        """What the hospital could not tell apart."""
        rows = (
            (each.patient_id, mask_name(each.name), each.birth_date) for each in patients.candidates_of(row)
        )
        return format_html_join("", "<div>{} · {} · {}</div>", rows) or "—"


centre_site.register(HospitalSystem, HospitalSystemAdmin)
institution_site.register(HospitalSystem, HospitalSystemAdmin)
institution_site.register(PatientRecord, PatientRecordAdmin)
