"""From which day on examinations are to be planned."""

from django import forms
from django.utils.translation import gettext_lazy as _


class DayForm(forms.Form):
    """The first day that suits."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        # A word of the language, so it cannot stand as an attribute of the class.
        self.fields["from"] = forms.DateField(
            label=_("从哪天开始安排？"),
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            error_messages={"required": _("请选择日期"), "invalid": _("请按“年-月-日”填写日期")},
        )
