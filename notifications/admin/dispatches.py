"""The record of sending, and the suppliers of SMS with how they do."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from foundation.core import clock
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site
from notifications.kinds import kind_of
from notifications.models import Dispatch, Supplier
from notifications.selectors import staff
from notifications.services import replaying, suppliers


class ReplayForm(ActForm):
    """Sends anew what did not arrive."""

    def perform(self) -> Done:
        """At once, over the same channel."""
        replaying.replay_dispatch(
            dispatch=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("已重新排队发送"))


class DispatchAdmin(ScopedAdmin):
    """Messages on their way over one channel each; neither phone nor words."""

    visible = staticmethod(staff.visible_dispatches)
    duty = Duty.SEE_MESSAGES
    acts = (Act("replay", _("重发"), ReplayForm, Duty.MANAGE_TEMPLATES, replaying.is_replayable),)
    list_display = ("created", "what", "channel", "state", "supplier", "error", "attempts")
    list_filter = ("state", "channel", "supplier", "is_urgent", "created_at")
    search_fields = ("public_id", "provider_reference", "message__public_id")
    list_select_related = ("message",)
    date_hierarchy = "created_at"
    fields = (
        "number",
        "what",
        "message_number",
        "channel",
        "template",
        "state",
        "is_urgent",
        "unless_read",
        "count",
        "supplier",
        "provider_reference",
        "attempts",
        "error",
        "created",
        "due",
        "sent",
        "ended",
    )
    search_help_text = _("发送编号、消息编号或供应商的编号")
    readonly_fields = ("number", "what", "message_number", "created", "due", "sent", "ended")

    @admin.display(description=_("消息"))
    def what(self, row: Dispatch) -> str:
        """What residents read as the title."""
        return str(kind_of(row.message.kind).title)

    @admin.display(description=_("消息编号"))
    def message_number(self, row: Dispatch) -> str:
        """What residents read to the hotline."""
        return str(row.message.public_id)

    @admin.display(description=_("下次尝试"))
    def due(self, row: Dispatch) -> str:
        """When it is tried."""
        return shown_time(row.due_at)

    @admin.display(description=_("发出时间"))
    def sent(self, row: Dispatch) -> str:
        """When the carrier took it."""
        return shown_time(row.sent_at) if row.sent_at else ""

    @admin.display(description=_("结束时间"))
    def ended(self, row: Dispatch) -> str:
        """When it reached its last state."""
        return shown_time(row.ended_at) if row.ended_at else ""


class ShareForm(ActForm):
    """Says how much a supplier gets."""

    resting = forms.IntegerField(
        label=_("常态权重"), min_value=0, max_value=100, help_text=_("百分之几；其余归另一家")
    )
    is_on = forms.BooleanField(label=_("使用中"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("resting", "is_on"):
            self.fields[name].initial = getattr(self.subject, name)

    def perform(self) -> Done:
        """From the next message on."""
        data = self.cleaned_data
        suppliers.set_share(
            supplier=self.subject.public_id,
            resting=data["resting"],
            is_on=data["is_on"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("已保存，从下一条短信起生效"))


class SupplierAdmin(ScopedAdmin):
    """Suppliers of SMS: share, and how the last quarter of an hour went."""

    visible = staticmethod(staff.visible_suppliers)
    duty = Duty.SEE_MESSAGES
    acts = (Act("share", _("调整权重"), ShareForm, Duty.MANAGE_TEMPLATES),)
    list_display = ("name", "is_on", "weight", "resting", "health", "changed")
    list_filter = ("is_on",)
    fields = ("name", "is_on", "weight", "resting", "health", "changed")
    readonly_fields = ("health", "changed")

    @admin.display(description=_("最近 15 分钟"))
    def health(self, row: Supplier) -> str:
        """How many messages it took, how many are slow, how many failed."""
        health = suppliers.health_of(row=row, moment=clock.now())
        return _("%(messages)s 条，其中 %(slow)s 条超过 5 分钟，%(failed)s 条未送达") % {
            "messages": health.messages,
            "slow": health.slow,
            "failed": staff.failed_lately(row.name),
        }

    @admin.display(description=_("权重变更时间"))
    def changed(self, row: Supplier) -> str:
        """When the weight moved last."""
        return shown_time(row.changed_at)


centre_site.register(Dispatch, DispatchAdmin)
centre_site.register(Supplier, SupplierAdmin)
