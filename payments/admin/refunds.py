"""Money on its way back: the list with its filters, and what staff do with what is stuck."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from foundation.core import clock
from foundation.core.text import mask_name
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import shown_time
from institutions.rules import Duty
from institutions.selectors import staff_actor
from institutions.sites import centre_site, institution_site
from payments import services, tasks
from payments.admin.books import MoneyAdmin
from payments.models import Channel, RedirectState, Refund, RefundRedirect
from payments.providers import is_by_hand, label_of
from payments.providers.base import Receiver
from payments.providers.cash import CASH, TILL
from payments.rules import OWED_BACK, RefundReason, RefundState
from payments.selectors import desk
from payments.selectors.words import failure_words
from payments.services import redirecting, returning

LAST_FIGURES = 4


class WithdrawForm(ActForm):
    """Takes a refund back that staff opened by mistake."""

    def perform(self) -> Done:
        """Withdraw it."""
        services.withdraw_refund(
            refund=self.subject.public_id, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("退款已撤回"))


class SendAgainForm(ActForm):
    """Has the channel asked again for a refund that failed."""

    def perform(self) -> Done:
        """Ask."""
        returning.send_again(
            refund=self.subject.public_id, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("已请渠道重新退款"))


class HandOutForm(ActForm):
    """Notes that the money was given back."""

    def perform(self) -> Done:
        """Note it, unless the channel has moved meanwhile."""
        services.hand_out_refund(refund=self.subject.public_id, actor=self.actor)
        return Done(_("已记为退款付出"))


class RedirectForm(ActForm):
    """Proposes where an abnormal refund goes."""

    target = forms.ChoiceField(
        label=_("退到哪里"),
        choices=(("payer", _("付款人的银行卡")), ("merchant", _("机构自己的账户，再由机构付给本人"))),
        widget=forms.RadioSelect,
    )
    bank = forms.CharField(
        label=_("银行编号"), required=False, max_length=32, help_text=_("渠道给的银行编号，例如 ICBC_DEBIT")
    )
    account = forms.CharField(label=_("银行卡号"), required=False, max_length=32)
    holder = forms.CharField(label=_("开户人姓名"), required=False, max_length=60)

    def clean(self) -> dict[str, Any]:
        """A card of the payer needs all three."""
        data = super().clean() or {}
        if data.get("target") == "payer":
            for name in ("bank", "account", "holder"):
                if not data.get(name):
                    self.add_error(name, _("退到银行卡时要填"))
        return data

    def perform(self) -> Done:
        """Propose it."""
        data = self.cleaned_data
        receiver = Receiver(
            data["target"] == "payer", data["bank"], account=data["account"], holder=data["holder"]
        )
        redirecting.ask_redirect(
            refund=self.subject.public_id, receiver=receiver, reason=data["reason"], actor=self.actor
        )
        return Done(_("已提交，等另一位同事复核"))


class DecideForm(ActForm):
    """The second look at where an abnormal refund goes."""

    decision = forms.ChoiceField(
        label=_("复核结果"),
        choices=(("yes", _("同意，请渠道改投")), ("no", _("驳回"))),
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.proposal = _proposal(self.subject)
        if self.proposal is not None:
            self.fields["decision"].help_text = _where(self.proposal)

    def perform(self) -> Done:
        """Decide, and let the channel be asked."""
        agrees = self.cleaned_data["decision"] == "yes"
        redirect = self.proposal.public_id if self.proposal is not None else ""
        redirecting.decide_redirect(
            redirect=redirect, agrees=agrees, reason=self.cleaned_data["reason"], actor=self.actor
        )
        if agrees:
            tasks.send_redirect.delay(redirect)
        return Done(_("已请渠道改投") if agrees else _("已驳回"))


class SettleForm(ActForm):
    """Notes that a stuck refund was given back outside the channel."""

    provider = forms.ChoiceField(
        label=_("怎么退的"), choices=((CASH, _("窗口现金")), (TILL, _("医院收费处")))
    )
    reference = forms.CharField(label=_("凭证号"), max_length=64)

    def perform(self) -> Done:
        """Note it."""
        data = self.cleaned_data
        redirecting.look_before_hand(refund=self.subject.public_id, actor=self.actor)
        redirecting.settle_by_hand(
            refund=self.subject.public_id,
            provider=data["provider"],
            reference=data["reference"],
            reason=data["reason"],
            actor=self.actor,
        )
        return Done(_("已记为人工退款"))


class AgeFilter(admin.SimpleListFilter):
    """Refunds that have been owed for longer than they should."""

    title = _("等了多久")
    parameter_name = "age"
    AGES = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The ages that are looked at."""
        return [("1h", _("超过 1 小时")), ("24h", _("超过 24 小时")), ("7d", _("超过 7 天"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Refund]") -> "QuerySet[Refund]":
        """What is still owed, and older."""
        age = self.AGES.get(str(self.value()))
        if age is None:
            return queryset
        return queryset.filter(state__in=OWED_BACK, opened_at__lt=clock.now() - age)


class ChannelFilter(admin.SimpleListFilter):
    """Refunds of one channel."""

    title = _("渠道")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The channels that the reader sees."""
        rows = desk.visible_channels(staff_actor(request)).order_by("institution__short_name", "place")
        return [(row.public_id, _named(row)) for row in rows[:100]]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Refund]") -> "QuerySet[Refund]":
        """Those whose payment came by it."""
        return queryset.filter(attempt__channel__public_id=self.value()) if self.value() else queryset


def _is_due(row: Refund) -> bool:
    return row.state == RefundState.DUE


def _is_abnormal(row: Refund) -> bool:
    return row.state == RefundState.ABNORMAL


def _proposal(row: Refund) -> RefundRedirect | None:
    return RefundRedirect.objects.filter(refund=row, state=RedirectState.ASKED).first()


def _where(proposal: RefundRedirect) -> str:
    """Where the money is to go, as far as the second one needs it: with the bank and the last figures."""
    if not proposal.is_payer:
        return str(_("退到机构自己的账户，再由机构付给本人"))
    to = cast("dict[str, str]", proposal.receiver)
    return str(
        _("退到 %(holder)s 的 %(bank)s 卡，尾号 %(tail)s")
        % {"holder": mask_name(to["holder"]), "bank": to["bank"], "tail": to["account"][-LAST_FIGURES:]}
    )


def _named(row: Channel) -> str:
    return f"{row.institution.short_name} {label_of(row.provider)}"


class RefundAdmin(MoneyAdmin):
    """Money on its way back; what is due or abnormal is the work list."""

    visible = staticmethod(desk.visible_refunds)
    acts = (
        Act(
            "hand-out",
            _("记为已付出"),
            HandOutForm,
            Duty.REFUND,
            lambda row: _is_due(row) and is_by_hand(row.provider),
        ),
        Act(
            "withdraw",
            _("撤回"),
            WithdrawForm,
            Duty.REFUND,
            lambda row: _is_due(row) and row.reason == RefundReason.STAFF,
        ),
        Act("again", _("重新退款"), SendAgainForm, Duty.REFUND, _is_abnormal),
        Act(
            "redirect",
            _("改投"),
            RedirectForm,
            Duty.REFUND,
            lambda row: _is_abnormal(row) and redirecting.can_redirect(row) and _proposal(row) is None,
        ),
        Act(
            "decide",
            _("复核改投"),
            DecideForm,
            Duty.REFUND,
            lambda row: _is_abnormal(row) and _proposal(row) is not None,
        ),
        Act(
            "settle",
            _("记为人工退款"),
            SettleForm,
            Duty.REFUND,
            lambda row: _is_abnormal(row) and not redirecting.is_insured(row),
        ),
    )
    list_display = ("opened", "bill", "place", "reason", "state", "amount", "way", "trouble", "ended")
    list_filter = ("state", "reason", AgeFilter, ChannelFilter, "lacks_balance", "opened_at")
    search_fields = ("public_id__exact", "bill__number__exact", "channel_ref__exact", "hospital_ref__exact")
    search_help_text = _("退款编号、账单号、渠道退款号或医院退费号，要输全")
    fields = (
        "number",
        "bill",
        "attempt",
        "place",
        "reason",
        "state",
        "amount",
        "way",
        "trouble",
        "advice",
        "tries",
        "next_try_at",
        "channel_ref",
        "hospital_ref",
        "opened",
        "ended",
    )

    @admin.display(description=_("发起时间"), ordering="opened_at")
    def opened(self, row: Refund) -> str:
        """Since when it is owed."""
        return shown_time(row.opened_at)

    @admin.display(description=_("办结时间"))
    def ended(self, row: Refund) -> str:
        """When it was given back or withdrawn."""
        return shown_time(row.ended_at) if row.ended_at else "—"

    @admin.display(description=_("遇到的问题"))
    def trouble(self, row: Refund) -> str:
        """What the channel said against it."""
        if row.lacks_balance:
            return str(_("渠道账户余额不足"))
        return failure_words(row.failure) or "—"

    @admin.display(description=_("怎么办"))
    def advice(self, row: Refund) -> str:
        """What helps now."""
        if row.lacks_balance:
            return str(_("请给渠道账户充值；充值后会自动再退，不用操作"))
        if row.state == RefundState.ABNORMAL:
            if _proposal(row) is not None:
                return str(_("改投已提交，请另一位同事复核"))
            return str(
                _(
                    "先核对原因：原账户能收款了，点“重新退款”；不能，就“改投”到本人的卡；都不行，退现金后“记为人工退款”"
                )
            )
        if _is_due(row) and is_by_hand(row.provider):
            return str(_("本人带证件来领时付出"))
        return "—" if row.ended_at else str(_("渠道处理中，会自动查询，不用操作"))


for site in (centre_site, institution_site):
    site.register(Refund, RefundAdmin)
