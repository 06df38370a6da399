"""Differences on both admin sites, from all sides, with what is decided about them."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from foundation.core.money import yuan
from institutions.admin_acts import Act, ActForm, Done
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from payments.admin.board import BoardPages
from payments.models import Difference
from payments.reconciliation.rules import Act as Handling
from payments.reconciliation.rules import DifferenceState
from payments.selectors import reconciliation
from payments.services import adjusting


class ProposeForm(ActForm):
    """Proposes what is to be done about a difference."""

    act = forms.ChoiceField(label=_("处理方式"))
    bill = forms.CharField(
        label=_("认领到的账单号"), required=False, max_length=12, help_text=_("只在认领到账单时填写")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(act.value, act.label) for act in adjusting.open_acts(row=self.subject)]
        cast(forms.ChoiceField, self.fields["act"]).choices = choices

    def perform(self) -> Done:
        """Propose it."""
        adjusting.propose(
            difference=self.subject.public_id,
            act=Handling(self.cleaned_data["act"]),
            bill=self.cleaned_data["bill"],
            reason=self.cleaned_data["reason"],
            actor=self.actor,
        )
        return Done(_("已提出，等另一位同事复核"))


class ApproveForm(ActForm):
    """Approves what somebody else proposed."""

    def perform(self) -> Done:
        """Approve it, and carry it out."""
        adjusting.approve(
            difference=self.subject.public_id, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("已复核同意"))


class RefuseForm(ActForm):
    """Sends a proposal back."""

    def perform(self) -> Done:
        """Send it back."""
        adjusting.refuse(
            difference=self.subject.public_id, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("已退回，差异重新待处理"))


class DismissForm(ActForm):
    """Closes a difference that needs nothing done."""

    def perform(self) -> Done:
        """Close it."""
        adjusting.dismiss(
            difference=self.subject.public_id, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("已核销"))


def _is_open(row: Difference) -> bool:
    return row.state == DifferenceState.OPEN


def _is_proposed(row: Difference) -> bool:
    return row.state == DifferenceState.PROPOSED


def _shown_fen(fen: int | None) -> str:
    return "—" if fen is None else yuan(fen)


class DifferenceAdmin(BoardPages):
    """Differences, what each side says, and what is decided about them."""

    visible = staticmethod(reconciliation.visible_differences)
    duty = Duty.SEE_RECONCILIATION
    acts = (
        Act(
            "propose",
            _("提出处理"),
            ProposeForm,
            Duty.RECONCILE,
            lambda row: _is_open(row) and bool(adjusting.open_acts(row=row)),
        ),
        Act("approve", _("复核同意"), ApproveForm, Duty.APPROVE_ADJUSTMENTS, _is_proposed),
        Act("refuse", _("复核退回"), RefuseForm, Duty.RECONCILE, _is_proposed),
        Act(
            "dismiss",
            _("核销"),
            DismissForm,
            Duty.RECONCILE,
            lambda row: _is_open(row) and adjusting.can_dismiss(row=row),
        ),
    )
    list_display = (
        "day",
        "institution",
        "party",
        "channel",
        "kind",
        "item",
        "ours",
        "theirs",
        "act",
        "state",
    )
    list_filter = ("state", "kind", "party", "institution", "day")
    search_fields = (
        "public_id__exact",
        "bill__number__exact",
        "attempt__public_id__exact",
        "refund__public_id__exact",
    )
    search_help_text = _("差异编号、账单号、支付编号或退款编号，要输全")
    change_list_template = "payments/admin/differences.html"
    change_form_template = "payments/admin/difference.html"
    fields = (
        "number",
        "day",
        "institution",
        "party",
        "channel",
        "kind",
        "item",
        "ours",
        "theirs",
        "bill",
        "attempt",
        "refund",
        "suspense",
        "act",
        "target",
        "state",
        "found_at",
        "ended_at",
    )
    readonly_fields = ("number", "ours", "theirs")

    @admin.display(description=_("平台（元）"))
    def ours(self, row: Difference) -> str:
        """What we say."""
        return _shown_fen(row.ours_fen)

    @admin.display(description=_("对方（元）"))
    def theirs(self, row: Difference) -> str:
        """What the other side says."""
        return _shown_fen(row.theirs_fen)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One difference with all of its sides."""
        row = self.get_object(request, object_id)
        context = {"sides": reconciliation.sides_of(row), "steps": reconciliation.steps_of(row)}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})


for site in (centre_site, institution_site):
    site.register(Difference, DifferenceAdmin)
