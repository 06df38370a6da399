"""The two questions of the consent page."""

from django import forms
from django.utils.translation import gettext_lazy as _

from identity.types import ConsentKind


class ConsentForm(forms.Form):
    """Two consents, each with a box of its own, as the law asks; none is ticked beforehand."""

    version = forms.CharField(max_length=20, widget=forms.HiddenInput)
    privacy_notice = forms.BooleanField(
        label=_("我已阅读并同意《隐私政策》"),
        error_messages={"required": _("请阅读隐私政策并勾选同意，才能继续")},
    )
    sensitive_data = forms.BooleanField(
        label=_("我同意处理我的身份证件号码和就诊用卡信息等敏感个人信息"),
        error_messages={"required": _("办理健康卡要用到证件号码，请勾选同意，才能继续")},
    )

    def kinds(self) -> list[str]:
        """What was ticked."""
        return [kind.value for kind in ConsentKind if self.cleaned_data[kind.value]]
