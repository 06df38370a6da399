"""Bills, payments and the ledger, for the centre and for institutions."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from foundation.core.money import fen_of, yuan
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty, may
from institutions.selectors import staff_actor
from institutions.sites import centre_site, institution_site
from payments import services
from payments.models import Bill, LedgerEntry, PaymentAttempt, Refund
from payments.providers import label_of
from payments.rules import TOP_UP, BillState, RefundReason
from payments.selectors import desk
from payments.selectors.money import Money, money_of, money_of_many
from payments.selectors.resident import HOSPITAL


class RefundBillForm(ActForm):
    """Owes money back."""

    amount = forms.CharField(label=_("退款金额（元）"), max_length=16)

    def clean_amount(self) -> int:
        """The amount in fen."""
        fen = fen_of(self.cleaned_data["amount"])
        if not fen:
            raise forms.ValidationError(_("请按“元”填写金额，最多两位小数，例如 50 或 12.50"))
        return fen

    def perform(self) -> Done:
        """Open the refund."""
        services.refund_bill(
            bill=self.subject.public_id,
            amount_fen=self.cleaned_data["amount"],
            reason=RefundReason.STAFF,
            actor=self.actor,
        )
        return Done(_("退款已发起，请到“待退款”里付出"))


class MoneyAdmin(ScopedAdmin):
    """The base of the admins of money: its columns in yuan."""

    duty = Duty.SEE_BILLS

    @admin.display(description=_("应付（元）"))
    def total(self, row: Bill) -> str:
        """What is to be paid."""
        return row.due_yuan

    @admin.display(description=_("已收（元）"))
    def captured(self, row: PaymentAttempt) -> str:
        """What arrived."""
        return yuan(row.captured_fen)

    @admin.display(description=_("金额（元）"))
    def amount(self, row: PaymentAttempt | Refund | LedgerEntry) -> str:
        """What it is about."""
        return yuan(row.amount_fen)

    @admin.display(description=_("方式"), ordering="provider")
    def way(self, row: PaymentAttempt | Refund) -> str:
        """How it was paid, or goes back."""
        return label_of(row.provider)

    @admin.display(description=_("机构"))
    def place(self, row: PaymentAttempt | Refund) -> str:
        """Whose bill it is."""
        return row.bill.institution.short_name


class BillAdmin(MoneyAdmin):
    """Bills; who owes them, and for what, is left to the window."""

    visible = staticmethod(desk.visible_bills)
    acts = (
        Act(
            "refund",
            _("退款"),
            RefundBillForm,
            Duty.REFUND,
            lambda row: row.state == BillState.PAID and row.refundable_fen > 0,
        ),
    )
    change_list_template = "payments/admin/bills.html"
    list_display = ("number_", "institution", "state", "total", "arrived", "owed_back", "created", "paid")
    list_filter = ("state", "institution", "created_at")
    search_fields = ("number__exact", "reference__exact")
    search_help_text = _("账单号或医院账单号，要输全")
    fields = (
        "number_",
        "institution",
        "state",
        "source",
        "subject_id",
        "reference",
        "receipt",
        "total",
        "reduction",
        "arrived",
        "owed_back",
        "given_back",
        "created",
        "expires",
        "paid",
        "course",
    )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with the way to giving back all that it shows for whoever may."""
        response = super().changelist_view(request, extra_context)
        shown = (getattr(response, "context_data", None) or {}).get("cl")
        rows = list(shown.result_list) if shown is not None else []
        for row, money in zip(rows, money_of_many(rows).values(), strict=True):
            row.money = money
        if isinstance(response, TemplateResponse) and may(staff_actor(request), Duty.REFUND):
            numbers = [row.number for row in rows]
            if numbers and response.context_data is not None:
                address = reverse("admin:payments_bulkrefund_add", current_app=self.admin_site.name)
                chosen = urlencode({"numbers": " ".join(numbers)})
                response.context_data["together"] = f"{address}?{chosen}"
        return response

    @admin.display(description=_("经过"))
    def course(self, row: Bill) -> str:
        """Everything that happened to it, on a page of its own."""
        address = reverse("window-order", args=[row.public_id])
        return format_html('<a href="{}">{}</a>', address, _("查看订单经过"))

    @admin.display(description=_("账单号"))
    def number_(self, row: Bill) -> str:
        """What people read out at the window."""
        return row.number

    @admin.display(description=_("费用来源"))
    def source(self, row: Bill) -> str:
        """Who opened it: a booking here, or the hospital."""
        if row.subject_type == TOP_UP:
            return str(_("预交金充值"))
        return str(_("医院收费") if row.subject_type.startswith(HOSPITAL) else _("挂号费"))

    @admin.display(description=_("医院减免（元）"))
    def reduction(self, row: Bill) -> str:
        """What the hospital takes off, and nobody pays."""
        return yuan(row.reduction_fen)

    @admin.display(description=_("已收（元）"))
    def arrived(self, row: Bill) -> str:
        """What arrived in money."""
        return yuan(self._money(row).captured_fen)

    @admin.display(description=_("应退（元）"))
    def owed_back(self, row: Bill) -> str:
        """What goes back, or went."""
        return yuan(self._money(row).refund_fen)

    @admin.display(description=_("已退（元）"))
    def given_back(self, row: Bill) -> str:
        """What went back."""
        return yuan(self._money(row).refunded_fen)

    def _money(self, row: Bill) -> Money:
        # The rows of a list have been asked for together.
        return getattr(row, "money", None) or money_of(row)

    @admin.display(description=_("支付截止"))
    def expires(self, row: Bill) -> str:
        """Until when it can be paid."""
        return shown_time(row.expires_at) if row.expires_at else "—"

    @admin.display(description=_("支付时间"))
    def paid(self, row: Bill) -> str:
        """When it was paid."""
        return shown_time(row.paid_at) if row.paid_at else "—"


class AttemptAdmin(MoneyAdmin):
    """Tries to pay."""

    visible = staticmethod(desk.visible_attempts)
    list_display = ("began", "bill", "place", "way", "state", "amount", "captured")
    list_filter = ("state", "started_at")
    search_fields = ("public_id__exact", "bill__number__exact", "channel_ref__exact")
    search_help_text = _("支付编号、账单号或渠道流水号，要输全")
    fields = (
        "number",
        "bill",
        "place",
        "way",
        "state",
        "amount",
        "captured",
        "channel_ref",
        "failure",
        "began",
    )

    @admin.display(description=_("发起时间"))
    def began(self, row: PaymentAttempt) -> str:
        """When it was written down."""
        return shown_time(row.started_at)


class LedgerAdmin(MoneyAdmin):
    """The ledger: two rows for each movement."""

    visible = staticmethod(desk.visible_entries)
    url_field = "pk"
    has_history = False
    list_display = ("written", "institution", "kind", "account", "amount", "bill")
    list_filter = ("account", "kind", "institution", "at")
    search_fields = ("bill__number__exact", "movement__exact")
    search_help_text = _("账单号或凭证号，要输全")
    fields = ("movement", "written", "institution", "kind", "account", "amount", "bill", "attempt", "refund")

    @admin.display(description=_("时间"))
    def written(self, row: LedgerEntry) -> str:
        """When it was written."""
        return shown_time(row.at)


for site in (centre_site, institution_site):
    site.register(Bill, BillAdmin)
    site.register(PaymentAttempt, AttemptAdmin)
    site.register(LedgerEntry, LedgerAdmin)
