"""The questions about members of the family."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from identity.types import EndReason, Relation
from mpi.rules import CERTIFICATE_TYPES

ADULTS = (Relation.PARENT, Relation.GRANDPARENT, Relation.SPOUSE, Relation.CHILD, Relation.OTHER)


class RelativeForm(forms.Form):
    """Whom an account wants to hold."""

    relation = forms.ChoiceField(
        label=_("这位家人是您的什么人？"),
        widget=forms.RadioSelect,
        choices=[(kind.value, kind.label) for kind in ADULTS],
        error_messages={"required": _("请选择关系"), "invalid_choice": _("请从列表中选择")},
    )
    id_type = forms.ChoiceField(
        label=_("家人用什么证件？"),
        widget=forms.RadioSelect,
        choices=lambda: [(kind.code, kind.name) for kind in CERTIFICATE_TYPES.values()],
        initial="01",
        error_messages={"required": _("请选择一种证件"), "invalid_choice": _("请从列表中选择")},
    )
    id_number = forms.CharField(
        label=_("家人的证件号码是多少？"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "data-strip": "1",
                "data-figures": "1",
            }
        ),
        error_messages={"required": _("请填写证件号码"), "max_length": _("证件号码太长，请对照证件核对")},
    )
    name = forms.CharField(
        label=_("家人的姓名？"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("请填写姓名"), "max_length": _("姓名太长，请按证件填写")},
    )


def relative_pages(_answers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The word of each page, and what it asks for."""
    return {
        "relation": ("relation",),
        "certificate": ("id_type",),
        "number": ("id_number",),
        "name": ("name",),
    }


class CodeForm(forms.Form):
    """The code that the person reads out."""

    code = forms.CharField(
        label=_("家人手机收到的验证码"),
        max_length=10,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": 6, "data-strip": "1"}
        ),
        error_messages={"required": _("请填写验证码"), "max_length": _("验证码是 6 位数字")},
    )


class EndingForm(forms.Form):
    """Why a hold ends."""

    reason = forms.ChoiceField(
        label=_("为什么结束代管？"),
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择原因"), "invalid_choice": _("请从列表中选择")},
    )

    def __init__(self, *args: Any, reasons: Sequence[EndReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["reason"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(each.value, each.label) for each in reasons]
