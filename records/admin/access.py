"""Openings in emergencies, and their review."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from records.models import EmergencyOpening
from records.rules import ReviewState
from records.selectors.emergency import visible_openings
from records.services.emergency import review_opening


class ReviewForm(ActForm):
    """Says whether an opening was justified; the reason is the finding."""

    outcome = forms.ChoiceField(
        label=_("结论"),
        choices=[
            (ReviewState.JUSTIFIED.value, ReviewState.JUSTIFIED.label),
            (ReviewState.UNJUSTIFIED.value, ReviewState.UNJUSTIFIED.label),
        ],
        widget=forms.RadioSelect,
    )

    def perform(self) -> Done:
        """Keep the outcome."""
        review_opening(
            opening=self.subject.public_id,
            is_justified=self.cleaned_data["outcome"] == ReviewState.JUSTIFIED,
            finding=self.cleaned_data["reason"],
            actor=self.actor,
        )
        return Done(_("复核结论已保存"))


def _waits(row: Any) -> bool:
    return bool(row.state == ReviewState.WAITING)


class EmergencyOpeningAdmin(ScopedAdmin):
    """The queue of reviewers: who opened, why, and what was read."""

    visible = staticmethod(visible_openings)
    duty = Duty.REVIEW_EMERGENCY
    acts = (Act("review", _("复核"), ReviewForm, Duty.REVIEW_EMERGENCY, _waits),)
    list_display = ("opened_at", "institution", "reader_name", "way", "state", "number")
    list_filter = ("state", "way", "institution")
    fields = (
        "institution",
        "reader_name",
        "way",
        "opened_at",
        "until",
        "why",
        "read",
        "state",
        "found",
        "reviewed_at",
    )
    readonly_fields = ("why", "read", "found")

    @admin.display(description=_("打开的原因"))
    def why(self, row: EmergencyOpening) -> str:
        """What the reader wrote."""
        return str(row.reason)

    @admin.display(description=_("查阅次数"))
    def read(self, row: EmergencyOpening) -> int:
        """How often something was read."""
        return row.accesses.count()

    @admin.display(description=_("复核意见"))
    def found(self, row: EmergencyOpening) -> str:
        """What the reviewer wrote."""
        return row.finding or ""


for site in (centre_site, institution_site):
    site.register(EmergencyOpening, EmergencyOpeningAdmin)
