"""What hospitals are to post, and how long is waited for them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from foundation.core.money import yuan
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from payments.models import PostingRule, WriteBack, WriteBackState
from payments.models.posting import UNDECIDED
from payments.selectors import desk
from payments.services import posting_desk


class ConfirmForm(ActForm):
    """Says for the hospital that it has posted."""

    receipt = forms.RegexField(
        r"^[A-Za-z0-9_.:/-]+$", label=_("医院收据号"), max_length=32, help_text=_("以医院系统里看到的为准")
    )

    def perform(self) -> Done:
        """Say it."""
        posting_desk.confirm_by_staff(
            write_back=self.subject.public_id,
            receipt=self.cleaned_data["receipt"],
            reason=self.cleaned_data["reason"],
            actor=self.actor,
        )
        return Done(_("已记为医院入账"))


class ReturnForm(ActForm):
    """Gives the money back."""

    def perform(self) -> Done:
        """Owe it back."""
        posting_desk.return_by_staff(
            write_back=self.subject.public_id, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("款项将全部退回付款人，医院系统会收到通知"))


class AskForm(ActForm):
    """Has the hospital asked anew."""

    def perform(self) -> Done:
        """Ask."""
        posting_desk.ask_anew(
            write_back=self.subject.public_id, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("已重新向医院询问"))


class ClearForm(ActForm):
    """Says that a late posting was taken back."""

    def perform(self) -> Done:
        """Clear it."""
        posting_desk.clear_difference(
            write_back=self.subject.public_id, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("差异已处理"))


def _is_undecided(row: WriteBack) -> bool:
    return row.state in UNDECIDED


class WriteBackAdmin(ScopedAdmin):
    """Paid bills of hospitals, until the hospital has said what it did with the money."""

    visible = staticmethod(desk.visible_write_backs)
    duty = Duty.SEE_BILLS
    acts = (
        Act("ask", _("重新询问医院"), AskForm, Duty.REFUND, _is_undecided),
        Act("confirm", _("记为已入账"), ConfirmForm, Duty.REFUND, _is_undecided),
        Act("return", _("全部退回"), ReturnForm, Duty.REFUND, _is_undecided),
        Act(
            "clear",
            _("差异已处理"),
            ClearForm,
            Duty.REFUND,
            lambda row: row.state == WriteBackState.DIFFERENT,
        ),
    )
    list_display = ("opened_at", "bill", "place", "state", "cause", "total", "asked", "failure", "give_up_at")
    list_filter = ("state", "cause", "opened_at")
    search_fields = ("bill__number__exact", "bill__reference__exact", "receipt__exact")
    search_help_text = _("账单号、医院账单号或收据号，要输全")
    fields = (
        "number",
        "bill",
        "reference",
        "place",
        "state",
        "cause",
        "refusal",
        "receipt",
        "total",
        "asked",
        "failure",
        "returns",
        "opened_at",
        "next_ask_at",
        "give_up_at",
        "ended_at",
    )
    readonly_fields = ("number", "reference", "place", "total")

    @admin.display(description=_("金额（元）"))
    def total(self, row: WriteBack) -> str:
        """What was paid."""
        return yuan(row.bill.total_fen)

    @admin.display(description=_("医院账单号"))
    def reference(self, row: WriteBack) -> str:
        """The hospital's number of the bill."""
        return row.bill.reference

    @admin.display(description=_("机构"))
    def place(self, row: WriteBack) -> str:
        """Whose bill it is."""
        return row.bill.institution.short_name


class RuleForm(ActForm):
    """Says how long an institution is waited for."""

    limit_minutes = forms.IntegerField(
        label=_("等待分钟数"), min_value=1, max_value=43_200, help_text=_("支付成功后，最多等医院入账多久")
    )
    returns = forms.BooleanField(
        label=_("到时自动退回"), required=False, help_text=_("不选的，到时由人工决定入账还是退款")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.subject is not None:
            self.initial.update(limit_minutes=self.subject.limit_minutes, returns=self.subject.returns)

    def perform(self) -> Done:
        """Keep it."""
        data = self.cleaned_data
        made = posting_desk.set_posting_rule(
            institution=data.get("institution") or self.subject.institution.public_id,
            limit_minutes=data["limit_minutes"],
            returns=data["returns"],
            reason=data["reason"],
            actor=self.actor,
        )
        return Done(_("入账规则已保存，以后支付的账单按它等待"), row=PostingRule.objects.get(public_id=made))


class NewRuleForm(RuleForm):
    """Gives an institution a rule of its own."""

    institution = forms.ChoiceField(label=_("机构"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = institution_choices(self.actor)  # type: ignore[attr-defined]
        self.order_fields(["institution"])


class PostingRuleAdmin(ScopedAdmin):
    """How long is waited for an institution, and what happens then."""

    visible = staticmethod(desk.visible_posting_rules)
    duty = Duty.SEE_CHANNELS
    creation = Act("add", _("设置入账规则"), NewRuleForm, Duty.MANAGE_CHANNELS)
    acts = (Act("change", _("更改"), RuleForm, Duty.MANAGE_CHANNELS),)
    list_display = ("institution", "limit_minutes", "returns", "changed")
    list_filter = ("returns",)
    search_fields = ("institution__name",)
    fields = ("institution", "limit_minutes", "returns", "changed")
    readonly_fields = ("changed",)

    @admin.display(description=_("更改时间"))
    def changed(self, row: PostingRule) -> str:
        """When it was changed last."""
        return shown_time(row.updated_at)


for site in (centre_site, institution_site):
    site.register(WriteBack, WriteBackAdmin)
    site.register(PostingRule, PostingRuleAdmin)
