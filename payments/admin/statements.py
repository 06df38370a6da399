"""Statements of channels and hospitals, and closed days, on both admin sites."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from foundation.core.money import yuan
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from payments import tasks
from payments.models import DailyClosing, StatementFile
from payments.providers import label_of
from payments.reconciliation.files import MOST_BYTES, THEIRS
from payments.selectors import reconciliation
from payments.services import statements


class HandInForm(ActForm):
    """Hands in what a hospital's own system booked on a day."""

    institution = forms.ChoiceField(label=_("机构"))
    day = forms.DateField(label=_("账单日"), widget=forms.DateInput(attrs={"type": "date"}))
    file = forms.FileField(label=_("对账文件"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = cast(forms.ChoiceField, self.fields["institution"])
        choices.choices = institution_choices(self.actor)
        if self.actor.institution:
            choices.initial = self.actor.institution
        self.fields["file"].help_text = _("CSV，UTF-8 编码，列名：%(columns)s") % {
            "columns": "，".join(THEIRS)
        }

    def clean_file(self) -> bytes:
        """The content, as far as it is not too large."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("文件太大"))
        content: bytes = file.read()
        return content

    def perform(self) -> Done:
        """Take it, and have it compared."""
        data = self.cleaned_data
        taken = statements.take_hospital_file(
            institution=data["institution"],
            day=data["day"],
            content=data["file"],
            reason=data["reason"],
            actor=self.actor,
        )
        tasks.reconcile_file.delay(taken)
        return Done(_("对账文件已导入，正在核对"), row=StatementFile.objects.get(public_id=taken))


class AskAgainForm(ActForm):
    """Has a channel asked again for its statement of a day."""

    def perform(self) -> Done:
        """Ask."""
        statements.ask_again(
            file=self.subject.public_id, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("已安排重新获取账单"))


class StatementAdmin(ScopedAdmin):
    """What channels and hospitals stated of each day, in all versions."""

    visible = staticmethod(reconciliation.visible_files)
    duty = Duty.SEE_RECONCILIATION
    creation = Act("hand-in", _("上传医院对账文件"), HandInForm, Duty.RECONCILE)
    acts = (
        Act(
            "again",
            _("重新获取账单"),
            AskAgainForm,
            Duty.RECONCILE,
            lambda row: row.channel_id is not None and row.is_current,
        ),
    )
    list_display = (
        "day",
        "institution",
        "party",
        "channel",
        "state",
        "version",
        "is_current",
        "count",
        "gross",
        "refunded",
        "fee",
    )
    list_filter = ("state", "party", "is_current", "institution", "day")
    fields = (
        "number",
        "day",
        "institution",
        "party",
        "channel",
        "state",
        "version",
        "is_current",
        "count",
        "gross",
        "refunded",
        "fee",
        "digest",
        "failure",
        "tries",
        "next_try_at",
        "taken_at",
    )
    readonly_fields = ("number", "gross", "refunded", "fee")

    @admin.display(description=_("收款（元）"))
    def gross(self, row: StatementFile) -> str:
        """What came."""
        return yuan(row.gross_fen)

    @admin.display(description=_("退款（元）"))
    def refunded(self, row: StatementFile) -> str:
        """What went back."""
        return yuan(row.refund_fen)

    @admin.display(description=_("手续费（元）"))
    def fee(self, row: StatementFile) -> str:
        """What the channel keeps."""
        return yuan(row.fee_fen)


class ClosingAdmin(ScopedAdmin):
    """Days as they were closed; never changed."""

    visible = staticmethod(reconciliation.visible_closings)
    duty = Duty.SEE_RECONCILIATION
    has_history = True
    list_display = (
        "day",
        "institution",
        "way",
        "gross",
        "refunded",
        "stated",
        "fee",
        "differences",
        "closed_at",
    )
    list_filter = ("institution", "day")
    fields = (
        "day",
        "institution",
        "way",
        "channel",
        "payments",
        "refunds",
        "gross",
        "refunded",
        "stated",
        "stated_refunded",
        "fee",
        "differences",
        "closed_at",
    )
    readonly_fields = ("way", "gross", "refunded", "stated", "stated_refunded", "fee")

    @admin.display(description=_("支付方式"), ordering="provider")
    def way(self, row: DailyClosing) -> str:
        """What people read."""
        return label_of(row.provider)

    @admin.display(description=_("收款（元）"))
    def gross(self, row: DailyClosing) -> str:
        """What came, by our books."""
        return yuan(row.gross_fen)

    @admin.display(description=_("退款（元）"))
    def refunded(self, row: DailyClosing) -> str:
        """What went back, by our books."""
        return yuan(row.refund_fen)

    @admin.display(description=_("渠道收款（元）"))
    def stated(self, row: DailyClosing) -> str:
        """What came, by the channel's statement."""
        return _shown(row.stated_gross_fen)

    @admin.display(description=_("渠道退款（元）"))
    def stated_refunded(self, row: DailyClosing) -> str:
        """What went back, by the channel's statement."""
        return _shown(row.stated_refund_fen)

    @admin.display(description=_("手续费（元）"))
    def fee(self, row: DailyClosing) -> str:
        """What the channel keeps."""
        return _shown(row.fee_fen)


def _shown(fen: int | None) -> str:
    return "—" if fen is None else yuan(fen)


for site in (centre_site, institution_site):
    site.register(StatementFile, StatementAdmin)
    site.register(DailyClosing, ClosingAdmin)
