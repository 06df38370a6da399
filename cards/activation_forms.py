"""What the holder of a physical card fills in."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mpi.rules import CERTIFICATE_TYPES, birth_date_of

_TYPED = {"autocomplete": "off", "data-strip": "1", "data-figures": "1"}


class ClaimForm(forms.Form):
    """The physical card and its holder."""

    number = forms.CharField(
        label=_("居民健康卡卡号是多少？"),
        help_text=_("印在实体卡正面"),
        max_length=40,
        widget=forms.TextInput(attrs={**_TYPED, "autocapitalize": "characters"}),
        error_messages={"required": _("请填写卡号"), "max_length": _("卡号太长，请照着卡面填写")},
    )
    name = forms.CharField(
        label=_("持卡人的姓名？"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("请填写姓名"), "max_length": _("姓名太长，请按证件填写")},
    )
    id_type = forms.ChoiceField(
        label=_("办卡时用的是什么证件？"),
        widget=forms.RadioSelect,
        initial="01",
        choices=lambda: [(kind.code, kind.name) for kind in CERTIFICATE_TYPES.values()],
        error_messages={
            "required": _("请选择一种证件"),
            "invalid_choice": _("没有这种证件类型，请从列表中选择"),
        },
    )
    id_number = forms.CharField(
        label=_("证件号码是多少？"),
        max_length=40,
        widget=forms.TextInput(attrs={**_TYPED, "autocapitalize": "characters"}),
        error_messages={"required": _("请填写证件号码"), "max_length": _("证件号码太长，请对照证件核对")},
    )
    birth_date = forms.DateField(
        label=_("出生日期？"),
        help_text=_("这种证件的号码里没有出生日期"),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y年%m月%d日"],
        error_messages={
            "required": _("请填写出生日期"),
            "invalid": _("请按“年-月-日”填写出生日期，例如 1950-03-08"),
        },
    )


def claim_pages(answers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The word of each page, and what it asks for; the birth date only where the number does not tell it."""
    pages: dict[str, tuple[str, ...]] = {
        "number": ("number",),
        "certificate": ("id_type",),
        "document": ("id_number",),
        "name": ("name",),
    }
    id_type, id_number = answers.get("id_type", "01"), answers.get("id_number", "")
    kind = CERTIFICATE_TYPES.get(id_type)
    # An identity card whose number tells no birth date is a typing error, and said to be one.
    has_shape = kind is not None and kind.shape is not None
    if has_shape and id_number and birth_date_of(id_type, id_number) is None:
        pages["birth"] = ("birth_date",)
    return pages


class CodeForm(forms.Form):
    """The code that was sent to the phone on record, if one was."""

    code = forms.CharField(
        label=_("短信验证码是多少？"),
        max_length=12,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "data-strip": "1"}
        ),
        error_messages={"required": _("请填写短信中的 6 位数字"), "max_length": _("验证码是 6 位数字")},
    )


def refuse(form: forms.Form, exc: Any) -> None:
    """Say on the form what a service found."""
    form.add_error(exc.field if exc.field in form.fields else None, f"{exc.text()}。{exc.advice()}")
