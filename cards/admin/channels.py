"""The ways of issuing: what each brought, and stopping each alone; and residents' applications."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from cards import ways
from cards.models import IssuingChannel, ResidentApp
from cards.services import apps, channels
from cards.states import APP_CHANNELS, Channel
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site


class StopForm(ActForm):
    """Stops a channel."""

    def perform(self) -> Done:
        """Stop it."""
        _switch(self, is_open=False)
        return Done(_("渠道已停用，其他渠道不受影响；已发的卡照常使用"))


class OpenForm(ActForm):
    """Opens a stopped channel."""

    def perform(self) -> Done:
        """Open it."""
        _switch(self, is_open=True)
        return Done(_("渠道已恢复"))


def _switch(form: ActForm, *, is_open: bool) -> None:
    channels.switch_channel(
        channel=Channel(form.subject.code),
        is_open=is_open,
        reason=form.cleaned_data["reason"],
        actor=form.actor,
    )


# A column of the list: the heading, and which of the counts it shows.
COLUMNS: tuple[tuple[Any, Callable[[ways.Counts], int]], ...] = (
    (_("今日发卡"), lambda counts: counts.cards[0]),
    (_("30天发卡"), lambda counts: counts.cards[1]),
    (_("累计发卡"), lambda counts: counts.cards[2]),
    (_("今日申领"), lambda counts: counts.applications[0]),
    (_("30天申领"), lambda counts: counts.applications[1]),
    (_("累计申领"), lambda counts: counts.applications[2]),
)


class ChannelAdmin(ScopedAdmin):
    """Every channel with what it brought."""

    visible = staticmethod(ways.visible_channels)
    acts = (
        Act("stop", _("停用"), StopForm, Duty.CHANGE_CENTRE_RULES, lambda row: row.is_open),
        Act("open", _("恢复"), OpenForm, Duty.CHANGE_CENTRE_RULES, lambda row: not row.is_open),
    )
    list_filter = ("is_open",)
    ordering = ("pk",)
    fields = ("label", "is_open", "changed")
    readonly_fields = fields

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, str] | None = None
    ) -> HttpResponse:
        """The list; a channel that is new to the product gets its row here."""
        channels.name_channels()
        return super().changelist_view(request, extra_context)

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns; what they count is read once a page."""
        counts: dict[str, ways.Counts] = {}

        def column(heading: Any, read: Callable[[ways.Counts], int]) -> Callable[[IssuingChannel], int]:
            @admin.display(description=heading)
            def shown(row: IssuingChannel) -> int:
                if not counts:
                    counts.update(ways.channel_counts())
                return read(counts[row.code])

            return shown

        return ["label", "is_open", *(column(*each) for each in COLUMNS), "changed"]

    @admin.display(description=_("渠道"))
    def label(self, row: IssuingChannel) -> str:
        """Its name."""
        return str(Channel(row.code).label)

    @admin.display(description=_("变更时间"))
    def changed(self, row: IssuingChannel) -> str:
        """When it was last stopped or opened."""
        return shown_time(row.changed_at) if row.changed_at > row.created_at else "—"


class AppForm(ActForm):
    """Registers an application."""

    name = forms.CharField(label=_("名称"), max_length=60, help_text=_("居民看得到，例如银行应用的名字"))
    channel = forms.ChoiceField(
        label=_("渠道"), choices=[(one.value, one.label) for one in Channel if one in APP_CHANNELS]
    )

    def perform(self) -> Done:
        """Register it, and show the id that its calls name."""
        app = apps.register_app(
            name=self.cleaned_data["name"],
            channel=self.cleaned_data["channel"],
            reason=self.cleaned_data["reason"],
            actor=self.actor,
        )
        return Done(_("应用已登记，它的请求在 EHC-App 头中写这个编号"), once=((_("编号"), app.public_id),))


class StopAppForm(ActForm):
    """Stops an application."""

    def perform(self) -> Done:
        """Stop it."""
        apps.switch_app(
            app_pk=self.subject.pk, is_open=False, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("应用已停用，它的请求从现在起全部拒绝"))


class OpenAppForm(ActForm):
    """Serves a stopped application again."""

    def perform(self) -> Done:
        """Serve it."""
        apps.switch_app(
            app_pk=self.subject.pk, is_open=True, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("应用已恢复"))


class ResidentAppAdmin(ScopedAdmin):
    """Applications that call the resident API."""

    visible = staticmethod(ways.visible_apps)
    creation = Act("add", _("登记应用"), AppForm, Duty.CHANGE_CENTRE_RULES)
    acts = (
        Act("stop", _("停用"), StopAppForm, Duty.CHANGE_CENTRE_RULES, lambda row: row.is_open),
        Act("open", _("恢复"), OpenAppForm, Duty.CHANGE_CENTRE_RULES, lambda row: not row.is_open),
    )
    list_display = ("name", "channel", "is_open", "public_id", "created_at")
    list_filter = ("channel", "is_open")
    search_fields = ("name", "public_id")
    fields = ("name", "channel", "is_open", "number", "created", "updated")
    readonly_fields = fields


centre_site.register(IssuingChannel, ChannelAdmin)
centre_site.register(ResidentApp, ResidentAppAdmin)
