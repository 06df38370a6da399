"""Institutions at insurances, and orders there."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from foundation.core.money import yuan
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from payments import services
from payments.insurance import insurer_of, insurers
from payments.models import ChannelState, InsuranceOrder, InsurerSetup
from payments.selectors import desk
from payments.services import InsurerDetails
from payments.services.insuring.setups import keys_of, notify_url_of

# A key in PEM has some thousand characters.
LONGEST_VALUE = 20_000


class _SetupForm(ActForm):
    number = forms.CharField(label=_("定点医药机构编码"), max_length=64)
    base_url = forms.URLField(label=_("接口地址"), max_length=200, assume_scheme="https")

    def _details(self, **more: Any) -> InsurerDetails:
        data = self.cleaned_data
        return InsurerDetails(number=data["number"], base_url=data["base_url"], **more)


class AddSetupForm(_SetupForm):
    """Sets an institution up at an insurer, switched off; its keys are filled in afterwards."""

    institution = forms.ChoiceField(label=_("机构"))
    insurer = forms.ChoiceField(label=_("医保"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["institution"]).choices = institution_choices(self.actor)
        cast(forms.ChoiceField, self.fields["insurer"]).choices = [
            (insurer.code, insurer.label()) for insurer in insurers()
        ]

    def perform(self) -> Done:
        """Set it up."""
        made = services.add_insurer_setup(
            institution=self.cleaned_data["institution"],
            insurer=self.cleaned_data["insurer"],
            details=self._details(values={}),
            reason=self.cleaned_data["reason"],
            actor=self.actor,
        )
        row = InsurerSetup.objects.get(public_id=made)
        return Done(_("医保接入已登记。请继续填写参数和密钥，然后启用"), row=row)


class ChangeSetupForm(_SetupForm):
    """Changes a set-up, and gives it keys; a key that stands is never shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.subject
        self.initial.update({"number": row.number, "base_url": row.base_url})
        for key in keys_of(row.insurer):
            stands = key.name in (row.secrets if key.is_secret else row.values)
            help_text = _("已保存，不再显示；留空就不改") if key.is_secret and stands else ""
            self.fields[f"key_{key.name}"] = forms.CharField(
                label=f"{key.label} *" if key.is_required else str(key.label),
                required=False,
                max_length=LONGEST_VALUE,
                help_text=help_text,
                widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
                initial="" if key.is_secret else row.values.get(key.name, ""),
            )
        self.order_fields([name for name in self.fields if name not in {"reason", "ticket"}])

    def perform(self) -> Done:
        """Change it."""
        row = self.subject
        given = {key: str(self.cleaned_data[f"key_{key.name}"]).strip() for key in keys_of(row.insurer)}
        details = self._details(
            values={key.name: value for key, value in given.items() if not key.is_secret},
            secrets={key.name: value for key, value in given.items() if key.is_secret and value},
        )
        services.change_insurer_setup(
            setup=row.public_id, details=details, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("医保接入已更改"))


class _SwitchForm(ActForm):
    is_on = True

    def perform(self) -> Done:
        """Switch it."""
        services.switch_insurer_setup(
            setup=self.subject.public_id,
            is_on=self.is_on,
            reason=self.cleaned_data["reason"],
            actor=self.actor,
        )
        return Done(_("医保接入已启用") if self.is_on else _("医保接入已停用，没有结束的结算会照常办完"))


class SwitchSetupOnForm(_SwitchForm):
    """Offers the insurance to payers."""


class SwitchSetupOffForm(_SwitchForm):
    """Stops offering it."""

    is_on = False


def _is_on(row: InsurerSetup) -> bool:
    return row.state == ChannelState.ON


class InsurerSetupAdmin(ScopedAdmin):
    """Institutions at insurances; their keys are written and never read."""

    visible = staticmethod(desk.visible_insurer_setups)
    duty = Duty.SEE_CHANNELS
    creation = Act("add", _("登记医保接入"), AddSetupForm, Duty.MANAGE_CHANNELS)
    acts = (
        Act("change", _("更改"), ChangeSetupForm, Duty.MANAGE_CHANNELS),
        Act("on", _("启用"), SwitchSetupOnForm, Duty.MANAGE_CHANNELS, lambda row: not _is_on(row)),
        Act("off", _("停用"), SwitchSetupOffForm, Duty.MANAGE_CHANNELS, _is_on),
    )
    list_display = ("insurance", "institution", "number", "state")
    list_filter = ("state", "institution")
    search_fields = ("number__exact", "institution__name")
    search_help_text = _("编码要输全；机构名称可输一部分")
    fields = (
        *("insurance", "institution", "number", "base_url", "state", "notices"),
        *("kept_values", "kept_secrets", "updated"),
    )
    readonly_fields = ("insurance", "notices", "kept_values", "kept_secrets", "updated")

    @admin.display(description=_("医保"), ordering="insurer")
    def insurance(self, row: InsurerSetup) -> str:
        """What payers read."""
        return insurer_of(row.insurer).label()

    @admin.display(description=_("结果通知地址"))
    def notices(self, row: InsurerSetup) -> str:
        """Where the insurer tells results."""
        return notify_url_of(row)

    @admin.display(description=_("参数"))
    def kept_values(self, row: InsurerSetup) -> str:
        """Which values are set."""
        return "、".join(sorted(row.values)) or "—"

    @admin.display(description=_("已保存的密钥"))
    def kept_secrets(self, row: InsurerSetup) -> str:
        """Which secrets are set, by name alone."""
        return "、".join(sorted(row.secrets)) or "—"

    @admin.display(description=_("更改时间"))
    def updated(self, row: InsurerSetup) -> str:
        """When it was changed last."""
        return shown_time(row.updated_at)


class InsuranceOrderAdmin(ScopedAdmin):
    """Orders at insurers, with what they say of them; whose they are is not shown."""

    visible = staticmethod(desk.visible_insurance_orders)
    duty = Duty.SEE_CHANNELS
    list_display = ("begun", "bill", "order_ref", "state", "said", "split", "failure")
    list_filter = ("state", "created_at")
    search_fields = ("public_id__exact", "order_ref__exact", "bill__number__exact")
    search_help_text = _("我方单号、医保订单号或账单号，要输全")
    fields = (
        *("begun", "public_id", "bill", "setup", "order_ref", "state", "said", "traced_at", "split"),
        *("merged_ref", "failure", "placed_at", "settled_at", "ended_at"),
    )
    readonly_fields = ("begun", "split")

    @admin.display(description=_("发起时间"), ordering="created_at")
    def begun(self, row: InsuranceOrder) -> str:
        """When it was begun."""
        return shown_time(row.created_at)

    @admin.display(description=_("统筹 / 个人账户 / 自付（元）"))
    def split(self, row: InsuranceOrder) -> str:
        """Who pays what."""
        parts = (row.fund_fen, row.account_fen, row.own_fen)
        return " / ".join(yuan(part) for part in parts if part is not None) or "—"


for site in (centre_site, institution_site):
    site.register(InsurerSetup, InsurerSetupAdmin)
    site.register(InsuranceOrder, InsuranceOrderAdmin)
