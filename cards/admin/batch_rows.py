"""The work list of the counter: people without a usable name or certificate, one by one completed."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cards.batch import selectors
from cards.batch.states import Reason, RowState
from cards.models import BatchRow
from cards.services.batch_counter import complete_row
from foundation.audit.actions import Action
from foundation.core.text import mask_name, mask_number, mask_phone
from gmcrypto.fields import prefetch_keys
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from mpi.rules import CERTIFICATE_TYPES
from mpi.types import PersonIdentity

ALL = "all"


class CompleteForm(ActForm):
    """Issues the card of somebody who showed a document."""

    id_type = forms.ChoiceField(
        label=_("证件类型"), choices=[(code, kind.name) for code, kind in CERTIFICATE_TYPES.items()]
    )
    id_number = forms.CharField(label=_("证件号码"), max_length=40, help_text=_("请对照患者出示的证件填写"))
    name = forms.CharField(label=_("姓名"), max_length=80)
    birth_date = forms.DateField(
        label=_("出生日期"),
        required=False,
        help_text=_("身份证和户口簿不用填"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    phone = forms.CharField(label=_("联系电话"), required=False, max_length=30)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = self.subject.given
        self.initial["id_type"] = given.get("id_type", "01")
        if self.subject.reason != Reason.NAME_PLACEHOLDER:
            self.initial["name"] = given.get("name", "")
        self.initial["phone"] = given.get("phone", "")

    def perform(self) -> Done:
        """Check and issue."""
        data = self.cleaned_data
        given = self.subject.given
        issued = complete_row(
            row=self.subject,
            identity_given=PersonIdentity(
                name=data["name"],
                id_type=data["id_type"],
                id_number=data["id_number"],
                birth_date=data["birth_date"],
                nation=given.get("nation", ""),
                phone=data["phone"],
                address=given.get("address", ""),
            ),
            actor=self.actor,
            reason=data["reason"],
        )
        if issued.created:
            return Done(_("证件已核对，健康卡已发放，院内号已关联"))
        return Done(_("此人原来就有健康卡，院内号已关联到原卡"))


class StateFilter(admin.SimpleListFilter):
    """Where a line stands; the work list, if nothing is chosen."""

    title = _("状态")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """The states, the work list first."""
        others = [(state.value, state.label) for state in RowState if state is not RowState.UNNAMED]
        return [(RowState.UNNAMED.value, RowState.UNNAMED.label), *others, (ALL, _("全部"))]

    def choices(self, changelist: ChangeList) -> Any:
        """The states, and all of them."""
        chosen = self.value() or RowState.UNNAMED.value
        for name, label in self.lookup_choices:
            yield {
                "selected": name == chosen,
                "query_string": changelist.get_query_string({self.parameter_name: name}),
                "display": label,
            }

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """The lines in that state."""
        chosen = self.value() or RowState.UNNAMED.value
        return queryset if chosen == ALL else queryset.filter(state=chosen)


class RowAdmin(ScopedAdmin):
    """Lines of lists: an institution sees its own."""

    visible = staticmethod(selectors.visible_rows)
    duty = Duty.COMPLETE_UNNAMED
    read_action = Action.BATCH_ROW_READ
    acts = (
        Act(
            "complete",
            _("核对证件并发卡"),
            CompleteForm,
            Duty.COMPLETE_UNNAMED,
            lambda row: row.state == RowState.UNNAMED,
        ),
    )
    ordering = ("batch", "line")
    change_list_template = "cards/admin/rows.html"
    list_display = ("line", "patient_id", "holder", "certificate", "state", "why")
    list_filter = (StateFilter, "batch__kind")
    search_fields = ("public_id",)
    fields = (
        "list_shown",
        "line",
        "patient_id",
        "holder",
        "certificate",
        "phone_shown",
        "state",
        "why",
        "card",
        "decided",
    )
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """Whole numbers of the institution are found; nothing of a person can be searched."""
        if not search_term.strip():
            return queryset, False
        return selectors.by_patient_id(queryset, search_term), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """One list's lines, by its public id."""
        return lookup == "batch__public_id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list, with its keys read in one query."""
        changelist = super().get_changelist_instance(request)
        prefetch_keys(changelist.result_list)
        return changelist

    @admin.display(description=_("名单"))
    def list_shown(self, row: BatchRow) -> Any:
        """The list, linked."""
        return self.link(row.batch)

    @admin.display(description=_("院内号"))
    def patient_id(self, row: BatchRow) -> str:
        """The institution's own number."""
        return row.given.get("patient_id", "") or "—"

    @admin.display(description=_("姓名"))
    def holder(self, row: BatchRow) -> str:
        """Masked."""
        return mask_name(row.given.get("name", "")) or "—"

    @admin.display(description=_("证件号码"))
    def certificate(self, row: BatchRow) -> str:
        """Masked."""
        return mask_number(row.given.get("id_number", "")) or "—"

    @admin.display(description=_("联系电话"))
    def phone_shown(self, row: BatchRow) -> str:
        """Masked."""
        return mask_phone(row.given.get("phone", "")) or "—"

    @admin.display(description=_("原因"))
    def why(self, row: BatchRow) -> str:
        """In words."""
        return selectors.why(row) or "—"

    @admin.display(description=_("处理时间"))
    def decided(self, row: BatchRow) -> str:
        """When it was decided."""
        return shown_time(row.decided_at) if row.decided_at else "—"


for site in (centre_site, institution_site):
    site.register(BatchRow, RowAdmin)
