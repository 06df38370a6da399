"""What the card centre sees of persons, checks, consent and holdings.

Lists and rows show masked values. Opening a person's particulars is an act with a reason; they
are shown once, on a page that no browser keeps.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.errors import PermissionRefused
from foundation.core.text import mask_name, mask_number, mask_phone, normalise_name, normalise_number
from gmcrypto.errors import KeyDestroyed
from gmcrypto.fields import prefetch_keys
from gmcrypto.index import blind_index
from identity import services
from identity.models import ConsentRecord, Holding, HoldingState, IdentityCheck, PrivacyNotice
from identity.rules import Level
from identity.types import Relation
from institutions.admin_acts import Act, ActForm, Done, ToldActForm
from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.sites import centre_site
from mpi import rules
from mpi import selectors as mpi
from mpi.errors import PersonErased
from mpi.types import Particulars

ERASED = _("已删除")


def _of_the_centre(rows: "QuerySet[Any]", actor: Actor) -> "QuerySet[Any]":
    """Persons and what hangs on them belong to no institution."""
    return rows if actor.is_centre else rows.none()


def persons(actor: Actor) -> "QuerySet[Any]":
    """Every anchor, for the centre."""
    return _of_the_centre(mpi.anchors().select_related("survivor"), actor)


def holdings(actor: Actor) -> "QuerySet[Any]":
    """Every holding, for the centre."""
    return _of_the_centre(Holding.objects.select_related("account", "person"), actor)


def checks(actor: Actor) -> "QuerySet[Any]":
    """Every check, for the centre."""
    return _of_the_centre(IdentityCheck.objects.select_related("person"), actor)


def consents(actor: Actor) -> "QuerySet[Any]":
    """Every consent, for the centre."""
    return _of_the_centre(ConsentRecord.objects.select_related("account", "notice"), actor)


def notices(actor: Actor) -> "QuerySet[Any]":
    """Every version of the notice, for the centre."""
    return _of_the_centre(PrivacyNotice.objects.all(), actor)


class OpeningForm(ActForm):
    """Shows a person's particulars unmasked."""

    def perform(self) -> Done:
        """Record the reading with its reason, and show the values this once."""
        data = mpi.particulars(self.subject.pk)
        audit.record(
            Action.PERSON_READ,
            actor=self.actor,
            subject=self.subject,
            reason=self.cleaned_data["reason"],
            details={"channel": "admin", "fields": ["name", "id_number", "phone", "address"]},
        )
        kind = rules.CERTIFICATE_TYPES.get(data.id_type)
        return Done(
            _("查看已记入审计"),
            once=[
                (_("姓名"), data.name),
                (_("证件类型"), str(kind.name) if kind else ""),
                (_("证件号码"), data.id_number),
                (_("出生日期"), data.birth_date.isoformat() if data.birth_date else ""),
                (_("民族"), rules.NATIONS.get(data.nation, "")),
                (_("电话"), data.phone),
                (_("住址"), data.address),
            ],
        )


class CorrectionForm(ToldActForm):
    """Corrects who a person is, by the documents that were shown."""

    id_type = forms.ChoiceField(
        label=_("证件类型"),
        choices=lambda: [(kind.code, kind.name) for kind in rules.CERTIFICATE_TYPES.values()],
    )
    id_number = forms.CharField(label=_("证件号码"), max_length=40)
    name = forms.CharField(label=_("姓名"), max_length=80)

    def perform(self) -> Done:
        """Change certificate and name; the card follows, and its old number still resolves."""
        data = self.cleaned_data
        changed = services.correct_identity(
            person_pk=self.subject.pk,
            id_type=data["id_type"],
            id_number=data["id_number"],
            name=data["name"],
            actor=self.actor,
            reason=data["reason"],
        )
        if not changed:
            return Done(_("与登记的一致，没有更改"))
        return Done(_("身份信息已更正；健康卡随后换用新的卡号，旧卡号仍可识别"))


class FindingForm(ActForm):
    """Finds persons by a whole name or number; what is typed goes into no address and no log."""

    term = forms.CharField(
        label=_("姓名、证件号码或人员编号"),
        help_text=_("请输入完整的内容，不支持按其中一部分查找"),
        max_length=80,
    )

    def perform(self) -> Done:
        """Record the search under a digest of what was looked for, and list who was found, masked."""
        term = self.cleaned_data["term"]
        found = _found(term)
        audit.record(
            Action.PERSON_SEARCHED,
            actor=self.actor,
            subject=("mpi.Search", _search_digest(term)),
            reason=self.cleaned_data["reason"],
            details={"channel": "admin", "count": len(found)},
        )
        if not found:
            return Done(_("没有找到符合的人员；查找已记入审计"))
        return Done(_("查找已记入审计"), once=[(row.public_id, _summary(row)) for row in found])


