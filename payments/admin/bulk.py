"""Runs over many bills, with the result of each."""

import re
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from foundation.core.errors import PermissionRefused
from foundation.core.money import yuan
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done, perform
from institutions.admin_base import ScopedAdmin, second_click_led, shown_time
from institutions.rules import Duty
from institutions.selectors import staff_actor
from institutions.sites import centre_site, institution_site
from payments import services, tasks
from payments.models import BulkRefund, BulkRefundRow, Refund, RowState
from payments.rules import RefundReason
from payments.selectors import desk
from payments.selectors.words import failure_words
from payments.services.bulk import LARGEST

_BETWEEN = re.compile(r"[\s,，;；、]+")
# Twelve figures and what stands between two numbers, for as many as fit.
_LONGEST = LARGEST * 16


class BulkForm(ActForm):
    """Which bills are given back together."""

    institution = forms.ChoiceField(label=_("机构"))
    numbers = forms.CharField(
        label=_("账单号"),
        help_text=_("每行一个，也可用空格或逗号隔开；已付的退款，没付的取消"),
        max_length=_LONGEST,
        widget=forms.Textarea(attrs={"rows": 10, "autocomplete": "off", "spellcheck": "false"}),
    )
    why = forms.ChoiceField(
        label=_("退款原因"),
        choices=[
            (reason.value, reason.label)
            for reason in (RefundReason.STOPPED, RefundReason.CANCELLED, RefundReason.STAFF)
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Beside the reason that the payer reads.
        self.fields["reason"].label = _("说明")
        choices = list(institution_choices(self.actor))
        field = cast(forms.ChoiceField, self.fields["institution"])
        # Staff of one institution have nothing to choose.
        field.choices = choices[1:] if self.actor.institution else choices

    def perform(self) -> Done:
        """Begin the run; a worker does it."""
        data = self.cleaned_data
        made = services.start_bulk_refund(
            institution=data["institution"],
            numbers=[number for number in _BETWEEN.split(data["numbers"]) if number],
            reason=RefundReason(data["why"]),
            note=data["reason"],
            actor=self.actor,
        )
        tasks.run_bulk_refund.delay(made)
        return Done(_("批量退款已开始，结果逐笔显示"), row=BulkRefund.objects.get(public_id=made))


class RetryForm(ActForm):
    """Lets the rows that failed be tried again."""

    def perform(self) -> Done:
        """Begin again."""
        services.retry_bulk_refund(
            bulk=self.subject.public_id, reason=self.cleaned_data["reason"], actor=self.actor
        )
        tasks.run_bulk_refund.delay(self.subject.public_id)
        return Done(_("出错的账单正在重试"))


class BulkRefundAdmin(ScopedAdmin):
    """Runs, those of suspensions among them."""

    visible = staticmethod(desk.visible_bulk_refunds)
    duty = Duty.SEE_BILLS
    creation = Act("add", _("批量退款"), BulkForm, Duty.REFUND)
    acts = (
        Act(
            "again",
            _("重试出错的"),
            RetryForm,
            Duty.REFUND,
            lambda row: row.rows.filter(state=RowState.FAILED).exists(),
        ),
    )
    change_form_template = "payments/admin/bulk.html"
    list_display = ("begun", "institution", "reason", "state", "bills", "done", "failed")
    list_filter = ("state", "reason", "institution", "created_at")
    fields = (
        "number",
        "institution",
        "reason",
        "note",
        "state",
        "begun",
        "ended_at",
        "bills",
        "done",
        "failed",
    )
    readonly_fields = ("begun", "bills", "done", "failed")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[BulkRefund]":
        """The runs with how far they are."""
        rows: QuerySet[BulkRefund] = super().get_queryset(request)
        counted: QuerySet[BulkRefund] = rows.annotate(
            all_rows=Count("rows"),
            done_rows=Count("rows", filter=~Q(rows__state__in=(RowState.WAITING, RowState.FAILED))),
            failed_rows=Count("rows", filter=Q(rows__state=RowState.FAILED)),
        )
        return counted

    @second_click_led
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form, with the bills that were chosen in the list."""
        if self.creation is None or not self.has_add_permission(request):
            raise PermissionRefused
        form = BulkForm(
            request.POST or None,
            subject=None,
            actor=staff_actor(request),
            initial={"numbers": request.GET.get("numbers", "").replace(" ", "\n")},
        )
        done = perform(form) if form.is_bound and form.is_valid() else None
        if done is not None and done.row is not None:
            self.message_user(request, str(done.message), messages.SUCCESS)
            return HttpResponseRedirect(self.address("change", done.row))
        context = {
            **self._frame(request, self.creation.label, None),
            "form": form,
            "back": self._list_address(),
        }
        return TemplateResponse(request, "institutions/admin_act.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The run with its rows, page by page."""
        run = self.get_object(request, object_id)
        rows = BulkRefundRow.objects.filter(bulk=run).select_related("bill").order_by("place")
        page = Paginator(rows, self.list_per_page).get_page(request.GET.get("p"))
        context = {"page": page, "lines": _lines(list(page)), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description=_("发起时间"), ordering="created_at")
    def begun(self, row: BulkRefund) -> str:
        """When it was asked for."""
        return shown_time(row.created_at)

    @admin.display(description=_("账单数"))
    def bills(self, row: Any) -> int:
        """How many bills."""
        return int(row.all_rows)

    @admin.display(description=_("已处理"))
    def done(self, row: Any) -> int:
        """How many are done."""
        return int(row.done_rows)

    @admin.display(description=_("出错"))
    def failed(self, row: Any) -> int:
        """How many failed."""
        return int(row.failed_rows)


def _lines(rows: list[BulkRefundRow]) -> list[dict[str, Any]]:
    """The rows with how far their refunds are."""
    wanted = [refund for row in rows for refund in row.refunds]
    refunds = {refund.public_id: refund for refund in Refund.objects.filter(public_id__in=wanted)}
    return [
        {
            "row": row,
            "amount": yuan(row.amount_fen) if row.amount_fen else "—",
            "failure": failure_words(row.failure),
            "refunds": [_how_far(refunds[one]) for one in row.refunds if one in refunds],
        }
        for row in rows
    ]


def _how_far(refund: Refund) -> str:
    state = refund.get_state_display()
    if refund.lacks_balance:
        return f"{state}（{_('渠道账户余额不足，充值后自动再退')}）"
    return f"{state}（{failure_words(refund.failure)}）" if refund.failure else str(state)


for site in (centre_site, institution_site):
    site.register(BulkRefund, BulkRefundAdmin)
