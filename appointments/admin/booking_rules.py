"""How institutions let their places out."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appointments.models import BookingRule
from appointments.selectors import schedules as reading
from appointments.services.booking_rules import NAMES, save_booking_rule
from institutions import selectors as institutions
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site


class RuleForm(ActForm):
    """Settles a rule; there is one for each institution."""

    institution = forms.ChoiceField(label=_("机构"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = self.subject or BookingRule()
        to_the_second: dict[str, Any] = {"release_time": forms.TimeInput(format="%H:%M:%S")}
        self.fields |= forms.fields_for_model(BookingRule, fields=NAMES, widgets=to_the_second)
        for name in NAMES:
            self.fields[name].initial = getattr(rule, name)
        places = institutions.visible(self.actor).order_by("short_name")
        if self.subject is not None:
            places = places.filter(pk=self.subject.institution_id)
            self.fields["institution"].initial = self.subject.institution.public_id
        choices = list(places.values_list("public_id", "short_name"))
        self.fields["institution"].choices = choices  # type: ignore[attr-defined]
        self.order_fields(["institution", *NAMES, "reason"])

    def perform(self) -> Done:
        """Settle it."""
        data = self.cleaned_data
        save_booking_rule(
            institution=data["institution"],
            settled={name: data[name] for name in NAMES},
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("预约规则已保存，还没有放号的班次按新规则放号"))


class BookingRuleAdmin(ScopedAdmin):
    """Booking rules."""

    visible = staticmethod(reading.visible_rules)
    duty = Duty.MANAGE_SCHEDULES
    creation = Act("add", _("设置预约规则"), RuleForm, Duty.MANAGE_SCHEDULES)
    acts = (Act("edit", _("修改"), RuleForm, Duty.MANAGE_SCHEDULES),)
    list_display = ("institution", "days_ahead", "release_time", "closes_minutes", "cancel_minutes")
    list_filter = ("institution",)
    fields = ("institution", *NAMES)


for site in (centre_site, institution_site):
    site.register(BookingRule, BookingRuleAdmin)
