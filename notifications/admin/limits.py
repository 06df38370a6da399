"""How many pushes a resident gets in a day, as the centre sets it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.sites import centre_site
from notifications import selectors
from notifications.models import PushLimit
from notifications.rules.limits import MOST_PER_DAY
from notifications.selectors import staff
from notifications.services import limits


class LimitForm(ActForm):
    """Sets another number."""

    per_day = forms.IntegerField(
        label=_("每人每天最多推送"),
        min_value=1,
        max_value=MOST_PER_DAY,
        help_text=_(
            "超出的只进站内消息，傍晚合并成一条推送。停诊、叫号、就诊提醒、病历查看和紧急消息不受限制。"
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["per_day"].initial = selectors.pushes_per_day()

    def perform(self) -> Done:
        """From the next message on."""
        row = limits.set_per_day(
            per_day=self.cleaned_data["per_day"], actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("已保存，从下一条消息起生效"), row=row)


class PushLimitAdmin(ScopedAdmin):
    """The limits that were set, the one in force first."""

    visible = staticmethod(staff.visible_limits)
    duty = Duty.SEE_MESSAGES
    creation = Act("add", _("设置上限"), LimitForm, Duty.MANAGE_TEMPLATES)
    list_display = ("per_day", "created")
    list_filter = ("created_at",)
    ordering = ("-pk",)
    fields = ("per_day", "created")


centre_site.register(PushLimit, PushLimitAdmin)
