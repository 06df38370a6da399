"""The centre's rules: what holds, what held, and how they are changed."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from cards import centre
from cards.models import CentreRules
from cards.rules.policy import TABLE, CodeKind, Opens
from cards.rules.scenes import SCENES, scene_name
from foundation.core import clock
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site

# What a static code may open at all; the table of the policy is narrowed here, never widened.
STATIC_SCENES = [
    (code, f"{name}（{code}）")
    for code, (name, group) in SCENES.items()
    if TABLE[CodeKind.STATIC, group] is not Opens.NOTHING
]

SHOWN: tuple[str, ...] = (
    "begins",
    "standing",
    *(name for name in centre.NAMES if name != "static_scenes"),
    "scenes_shown",
    "reason",
    "author",
    "created",
)


def _number(label: Any, least: int, most: int, help_text: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"min": least, "max": most, "class": "vIntegerField"}),
    )


class RulesForm(ActForm):
    """Adds a version of the rules; it begins with those in force."""

    lifetime_seconds = _number(_("动态码有效时间（秒）"), 15, 600, _("15 到 600 秒"))
    skew_seconds = _number(_("允许的时钟误差（秒）"), 0, 60, _("0 到 60 秒，有效时间前后各放宽这么多"))
    refresh_seconds = _number(
        _("页面刷新间隔（秒）"), 10, 600, _("10 到 600 秒，必须短于动态码有效时间，居民手机上的码按此更换")
    )
    prefetch_windows = _number(_("预取的后续动态码（个）"), 0, 3, _("0 到 3 个，手机短时断网时使用"))
    uses_per_code = _number(_("每个动态码可用次数（次）"), 1, 20, _("1 到 20 次，一般为 1 次，用过即作废"))
    session_minutes = _number(
        _("扫码后可继续引用的时间（分钟）"), 1, 240, _("1 到 240 分钟，同一机构扫码后办理后续环节的时限")
    )
    static_allowed = forms.BooleanField(
        label=_("允许静态码"), required=False, help_text=_("取消后，所有机构立即不再接受静态码")
    )
    static_scenes = forms.MultipleChoiceField(
        label=_("静态码可用的环节"),
        choices=STATIC_SCENES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("选六位环节代码，即包括其下的七位细分环节；缴费和查阅记录不能用静态码"),
    )
    reports_swapped = forms.BooleanField(
        label=_("对调检查报告与检验报告的环节代码"),
        required=False,
        help_text=_("各地对 0101081 和 0101082 的解释不同，按本地机构的用法选择"),
    )
    forged_per_minute = _number(
        _("每个接入应用的伪码上限（次/分钟）"), 1, 10_000, _("1 到 10000 次，超过后暂停该应用验码")
    )
    page_codes_per_minute = _number(_("每张卡的页面取码上限（次/分钟）"), 1, 10_000, _("1 到 10000 次"))
    institution_codes_per_hour = _number(_("每张卡的机构取码上限（次/小时）"), 1, 10_000, _("1 到 10000 次"))
    dependants_per_account = _number(
        _("每个账号最多代管的家人（人）"), 0, 50, _("0 到 50 人，0 即不开放代管")
    )
    guardians_per_person = _number(_("每人最多的代管人（个账号）"), 1, 20, _("1 到 20 个"))
    temporary_days = _number(_("临时卡有效时间（天）"), 1, 365, _("1 到 365 天，只影响以后发的临时卡"))
    appointments_per_card = _number(_("每张卡的预约上限（次/天）"), 1, 10_000, _("超过后提示风险"))
    appointments_per_user = _number(_("每个用户的预约上限（次/天）"), 1, 10_000, _("超过后提示风险"))
    appointments_per_address = _number(
        _("每个网络地址的预约上限（次/天）"),
        1,
        100_000,
        _("医院内的手机常共用一个地址，不宜过小"),
    )
    in_force_from = forms.DateTimeField(
        label=_("生效时间"),
        required=False,
        help_text=_("北京时间；不填即立即生效"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_force = centre.rules_at(clock.now())
        for name in centre.NAMES:
            self.initial[name] = getattr(in_force, name)
        # The boxes are ticked for a list alone.
        self.initial["static_scenes"] = sorted(in_force.static_scenes)

    def clean_in_force_from(self) -> datetime | None:
        """What has been was judged by the rules of then."""
        begins: datetime | None = self.cleaned_data["in_force_from"]
        if begins is not None and begins < clock.now():
            raise forms.ValidationError(_("生效时间不能早于现在"))
        return begins

    def clean(self) -> dict[str, Any]:
        """A code is renewed before it ends."""
        data: dict[str, Any] = self.cleaned_data
        lifetime, refresh = data.get("lifetime_seconds"), data.get("refresh_seconds")
        if lifetime is not None and refresh is not None and refresh >= lifetime:
            self.add_error("refresh_seconds", _("页面刷新间隔必须短于动态码有效时间"))
        return data

    def perform(self) -> Done:
        """Add the version."""
        data = self.cleaned_data
        row = centre.change_rules(
            actor=self.actor,
            reason=data["reason"],
            in_force_from=data["in_force_from"],
            **{name: data[name] for name in centre.NAMES},
        )
        return Done(_("规则已保存，%(moment)s起生效") % {"moment": shown_time(row.in_force_from)})


class RulesAdmin(ScopedAdmin):
    """Every version of the rules, the newest first."""

    visible = staticmethod(centre.visible_rules)
    creation = Act("add", _("修改规则"), RulesForm, Duty.CHANGE_CENTRE_RULES)
    ordering = ("-in_force_from", "-pk")
    list_display = (
        "begins",
        "standing",
        "lifetime_seconds",
        "refresh_seconds",
        "uses_per_code",
        "session_minutes",
        "static_allowed",
        "reason",
        "created",
    )
    fields = SHOWN
    readonly_fields = fields

    @admin.display(description=_("生效时间"), ordering="in_force_from")
    def begins(self, row: CentreRules) -> str:
        """From when it holds."""
        return shown_time(row.in_force_from)

    @admin.display(description=_("状态"))
    def standing(self, row: CentreRules) -> str:
        """Whether it holds now."""
        if row.in_force_from > clock.now():
            return str(_("未生效"))
        return str(_("生效中") if row.public_id == centre.version_in_force() else _("已被替代"))

    @admin.display(description=_("静态码可用的环节"))
    def scenes_shown(self, row: CentreRules) -> str:
        """In words."""
        return "、".join(f"{scene_name(code)}（{code}）" for code in row.static_scenes) or "—"

    @admin.display(description=_("修改人"))
    def author(self, row: CentreRules) -> str:
        """Who made it, by the number of the account."""
        return row.changed_by


centre_site.register(CentreRules, RulesAdmin)
