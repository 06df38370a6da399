"""One question each."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PhoneForm(forms.Form):
    """Which phone?"""

    phone = forms.CharField(
        label=_("您的手机号是多少？"),
        help_text=_("我们会发送一条短信验证码。首次登录会自动开通账户"),
        max_length=20,
        error_messages={"required": _("请填写手机号")},
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": "tel", "data-strip": "1", "data-figures": "1"}
        ),
    )


class CodeForm(forms.Form):
    """Which code came?"""

    code = forms.CharField(
        label=_("短信验证码是多少？"),
        max_length=12,
        error_messages={"required": _("请填写短信里的 6 位数字")},
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "data-strip": "1",
                "data-figures": "1",
            }
        ),
    )

    def clean_code(self) -> str:
        """The digits, however they were spaced."""
        return "".join(str(self.cleaned_data["code"]).split())


class SecondProofForm(forms.Form):
    """Whose card is it?"""

    answer = forms.CharField(
        label=_("本人证件号码的后四位是什么？"),
        help_text=_("末位是 X 的请填写 X"),
        max_length=8,
        error_messages={"required": _("请填写证件号码的后四位")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-strip": "1", "data-figures": "1"}),
    )
