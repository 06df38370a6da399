"""The centre's work list of institutions that apply."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from foundation.audit.actions import Action
from foundation.core import clock
from institutions import rules as institution_rules
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import shown_time
from institutions.rules import Duty
from institutions.sites import centre_site
from onboarding import selectors
from onboarding.admin.documents import WithDocuments
from onboarding.models import Joining
from onboarding.rules import JoiningState
from onboarding.services import invitations, review


def link_to(token: str) -> str:
    """The address of an invitation, as it is handed over."""
    return settings.BASE_URL.rstrip("/") + reverse("invitation", args=[token])


class AnswerForm(ActForm):
    """A decision that the applicant gets an answer to."""

    message = forms.CharField(
        label=_("给申请机构的答复"),
        help_text=_("申请机构查询进度时看到这段话，请写清楚要做什么"),
        min_length=4,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )


class CorrectionForm(AnswerForm):
    """Asks for a correction."""

    def perform(self) -> Done:
        """Ask for it."""
        data = self.cleaned_data
        review.ask_correction(
            joining=self.subject.public_id,
            message=data["message"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("已退回补正"))


class RefusalForm(AnswerForm):
    """Refuses."""

    def perform(self) -> Done:
        """Refuse it."""
        data = self.cleaned_data
        review.refuse(
            joining=self.subject.public_id,
            message=data["message"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("已拒绝，申请机构可以看到原因"))


class ApprovalForm(ActForm):
    """Approves."""

    hospital_id = forms.CharField(
        label=_("医院编号"),
        help_text=_("腾讯兼容接口使用的 5 位编号，分配后不再改变；不使用该接口可不填"),
        required=False,
        max_length=5,
    )

    def perform(self) -> Done:
        """Approve it; the first administrator's link is shown this once."""
        data = self.cleaned_data
        made = review.approve(
            joining=self.subject.public_id,
            hospital_id=data["hospital_id"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(
            _(
                "机构已开通。管理员邀请链接只显示这一次，7 天内有效；"
                "联系人 30 天内也可以在申请进度页面自行设置账号"
            ),
            once=((_("邀请链接"), link_to(made.token)),),
        )


class InviteAgainForm(ActForm):
    """Invites the contact again."""

    def perform(self) -> Done:
        """Give the contact another month; a link is shown this once."""
        made = invitations.invite_applicant_again(
            joining=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(
            _(
                "已重新邀请。联系人 30 天内可以在申请进度页面设置账号；"
                "也可以把下面的链接交给他，7 天内有效，只显示这一次"
            ),
            once=((_("邀请链接"), link_to(made.token)),),
        )


class RevocationForm(ActForm):
    """Ends the contact's invitation."""

    def perform(self) -> Done:
        """End it."""
        invitations.revoke_applicant(
            joining=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("已收回，以前的链接都作废，联系人不能再设置管理员账号"))


def _waits(row: Joining) -> bool:
    return row.state == JoiningState.SUBMITTED


def _may_be_revoked(row: Joining) -> bool:
    return selectors.waits_for_administrator(row) and (row.account_until or clock.now()) > clock.now()


class JoiningAdmin(WithDocuments):
    """Applications of institutions; the contact is a person, so opening a row is recorded."""

    visible = staticmethod(selectors.visible_joinings)
    duty = Duty.MANAGE_INSTITUTIONS
    read_action = Action.JOINING_READ
    acts = (
        Act("approve", _("审核通过"), ApprovalForm, Duty.MANAGE_INSTITUTIONS, _waits),
        Act("correct", _("退回补正"), CorrectionForm, Duty.MANAGE_INSTITUTIONS, _waits),
        Act("refuse", _("拒绝"), RefusalForm, Duty.MANAGE_INSTITUTIONS, _waits),
        Act(
            "invite",
            _("重新邀请管理员"),
            InviteAgainForm,
            Duty.MANAGE_INSTITUTIONS,
            selectors.waits_for_administrator,
        ),
        Act("revoke", _("收回管理员邀请"), RevocationForm, Duty.MANAGE_INSTITUTIONS, _may_be_revoked),
    )
    list_display = ("reference", "name", "state", "submitted_at", "decided_at")
    list_filter = ("state",)
    search_fields = ("=reference", "name", "=uscc", "=code")
    ordering = ("submitted_at",)
    fields = (
        "reference",
        "state",
        "name",
        "short_name",
        "uscc",
        "others",
        "code",
        "region_name",
        "address",
        "level_name",
        "category_name",
        "contact",
        "documents",
        "terms",
        "submitted",
        "message",
        "institution",
        "deadline",
        "number",
    )
    readonly_fields = (
        "others",
        "region_name",
        "level_name",
        "category_name",
        "contact",
        "documents",
        "terms",
        "submitted",
        "deadline",
        "number",
    )

    @admin.display(description=_("同一信用代码的其他申请"))
    def others(self, row: Joining) -> str:
        """How many others say the same."""
        return str(selectors.same_credit_code(row))

    @admin.display(description=_("所在区划"))
    def region_name(self, row: Joining) -> str:
        """The division in words."""
        return selectors.answers_in_words(row)["region"]

    @admin.display(description=_("级别"))
    def level_name(self, row: Joining) -> str:
        """The level in words."""
        return institution_rules.LEVELS.get(row.level, row.level)

    @admin.display(description=_("类别"))
    def category_name(self, row: Joining) -> str:
        """The category in words."""
        return institution_rules.CATEGORIES.get(row.category, row.category)

    @admin.display(description=_("联系人"))
    def contact(self, row: Joining) -> str:
        """Name and phone; the phone was proved by a code."""
        return " ".join(part for part in (row.contact_name, row.contact_phone) if part)

    @admin.display(description=_("材料"))
    def documents(self, row: Joining) -> SafeString | str:
        """Every document, those that were replaced too."""
        return self.document_links(list(row.documents.defer("content").order_by("-pk")))

    @admin.display(description=_("同意协议"))
    def terms(self, row: Joining) -> str:
        """Which version, and when."""
        return f"{row.terms_version} · {shown_time(row.agreed_at)}" if row.agreed_at else "—"

    @admin.display(description=_("提交时间"))
    def submitted(self, row: Joining) -> Any:
        """When it was handed in last."""
        return shown_time(row.submitted_at) if row.submitted_at else "—"

    @admin.display(description=_("设置管理员账号的期限"))
    def deadline(self, row: Joining) -> str:
        """Until when the contact may make the first account."""
        return shown_time(row.account_until) if row.account_until else "—"


centre_site.register(Joining, JoiningAdmin)
