"""Merchants: applied for on the institution's site, decided upon on the centre's."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from foundation.audit.actions import Action
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from onboarding import selectors
from onboarding.admin.documents import WithDocuments
from onboarding.admin.joinings import AnswerForm
from onboarding.models import Merchant
from onboarding.rules import MerchantState, mask_account
from onboarding.services import merchants


class MerchantForm(ActForm):
    """Applies."""

    institution = forms.ChoiceField(label=_("机构"))
    payee_name = forms.CharField(label=_("收款户名"), max_length=100)
    bank = forms.CharField(label=_("开户银行"), max_length=100, help_text=_("写到支行"))
    account_number = forms.CharField(label=_("银行账号"), max_length=40)
    document = forms.FileField(
        label=_("收款账户证明"),
        help_text=_("开户许可证或印鉴卡，PDF、JPG 或 PNG，不超过 5 MB"),
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = institution_choices(self.actor)  # type: ignore[attr-defined]

    def perform(self) -> Done:
        """Apply."""
        data = self.cleaned_data
        merchants.apply_merchant(
            institution=data["institution"],
            payee_name=data["payee_name"],
            bank=data["bank"],
            account_number=data["account_number"],
            document=data["document"].read(),
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("商户申请已提交，等待卡管中心审核"))


class OpenForm(ActForm):
    """Opens."""

    def perform(self) -> Done:
        """Open it."""
        merchants.open_merchant(
            merchant=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("商户已开通"))


class RefuseForm(AnswerForm):
    """Refuses."""

    def perform(self) -> Done:
        """Refuse it."""
        data = self.cleaned_data
        merchants.refuse_merchant(
            merchant=self.subject.public_id,
            message=data["message"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("已拒绝，申请机构可以看到原因"))


class SuspendForm(ActForm):
    """Suspends."""

    def perform(self) -> Done:
        """Suspend it."""
        merchants.suspend_merchant(
            merchant=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("商户已停用"))


class ResumeForm(ActForm):
    """Resumes."""

    def perform(self) -> Done:
        """Resume it."""
        merchants.resume_merchant(
            merchant=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("商户已恢复"))


def _is(state: MerchantState) -> Any:
    return lambda row: row.state == state


class MerchantAdmin(WithDocuments):
    """Merchants; opening a row shows the whole account to whoever decides, so it is recorded."""

    visible = staticmethod(selectors.visible_merchants)
    duty = Duty.SEE_MERCHANTS
    read_action = Action.MERCHANT_READ
    creation = Act("add", _("申请商户"), MerchantForm, Duty.REQUEST_MERCHANTS)
    acts = (
        Act("open", _("开通"), OpenForm, Duty.MANAGE_MERCHANTS, _is(MerchantState.APPLIED)),
        Act("refuse", _("拒绝"), RefuseForm, Duty.MANAGE_MERCHANTS, _is(MerchantState.APPLIED)),
        Act("suspend", _("停用"), SuspendForm, Duty.MANAGE_MERCHANTS, _is(MerchantState.OPENED)),
        Act("resume", _("恢复"), ResumeForm, Duty.MANAGE_MERCHANTS, _is(MerchantState.SUSPENDED)),
    )
    list_display = ("payee_name", "institution", "account_tail", "state", "created_at", "decided_at")
    list_filter = ("state",)
    search_fields = ("payee_name", "institution__name", "=account_tail")
    fields = (
        "institution",
        "payee_name",
        "bank",
        "account",
        "documents",
        "state",
        "message",
        "created",
        "number",
    )
    readonly_fields = ("account", "documents", "created", "number")

    @admin.display(description=_("银行账号"))
    def account(self, row: Merchant) -> str:
        """The number: in full on the centre's site, where it is compared with the proof."""
        number = row.account_number
        return number if self.admin_site is centre_site else mask_account(number)

    @admin.display(description=_("材料"))
    def documents(self, row: Merchant) -> SafeString | str:
        """The proofs of the account."""
        return self.document_links(list(row.documents.defer("content").order_by("-pk")))


for site in (centre_site, institution_site):
    site.register(Merchant, MerchantAdmin)
