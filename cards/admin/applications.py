"""The review queue."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from cards import selectors
from cards.models import CardApplication
from cards.rules.review import REVIEWER_TEXT, Rule
from cards.services.review import review_application
from cards.states import ApplicationState, ProofKind, ReviewOutcome
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.text import mask_name, mask_number, mask_phone
from identity.types import Relation
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.sites import centre_site
from mpi.rules import CERTIFICATE_TYPES, NATIONS

GENDERS: Mapping[str, object] = {"1": _("男"), "2": _("女"), "9": _("未说明")}


class ApproveForm(ActForm):
    """Approves an application."""

    def perform(self) -> Done:
        """Approve it; the card is issued in the same transaction."""
        review_application(
            public_id=self.subject.public_id,
            approve=True,
            reason=self.cleaned_data["reason"],
            actor=self.actor,
        )
        return Done(_("已通过，健康卡已发放，申请人会收到消息"))


class RefuseForm(ActForm):
    """Refuses an application."""

    reason = forms.CharField(
        label=_("不通过的理由"),
        help_text=_("申请人会看到，请写明怎样补救；不要写其他人的信息"),
        min_length=4,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )

    def perform(self) -> Done:
        """Refuse it; the applicant is told the reason."""
        review_application(
            public_id=self.subject.public_id,
            approve=False,
            reason=self.cleaned_data["reason"],
            actor=self.actor,
        )
        return Done(_("已设为不通过，申请人会收到消息"))


def _is_waiting(row: CardApplication) -> bool:
    return row.state == ApplicationState.IN_REVIEW


class RelationFilter(admin.SimpleListFilter):
    """For whom was applied."""

    title = _("为谁申领")
    parameter_name = "relation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """Themselves, or a child."""
        return [(kind.value, kind.label) for kind in (Relation.SELF, Relation.CHILD)]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """The applications for these."""
        return queryset.filter(relation=self.value()) if self.value() else queryset


class CertificateFilter(admin.SimpleListFilter):
    """By the kind of certificate, in words."""

    title = _("证件类型")
    parameter_name = "id_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """The kinds."""
        return [(kind.code, kind.name) for kind in CERTIFICATE_TYPES.values()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """The applications with this kind."""
        return queryset.filter(id_type=self.value()) if self.value() else queryset


class ApplicationAdmin(ScopedAdmin):
    """The review queue: those that wait first, the longest wait at the top."""

    visible = staticmethod(selectors.visible_applications)
    duty = Duty.REVIEW_APPLICATIONS
    read_action = Action.APPLICATION_READ
    acts = (
        Act("approve", _("通过"), ApproveForm, Duty.REVIEW_APPLICATIONS, _is_waiting),
        Act("refuse", _("不通过"), RefuseForm, Duty.REVIEW_APPLICATIONS, _is_waiting),
    )
    list_display = ("public_id", "state", "channel", "certificate", "submitted_at", "waited", "decided_at")
    list_filter = ("state", "channel", RelationFilter, CertificateFilter, "submitted_at")
    search_fields = ("public_id",)
    ordering = ("submitted_at", "pk")
    fields = (
        "public_id",
        "state",
        "channel",
        "relation_shown",
        "certificate",
        "number_shown",
        "name_shown",
        "birth_shown",
        "gender_shown",
        "nation_shown",
        "phone_shown",
        "proof_shown",
        "attempts",
        "submitted_at",
        "decided_at",
        "result_list",
    )
    readonly_fields = fields

    @admin.display(description=_("证件类型"))
    def certificate(self, row: CardApplication) -> str:
        """The certificate in words."""
        kind = CERTIFICATE_TYPES.get(row.id_type)
        return str(kind.name) if kind else "—"

    @admin.display(description=_("已等待"))
    def waited(self, row: CardApplication) -> str:
        """How long a waiting application has waited."""
        if not _is_waiting(row) or row.submitted_at is None:
            return "—"
        minutes = int((clock.now() - row.submitted_at).total_seconds() // 60)
        return _("%(hours)s 小时 %(minutes)s 分") % {"hours": minutes // 60, "minutes": minutes % 60}

    @admin.display(description=_("证件号码"))
    def number_shown(self, row: CardApplication) -> str:
        """In full while the reviewer has to compare it, masked afterwards."""
        number = selectors.answers_of(row).id_number
        return number if _is_waiting(row) else mask_number(number)

    @admin.display(description=_("姓名"))
    def name_shown(self, row: CardApplication) -> str:
        """In full while the reviewer has to compare it, masked afterwards."""
        name = selectors.answers_of(row).name
        return name if _is_waiting(row) else mask_name(name)

    @admin.display(description=_("出生日期"))
    def birth_shown(self, row: CardApplication) -> str:
        """As given or as the number tells."""
        born = selectors.answers_of(row).birth_date
        return born.isoformat() if born and _is_waiting(row) else "—"

    @admin.display(description=_("性别"))
    def gender_shown(self, row: CardApplication) -> str:
        """In words."""
        return str(GENDERS.get(row.gender, "—"))

    @admin.display(description=_("民族"))
    def nation_shown(self, row: CardApplication) -> str:
        """In words."""
        return NATIONS.get(row.nation, "—")

    @admin.display(description=_("联系电话"))
    def phone_shown(self, row: CardApplication) -> str:
        """Masked: the decision does not need it."""
        return mask_phone(selectors.answers_of(row).phone) or "—"

    @admin.display(description=_("为谁申领"))
    def relation_shown(self, row: CardApplication) -> str:
        """In words."""
        return str(Relation(row.relation).label)

    @admin.display(description=_("监护证明"))
    def proof_shown(self, row: CardApplication) -> str:
        """Kind and number; the number in full while the reviewer has to compare it."""
        answers = selectors.answers_of(row)
        if not answers.proof_kind:
            return "—"
        number = answers.proof_number if _is_waiting(row) else mask_number(answers.proof_number)
        return f"{ProofKind(answers.proof_kind).label} {number}"

    @admin.display(description=_("审核记录"))
    def result_list(self, row: CardApplication) -> SafeString:
        """Every result with the rules that spoke and the reason."""
        lines = (
            (
                clock.beijing(result.at).strftime("%Y-%m-%d %H:%M"),
                ReviewOutcome(result.outcome).label,
                "、".join(str(REVIEWER_TEXT[Rule(rule)]) for rule in result.rules),
                result.reason,
            )
            for result in row.results.order_by("at")
        )
        return format_html_join("", "<div>{} · {} · {} {}</div>", lines)


centre_site.register(CardApplication, ApplicationAdmin)
