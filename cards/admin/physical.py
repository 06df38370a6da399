"""The register of physical cards, for the centre."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cards import selectors
from cards.errors import PhysicalNumberMalformed
from cards.models import PhysicalCard
from cards.services import physical
from cards.states import PhysicalState
from foundation.audit.actions import Action
from foundation.core.text import mask_name, mask_number, mask_phone
from gmcrypto import index
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.sites import centre_site

MOST_SHOWN = 100


class LoadForm(ActForm):
    """Registers the cards of a file."""

    file = forms.FileField(
        label=_("CSV 文件"),
        help_text=_(
            "第一行是表头：卡号,姓名,证件类型,证件号码,出生日期,手机号；证件类型填代码，空着按身份证；"
            "出生日期只在证件号码里没有时填写，例如护照。最多 1000 行"
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": _("请选择文件"), "empty": _("文件是空的，请选择有内容的文件")},
    )

    def perform(self) -> Done:
        """Register them, and show what is wrong with the others."""
        loaded = physical.load_cards(
            content=self.cleaned_data["file"].read(physical.MOST_BYTES + 1),
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        if not loaded.problems:
            return Done(_("已登记 %(count)s 张实体卡") % {"count": loaded.count})
        shown = [(_("第 %(line)s 行") % {"line": line}, text) for line, text in loaded.problems[:MOST_SHOWN]]
        return Done(
            _("已登记 %(count)s 张实体卡；%(wrong)s 行没有登记，请改正后只上传这些行")
            % {"count": loaded.count, "wrong": len(loaded.problems)},
            once=shown,
        )


class BlockForm(ActForm):
    """Stops a card of the register."""

    def perform(self) -> Done:
        """Stop it."""
        physical.switch_card(
            card_pk=self.subject.pk, is_open=False, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("实体卡已停用，不能再用来激活"))


class ReleaseForm(ActForm):
    """Releases a stopped card."""

    def perform(self) -> Done:
        """Release it."""
        physical.switch_card(
            card_pk=self.subject.pk, is_open=True, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("实体卡已恢复，可以激活"))


class PhysicalCardAdmin(ScopedAdmin):
    """Physical cards."""

    visible = staticmethod(selectors.visible_physical_cards)
    read_action = Action.CARD_READ
    creation = Act("add", _("登记实体卡"), LoadForm, Duty.MANAGE_CARDS)
    acts = (
        Act(
            "block",
            _("停用"),
            BlockForm,
            Duty.MANAGE_CARDS,
            lambda row: row.state == PhysicalState.REGISTERED,
        ),
        Act(
            "release",
            _("恢复"),
            ReleaseForm,
            Duty.MANAGE_CARDS,
            lambda row: row.state == PhysicalState.BLOCKED,
        ),
    )
    list_display = ("public_id", "state", "id_type", "load_id", "created", "activated_at")
    list_filter = ("state", "created_at", "activated_at")
    search_fields = ("number",)
    search_help_text = _("输入完整的卡号")
    fields = (
        "public_id",
        "state",
        "number_shown",
        "holder_shown",
        "id_type",
        "id_number_shown",
        "phone_shown",
        "card",
        "load_id",
        "created",
        "activated_at",
    )
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """The card with exactly this number."""
        if not search_term.strip():
            return queryset, False
        try:
            number = physical.canonical_card_number(text=search_term)
        except PhysicalNumberMalformed:
            return queryset.none(), False
        return queryset.filter(index.indexed_as("number_index", physical.NUMBER_DOMAIN, number)), False

    @admin.display(description=_("卡号"))
    def number_shown(self, row: PhysicalCard) -> str:
        """Masked."""
        return mask_number(row.number)

    @admin.display(description=_("持卡人"))
    def holder_shown(self, row: PhysicalCard) -> str:
        """Masked."""
        return mask_name(row.name)

    @admin.display(description=_("证件号码"))
    def id_number_shown(self, row: PhysicalCard) -> str:
        """Masked."""
        return mask_number(row.id_number)

    @admin.display(description=_("登记的手机号"))
    def phone_shown(self, row: PhysicalCard) -> str:
        """Masked."""
        return mask_phone(row.phone)


centre_site.register(PhysicalCard, PhysicalCardAdmin)
