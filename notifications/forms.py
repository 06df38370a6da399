"""Forms of the pages about messages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.selectors import Choice


class NarrowForm(forms.Form):
    """Whose messages, and of which hospital?"""

    person = forms.ChoiceField(label=_("谁的消息"), required=False)
    hospital = forms.ChoiceField(label=_("哪家医院"), required=False)

    def __init__(
        self, *args: Any, persons: Sequence[Choice], hospitals: Sequence[Choice], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, first, choices in (
            ("person", _("全部的人"), persons),
            ("hospital", _("全部医院"), hospitals),
        ):
            named = [(choice.id, _labelled(choice)) for choice in choices]
            self.fields[name].choices = [("", first), *named]  # type: ignore[attr-defined]


class TopicForm(forms.Form):
    """By which ways?"""

    weixin = forms.BooleanField(label=_("微信"), required=False)
    sms = forms.BooleanField(label=_("短信"), required=False)

    def __init__(self, *args: Any, has_sms: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_sms:
            del self.fields["sms"]


class QuietForm(forms.Form):
    """From when until when?"""

    is_on = forms.BooleanField(label=_("这段时间不打扰我"), required=False)
    starts = forms.TimeField(
        label=_("从几点开始"),
        error_messages={"required": _("请填写开始的时间"), "invalid": _("请按 22:00 的样子填写")},
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    ends = forms.TimeField(
        label=_("到几点结束"),
        error_messages={"required": _("请填写结束的时间"), "invalid": _("请按 07:00 的样子填写")},
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def clean(self) -> dict[str, Any]:
        """Hours that begin and end together would be the whole day or nothing."""
        data = super().clean() or {}
        if data.get("starts") is not None and data.get("starts") == data.get("ends"):
            self.add_error("ends", _("开始和结束不能是同一个时间"))
        return data


def _labelled(choice: Choice) -> str:
    if not choice.unread:
        return choice.label
    return str(_("%(label)s（%(count)s 条未读）") % {"label": choice.label, "count": choice.unread})
