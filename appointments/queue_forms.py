"""What residents give to check in, and what a desk types."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appointments.rules.queueing import TicketClass
from foundation.core.ids import new_public_id

_WITHOUT_REASON = TicketClass.NORMAL
# What is chosen for somebody who has not booked.
WITHOUT_BOOKING = "line"


class DayCodeForm(forms.Form):
    """The code of the day."""

    code = forms.CharField(
        label=_("请输入今天的签到码"),
        help_text=_("6 位数字，写在分诊台或药房的牌子上，每天不同"),
        max_length=12,
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "off",
                "data-strip": "1",
                "data-figures": "1",
            }
        ),
        error_messages={
            "required": _("请输入签到码，或问分诊台的工作人员"),
            "max_length": _("签到码是 6 位数字"),
        },
    )


class PlaceForm(forms.Form):
    """Where the phone is, as a script has filled it in."""

    latitude = forms.FloatField(widget=forms.HiddenInput)
    longitude = forms.FloatField(widget=forms.HiddenInput)
    accuracy = forms.FloatField(widget=forms.HiddenInput)


class ScanForm(forms.Form):
    """What a scanner or a document reader typed."""

    text = forms.CharField(
        label=_("健康卡二维码或身份证号码"),
        help_text=_("用扫码枪扫健康卡，或用读卡器读身份证，也可以输入号码"),
        max_length=400,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "data-figures": "1"}),
        error_messages={
            "required": _("请扫码，或输入身份证号码"),
            "max_length": _("读到的内容太长，请重新扫一次"),
        },
    )
    # Each rendered form is one scan, however often it is sent.
    ticket = forms.CharField(widget=forms.HiddenInput, max_length=26, initial=new_public_id)


class ArrivalForm(forms.Form):
    """For what somebody at the desk has come, and with which priority they wait.

    One choice and one button, so that Enter in any field does what the page shows as chosen. Any
    class but the usual one asks for its reason.
    """

    place = forms.ChoiceField(
        label=_("为哪一项签到？"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("请选择签到的预约，或去排队"),
            "invalid_choice": _("请从列表中选择"),
        },
    )
    line = forms.ChoiceField(
        label=_("没有预约的，排哪个队？"),
        required=False,
        error_messages={"invalid_choice": _("请从列表中选择")},
    )
    priority = forms.TypedChoiceField(
        label=_("类别"), choices=TicketClass.choices, coerce=int, initial=TicketClass.NORMAL
    )
    reason = forms.CharField(
        label=_("优先的原因"),
        help_text=_("普通可以不填；会写入审计记录"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"max_length": _("原因最多 100 个字")},
    )

    def __init__(
        self,
        *args: Any,
        bookings: Sequence[tuple[str, str]],
        lines: Sequence[tuple[str, str]],
        chosen: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        places = [*bookings, *([(WITHOUT_BOOKING, _("没有预约，去排队"))] if lines else [])]
        self.fields["place"].choices = places  # type: ignore[attr-defined]
        self.fields["place"].initial = chosen if bookings else WITHOUT_BOOKING
        self.fields["line"].choices = [("", _("请选择")), *lines]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        """One thing is chosen, and a class before others is given for a reason."""
        data: dict[str, object] = super().clean() or {}
        if data.get("place") == WITHOUT_BOOKING and not data.get("line"):
            self.add_error("line", _("请选择要排的队列"))
        elif data.get("place") and data.get("place") != WITHOUT_BOOKING and data.get("line"):
            self.add_error("place", _("选了预约，又选了队列。为预约签到的，请把队列改回“请选择”"))
        if data.get("priority") != _WITHOUT_REASON and not str(data.get("reason", "")).strip():
            self.add_error("reason", _("请填写优先的原因"))
        return data


class DeskForm(forms.Form):
    """Where people are called to."""

    desk = forms.CharField(
        label=_("您在哪里叫号？"),
        help_text=_("诊室或窗口，居民会看到，例如：3 诊室"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={
            "required": _("请填写诊室或窗口，例如“3 诊室”"),
            "max_length": _("最多 40 个字"),
        },
    )