def _found(term: str) -> list[Any]:
    refs = [mpi.find_by_identifier(kind, term) for kind in rules.CERTIFICATE_TYPES]
    refs += [*mpi.find_by_name(term), mpi.by_public_id(term)]
    rows = list(mpi.anchors().filter(pk__in={ref.person_pk for ref in refs if ref is not None}))
    prefetch_keys(rows)
    return rows


def _search_digest(term: str) -> str:
    """The same for every way to type the same name or number."""
    return blind_index("person-search", normalise_number(normalise_name(term))).hex()[:32]


def _summary(row: Any) -> SafeString:
    data = _particulars(row)
    shown = f"{mask_name(data.name)} {mask_number(data.id_number)}" if data else ERASED
    address = reverse("admin:mpi_person_change", args=(row.public_id,), current_app=centre_site.name)
    return format_html('<a href="{}">{}</a>', address, shown)


FINDING = Act("find", _("查找人员"), FindingForm, Duty.READ_PERSONS)


class PersonAdmin(ScopedAdmin):
    """Persons, masked; found by whole name or certificate number, never by a part of one."""

    visible = staticmethod(persons)
    duty = Duty.READ_PERSONS
    acts = (
        Act("open", _("查看完整信息"), OpeningForm, Duty.READ_PERSONS),
        Act(
            "correct",
            _("更正姓名或证件"),
            CorrectionForm,
            Duty.MANAGE_CARDS,
            lambda row: row.survivor_id is None,
        ),
    )
    list_display = ("public_id", "masked_name", "sex", "survivor", "created_at")
    list_filter = ("sex",)
    change_list_template = "identity/admin_persons.html"
    fields = (
        "public_id",
        "masked_name",
        "certificate",
        "masked_number",
        "sex",
        "birth_year",
        "masked_phone",
        "survivor",
        "created_at",
        "updated_at",
    )
    readonly_fields = fields

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list, with the keys of its rows loaded in one query."""
        changelist = super().get_changelist_instance(request)
        prefetch_keys(changelist.result_list)
        return changelist

    def get_urls(self) -> list[URLPattern]:
        """The page that finds persons, before those of single rows."""
        finding = path("find/", self.admin_site.admin_view(self.find_view), name="mpi_person_find")
        return [finding, *super().get_urls()]

    def find_view(self, request: HttpRequest) -> HttpResponse:
        """Find persons, by a form that is posted."""
        if not self.has_view_permission(request):
            raise PermissionRefused
        return self._act(request, FINDING, None)

    @admin.display(description=_("姓名"))
    def masked_name(self, row: Any) -> str:
        """The name, masked."""
        try:
            return mask_name(row.name)
        except KeyDestroyed:
            return str(ERASED)

    @admin.display(description=_("证件类型"))
    def certificate(self, row: Any) -> str:
        """The type of the certificate in words."""
        data = _particulars(row)
        kind = rules.CERTIFICATE_TYPES.get(data.id_type) if data else None
        return str(kind.name) if kind else "—"

    @admin.display(description=_("证件号码"))
    def masked_number(self, row: Any) -> str:
        """The number, masked."""
        data = _particulars(row)
        return mask_number(data.id_number) if data else str(ERASED)

    @admin.display(description=_("出生年份"))
    def birth_year(self, row: Any) -> str:
        """The year alone."""
        data = _particulars(row)
        return str(data.birth_date.year) if data and data.birth_date else "—"

    @admin.display(description=_("电话"))
    def masked_phone(self, row: Any) -> str:
        """The phone, masked."""
        data = _particulars(row)
        return (mask_phone(data.phone) or "—") if data else str(ERASED)


def _particulars(row: Any) -> Particulars | None:
    try:
        return mpi.particulars(row.pk)
    except PersonErased:
        return None


class EndingForm(ActForm):
    """Ends a holding."""

    def perform(self) -> Done:
        """End it."""
        services.end_holding(
            holding_id=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("持有关系已结束，该账户不能再代表此人操作"))


class SeenForm(ActForm):
    """Raises a holding of somebody who was seen at a window with their document."""

    document = forms.ChoiceField(
        label=_("当面核对的证件"),
        choices=lambda: [(kind.code, kind.name) for kind in rules.CERTIFICATE_TYPES.values()],
    )
    compared = forms.BooleanField(label=_("证件是原件，照片与本人一致"))

    def perform(self) -> Done:
        """Raise it."""
        services.raise_seen_holding(
            holding_id=self.subject.public_id,
            document=self.cleaned_data["document"],
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        return Done(_("已记录当面核实，该账户现在可以添加家人"))


def _may_be_seen(row: Holding) -> bool:
    """Also at the highest level: a proof lapses, and counts anew from the day on which it is given again."""
    is_lower = row.level < Level.SEEN_IN_PERSON
    return row.state == HoldingState.LIVE and (is_lower or row.relation == Relation.SELF)


class HoldingAdmin(ScopedAdmin):
    """Who holds whom."""

    visible = staticmethod(holdings)
    duty = Duty.READ_PERSONS
    acts = (
        Act("seen", _("记录当面核实"), SeenForm, Duty.MANAGE_CARDS, _may_be_seen),
        Act("end", _("结束持有"), EndingForm, Duty.MANAGE_CARDS, lambda row: row.state == HoldingState.LIVE),
    )
    list_display = ("public_id", "person", "relation", "level", "state", "opened_at")
    list_filter = ("state", "relation", "level")
    search_fields = ("=public_id", "=person__public_id", "=account__public_id")
    fields = (
        "public_id",
        "account",
        "person",
        "relation",
        "level",
        "evidence",
        "evidence_id",
        "state",
        "opened_at",
        "warned_at",
        "ended_at",
        "end_reason",
    )


class IdentityCheckAdmin(ScopedAdmin):
    """Evidence of real-name checks; holds no values."""

    visible = staticmethod(checks)
    duty = Duty.READ_PERSONS
    list_display = ("public_id", "provider", "outcome", "level", "asked_at", "duration_ms")
    list_filter = ("outcome", "provider")
    search_fields = ("=public_id", "=request_id", "=subject_id", "=person__public_id")
    fields = (
        "public_id",
        "request_id",
        "subject_type",
        "subject_id",
        "person",
        "provider",
        "outcome",
        "level",
        "reference",
        "asked_at",
        "duration_ms",
    )


class ConsentAdmin(ScopedAdmin):
    """Consents given and withdrawn."""

    visible = staticmethod(consents)
    duty = Duty.READ_PERSONS
    list_display = ("public_id", "kind", "notice", "channel", "given_at", "withdrawn_at")
    list_filter = ("kind", "channel")
    search_fields = ("=public_id", "=account__public_id")
    fields = ("public_id", "account", "kind", "notice", "channel", "given_at", "withdrawn_at")


class NoticeForm(ActForm):
    """Publishes a version of the notice."""

    version = forms.CharField(label=_("版本号"), max_length=20)
    text_zh = forms.CharField(label=_("中文正文"), widget=forms.Textarea(attrs={"rows": 12}))
    text_en = forms.CharField(label=_("英文正文"), widget=forms.Textarea(attrs={"rows": 12}))
    in_force_from = forms.DateTimeField(
        label=_("生效时间"), help_text=_("北京时间；生效后，所有人需要重新同意")
    )

    def perform(self) -> Done:
        """Publish it."""
        data = self.cleaned_data
        services.publish_notice(
            version=data["version"],
            text_zh=data["text_zh"],
            text_en=data["text_en"],
            in_force_from=data["in_force_from"],
            actor=self.actor,
        )
        return Done(_("已发布，生效时间起适用"))


class NoticeAdmin(ScopedAdmin):
    """Versions of the privacy notice."""

    visible = staticmethod(notices)
    creation = Act("add", _("发布新版本"), NoticeForm, Duty.CHANGE_CENTRE_RULES)
    ordering = ("-in_force_from",)
    list_display = ("version", "in_force_from")
    fields = ("version", "in_force_from", "text_zh", "text_en")


centre_site.register(mpi.anchors().model, PersonAdmin)
centre_site.register(Holding, HoldingAdmin)
centre_site.register(IdentityCheck, IdentityCheckAdmin)
centre_site.register(ConsentRecord, ConsentAdmin)
centre_site.register(PrivacyNotice, NoticeAdmin)
