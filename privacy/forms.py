"""Forms about one's own data."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ClosingForm(forms.Form):
    """Says that the resident understands what closing means."""

    certificate = forms.CharField(
        label=_("完整的证件号码"),
        help_text=_("确认是您本人：捡到手机的人不知道它"),
        max_length=40,
        error_messages={"required": _("请填写完整的证件号码")},
    )
    understood = forms.BooleanField(
        label=_("我已了解：注销后卡立即作废，无法恢复"),
        error_messages={"required": _("请勾选后再注销")},
    )

    def __init__(self, *args: Any, asks_certificate: bool, ends_card: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not ends_card:
            self.fields["understood"].label = _("我已了解：账户注销后无法恢复")
        if not asks_certificate:
            del self.fields["certificate"]
