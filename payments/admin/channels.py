"""Channels by which institutions take money online, and money that nobody has claimed."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from foundation.core.money import fen_of, yuan
from institutions.admin.places import institution_choices
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from payments import services
from payments.admin.health import HealthPage
from payments.models import Channel, ChannelState, Difference, Suspense
from payments.providers import label_of, online_provider, online_providers
from payments.providers.base import Way
from payments.selectors import desk
from payments.services import Setup

WAYS = {
    Way.IN_WEIXIN: _("微信内打开"),
    Way.MINI_PROGRAM: _("微信小程序"),
    Way.IN_ALIPAY: _("支付宝内打开"),
    Way.BROWSER: _("手机浏览器"),
    Way.SCANS: _("居民扫码"),
    Way.SCANNED: _("扫居民的付款码"),
}
# A key in PEM has some thousand characters.
LONGEST_VALUE = 20_000


class _RulesForm(ActForm):
    number = forms.CharField(label=_("商户号"), max_length=64)
    base_url = forms.URLField(label=_("接口地址"), max_length=200, assume_scheme="https")
    least = forms.CharField(label=_("最低金额（元）"), max_length=16, initial="0.01")
    most = forms.CharField(label=_("最高金额（元）"), max_length=16, initial="50000.00")
    fee = forms.DecimalField(
        label=_("约定费率（%）"),
        required=False,
        min_value=0,
        max_value=10,
        decimal_places=3,
        help_text=_("对账时用来核对手续费；留空就不核对"),
    )
    place = forms.IntegerField(
        label=_("排序"), min_value=1, max_value=99, initial=1, help_text=_("数字小的排在前面")
    )

    def clean_least(self) -> int:
        """The amount in fen."""
        return self._fen("least")

    def clean_most(self) -> int:
        """The amount in fen."""
        return self._fen("most")

    def _fen(self, name: str) -> int:
        fen = fen_of(self.cleaned_data[name])
        if not fen:
            raise forms.ValidationError(_("请按“元”填写金额，最多两位小数，例如 50 或 12.50"))
        return fen

    def _setup(self, provider: str, **more: Any) -> Setup:
        data = self.cleaned_data
        return Setup(
            number=data["number"],
            base_url=data["base_url"],
            least_fen=data["least"],
            most_fen=data["most"],
            place=data["place"],
            fee_rate=None if data["fee"] is None else int(data["fee"] * 1_000),
            **more,
        )


class AddForm(_RulesForm):
    """Sets a channel up, switched off; its keys are filled in afterwards."""

    institution = forms.ChoiceField(label=_("机构"))
    provider = forms.ChoiceField(label=_("支付方式"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["institution"]).choices = institution_choices(self.actor)
        cast(forms.ChoiceField, self.fields["provider"]).choices = [
            (provider.code, provider.label()) for provider in online_providers()
        ]

    def perform(self) -> Done:
        """Set it up."""
        code = self.cleaned_data["provider"]
        ways = sorted(way.value for way in online_provider(code).ways)
        made = services.add_channel(
            institution=self.cleaned_data["institution"],
            provider=code,
            setup=self._setup(code, values={}, ways=ways),
            reason=self.cleaned_data["reason"],
            actor=self.actor,
        )
        return Done(_("渠道已登记。请继续填写参数和密钥，然后启用"), row=Channel.objects.get(public_id=made))


class ChangeForm(_RulesForm):
    """Changes the rules of a channel, and gives it keys; a key that stands is never shown."""

    ways = forms.MultipleChoiceField(label=_("发起方式"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.subject
        provider = online_provider(row.provider)
        ways = cast(forms.MultipleChoiceField, self.fields["ways"])
        ways.choices = [(way.value, WAYS[way]) for way in Way if way in provider.ways]
        self.initial.update(
            {
                "number": row.number,
                "base_url": row.base_url,
                "ways": row.ways,
                "least": f"{row.least_fen / 100:.2f}",
                "most": f"{row.most_fen / 100:.2f}",
                "place": row.place,
                "fee": None if row.fee_rate is None else f"{row.fee_rate / 1_000:.3f}",
            }
        )
        for key in provider.keys:
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
        given = {
            key: str(self.cleaned_data[f"key_{key.name}"]).strip()
            for key in online_provider(row.provider).keys
        }
        setup = self._setup(
            row.provider,
            ways=self.cleaned_data["ways"],
            values={key.name: value for key, value in given.items() if not key.is_secret},
            secrets={key.name: value for key, value in given.items() if key.is_secret and value},
        )
        services.change_channel(
            channel=row.public_id, setup=setup, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("渠道已更改"))


class _SwitchForm(ActForm):
    is_on = True

    def perform(self) -> Done:
        """Switch it."""
        services.switch_channel(
            channel=self.subject.public_id,
            is_on=self.is_on,
            reason=self.cleaned_data["reason"],
            actor=self.actor,
        )
        return Done(_("渠道已启用") if self.is_on else _("渠道已停用，没有结束的支付和退款会照常办完"))


class SwitchOnForm(_SwitchForm):
    """Offers the channel to payers."""


class SwitchOffForm(_SwitchForm):
    """Stops offering it."""

    is_on = False


def _is_on(row: Channel) -> bool:
    return row.state == ChannelState.ON


class ChannelAdmin(HealthPage):
    """Channels, with their rules; their keys are written and never read."""

    visible = staticmethod(desk.visible_channels)
    duty = Duty.SEE_CHANNELS
    creation = Act("add", _("登记支付渠道"), AddForm, Duty.MANAGE_CHANNELS)
    acts = (
        Act("change", _("更改"), ChangeForm, Duty.MANAGE_CHANNELS),
        Act("on", _("启用"), SwitchOnForm, Duty.MANAGE_CHANNELS, lambda row: not _is_on(row)),
        Act("off", _("停用"), SwitchOffForm, Duty.MANAGE_CHANNELS, _is_on),
    )
    list_display = ("way_of_paying", "institution", "number", "state", "range", "place")
    list_filter = ("state", "institution")
    search_fields = ("number__exact", "institution__name")
    search_help_text = _("商户号要输全；机构名称可输一部分")
    fields = (
        "way_of_paying",
        "institution",
        "number",
        "base_url",
        "state",
        "offered",
        "range",
        "place",
        "kept_values",
        "kept_secrets",
        "updated",
    )
    readonly_fields = ("way_of_paying", "offered", "range", "kept_values", "kept_secrets", "updated")

    @admin.display(description=_("支付方式"), ordering="provider")
    def way_of_paying(self, row: Channel) -> str:
        """What payers read."""
        return label_of(row.provider)

    @admin.display(description=_("发起方式"))
    def offered(self, row: Channel) -> str:
        """How payers come to it."""
        return "、".join(str(WAYS[Way(way)]) for way in row.ways)

    @admin.display(description=_("金额范围（元）"))
    def range(self, row: Channel) -> str:
        """Between which amounts it is offered."""
        return f"{yuan(row.least_fen)}–{yuan(row.most_fen)}"

    @admin.display(description=_("参数"))
    def kept_values(self, row: Channel) -> str:
        """Which values are set."""
        return "、".join(sorted(row.values)) or "—"

    @admin.display(description=_("已保存的密钥"))
    def kept_secrets(self, row: Channel) -> str:
        """Which secrets are set, by name alone."""
        return "、".join(sorted(row.secrets)) or "—"

    @admin.display(description=_("更改时间"))
    def updated(self, row: Channel) -> str:
        """When it was changed last."""
        return shown_time(row.updated_at)


class SuspenseAdmin(ScopedAdmin):
    """Money that arrived and that no payment of ours asked for."""

    visible = staticmethod(desk.visible_suspense)
    duty = Duty.SEE_CHANNELS
    list_display = ("found", "channel", "number", "channel_ref", "amount", "state")
    list_filter = ("state", "told_by", "found_at")
    search_fields = ("number__exact", "channel_ref__exact")
    search_help_text = _("商户订单号或渠道流水号，要输全")
    fields = (
        "found",
        "channel",
        "number",
        "channel_ref",
        "amount",
        "state",
        "told_by",
        "attempt",
        "decision",
        "sent_at",
        "ended_at",
    )
    readonly_fields = ("found", "amount", "decision")

    @admin.display(description=_("发现时间"), ordering="found_at")
    def found(self, row: Suspense) -> str:
        """When it was told."""
        return shown_time(row.found_at)

    @admin.display(description=_("金额（元）"), ordering="amount_fen")
    def amount(self, row: Suspense) -> str:
        """What arrived."""
        return yuan(row.amount_fen)

    @admin.display(description=_("在哪里处理"))
    def decision(self, row: Suspense) -> Any:
        """The difference at which two people decide about it."""
        return self.link(Difference.objects.filter(suspense=row).order_by("-pk").first())


for site in (centre_site, institution_site):
    site.register(Channel, ChannelAdmin)
    site.register(Suspense, SuspenseAdmin)
