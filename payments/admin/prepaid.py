"""Balances on both admin sites: looked at, frozen and let go; money moves elsewhere."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from foundation.audit.actions import Action
from foundation.core.money import yuan
from foundation.core.text import mask_name
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from mpi import selectors as mpi
from payments import services
from payments.models import PrepaidAccount
from payments.rules import PrepaidState
from payments.selectors.prepaid_desk import visible_balances


class FreezeForm(ActForm):
    """Lets nothing be spent of a balance."""

    is_frozen = True

    def perform(self) -> Done:
        """Freeze it, or let it go."""
        services.freeze_account(
            account=self.subject.public_id,
            is_frozen=self.is_frozen,
            reason=self.cleaned_data["reason"],
            actor=self.actor,
        )
        return Done(_("账户已冻结") if self.is_frozen else _("账户已解冻"))


class UnfreezeForm(FreezeForm):
    """Lets it be spent again."""

    is_frozen = False


class PrepaidAdmin(ScopedAdmin):
    """Balances; what moved them is in the ledger, by the account 预交金."""

    duty = Duty.SEE_BILLS
    visible = staticmethod(visible_balances)
    read_action = Action.PREPAID_READ
    acts = (
        Act("freeze", _("冻结"), FreezeForm, Duty.REFUND, lambda row: row.state == PrepaidState.ACTIVE),
        Act("unfreeze", _("解冻"), UnfreezeForm, Duty.REFUND, lambda row: row.state == PrepaidState.FROZEN),
    )
    list_display = ("number", "kind", "institution", "state", "balance", "opened")
    list_filter = ("state", "kind", "institution", "opened_at")
    search_fields = ("public_id__exact", "visit__exact")
    search_help_text = _("账户编号或住院号，要输全")
    fields = ("number", "holder", "kind", "institution", "visit", "state", "balance", "opened")

    @admin.display(description=_("持卡人"))
    def holder(self, row: PrepaidAccount) -> str:
        """Whose it is, masked."""
        return mask_name(mpi.particulars(row.person_id).name)

    @admin.display(description=_("余额（元）"))
    def balance(self, row: PrepaidAccount) -> str:
        """What is in it."""
        return yuan(row.balance_fen)

    @admin.display(description=_("开户时间"))
    def opened(self, row: PrepaidAccount) -> str:
        """When it was opened."""
        return shown_time(row.opened_at)


for site in (centre_site, institution_site):
    site.register(PrepaidAccount, PrepaidAdmin)
