"""Cards, and what staff do to them."""

from django import forms
from django.contrib import admin
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cards import selectors
from cards.admin.temporary import EXTEND_TEMPORARY, ISSUE_TEMPORARY
from cards.errors import GuardianUnknown
from cards.models import Card
from cards.rules.life import CardMove, may_move_card
from cards.services import life, numbers
from cards.services.family import hold_at_window
from cards.states import CardState
from foundation.accounts.selectors import account_by_phone
from foundation.audit.actions import Action
from foundation.core.text import mask_name, mask_number
from identity.types import Relation
from institutions.admin_acts import Act, ActForm, Done, ToldActForm
from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site


class FreezeForm(ToldActForm):
    """Freezes a card."""

    def perform(self) -> Done:
        """Freeze it."""
        life.freeze_card(card_pk=self.subject.pk, reason=self.cleaned_data["reason"], actor=self.actor)
        return Done(_("健康卡已冻结，其二维码从现在起全部拒绝"))


class UnfreezeForm(ToldActForm):
    """Releases a card."""

    def perform(self) -> Done:
        """Release it."""
        life.unfreeze_card(card_pk=self.subject.pk, reason=self.cleaned_data["reason"], actor=self.actor)
        return Done(_("健康卡已恢复使用"))


class LossForm(ToldActForm):
    """Reports a card lost."""

    def perform(self) -> Done:
        """Report it."""
        life.report_loss(card_pk=self.subject.pk, reason=self.cleaned_data["reason"], actor=self.actor)
        return Done(_("健康卡已挂失，其二维码从现在起全部拒绝"))


class FoundForm(ToldActForm):
    """Withdraws a report of loss."""

    def perform(self) -> Done:
        """Withdraw it."""
        life.withdraw_loss(card_pk=self.subject.pk, reason=self.cleaned_data["reason"], actor=self.actor)
        return Done(_("挂失已取消，健康卡可以使用"))


class ReissueForm(ToldActForm):
    """Gives a card another number."""

    def perform(self) -> Done:
        """Re-issue it."""
        number = numbers.reissue_number(
            card_pk=self.subject.pk, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(
            _("已换用第 %(version)s 号发卡密钥的新卡号，以前的码全部作废") % {"version": number.key_version}
        )


class CancelForm(ToldActForm):
    """Cancels a card."""

    def perform(self) -> Done:
        """Cancel it."""
        life.cancel_card(card_pk=self.subject.pk, reason=self.cleaned_data["reason"], actor=self.actor)
        return Done(_("健康卡已注销"))


class GuardianForm(ToldActForm):
    """Lets an account hold the card's person, after both were seen with their papers."""

    relation = forms.ChoiceField(
        label=_("持卡人是代管人的什么人"),
        choices=[choice for choice in Relation.choices if choice[0] != Relation.SELF],
    )
    phone = forms.CharField(label=_("代管人登录用的手机号"), max_length=30)

    def perform(self) -> Done:
        """Open the holding; the evidence is the window."""
        account = account_by_phone(self.cleaned_data["phone"])
        if account is None:
            raise GuardianUnknown(field="phone")
        hold_at_window(
            account_pk=account.pk,
            person_pk=self.subject.person_id,
            relation=self.cleaned_data["relation"],
            reason=self.cleaned_data["reason"],
            actor=self.actor,
        )
        return Done(_("已登记代管，代管人可以在“家人”里出示这张卡"))


def _act(name: str, label: str | Promise, form: type[ActForm], move: CardMove) -> Act:
    """An act that is offered where the table of moves allows it."""
    return Act(name, label, form, Duty.MANAGE_CARDS, lambda row: may_move_card(move, row.state))


class CardAdmin(ScopedAdmin):
    """Cards: an institution sees those that it issued."""

    visible = staticmethod(selectors.visible_cards)
    read_action = Action.CARD_READ
    acts = (
        _act("freeze", _("冻结"), FreezeForm, CardMove.FREEZE),
        _act("unfreeze", _("恢复使用"), UnfreezeForm, CardMove.UNFREEZE),
        _act("report-loss", _("挂失"), LossForm, CardMove.REPORT_LOSS),
        _act("withdraw-loss", _("取消挂失"), FoundForm, CardMove.WITHDRAW_LOSS),
        _act("reissue", _("补领"), ReissueForm, CardMove.REISSUE),
        _act("cancel", _("注销"), CancelForm, CardMove.CANCEL),
        Act(
            "guardian",
            _("登记代管人"),
            GuardianForm,
            Duty.MANAGE_CARDS,
            lambda row: row.state != CardState.CANCELLED,
        ),
        EXTEND_TEMPORARY,
    )
    creation = ISSUE_TEMPORARY
    list_display = ("public_id", "state", "channel", "institution", "static_enabled", "issued_at")
    list_filter = ("state", "channel", "static_enabled", "issued_at", "valid_until")
    list_select_related = ("institution",)
    search_fields = ("public_id",)
    fields = (
        "public_id",
        "state",
        "person",
        "holder_shown",
        "number_shown",
        "channel",
        "institution",
        "static_enabled",
        "issued_at",
        "valid_until",
        "state_changed_at",
    )
    readonly_fields = fields

    @admin.display(description=_("持卡人"))
    def holder_shown(self, row: Card) -> str:
        """Masked."""
        return mask_name(row.face["name"])

    @admin.display(description=_("证件号码"))
    def number_shown(self, row: Card) -> str:
        """Masked."""
        return mask_number(row.face["id_number"])


for site in (centre_site, institution_site):
    site.register(Card, CardAdmin)
