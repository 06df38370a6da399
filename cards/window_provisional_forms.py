"""What a clerk types about people who have no certificate of their own."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cards.errors import CodeMalformed, CodeTooLong
from cards.rules import codes
from cards.services.newborn import Birth
from cards.window_forms import DocumentForm, FocusedForm
from foundation.core import clock

_TYPED = {"autocomplete": "off"}
_NUMBER = {"autocomplete": "off", "inputmode": "numeric", "maxlength": 2}
_CAPITALS = {"autocomplete": "off", "autocapitalize": "characters", "data-figures": "1"}
_CODE_MOST = 400


class MotherForm(DocumentForm):
    """The mother: her card's code, or her document as at the window for anybody."""

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["id_number"].label = _("母亲的健康卡二维码，或证件号码")
        self.fields["id_number"].help_text = _("扫描她手机或标签上的二维码，或用读卡器读取身份证")
        self.fields["name"].label = _("母亲的姓名")
        self.fields["name"].help_text = _("扫了二维码不用填")
        if self.code:
            for name in ("name", "id_type"):
                self.fields[name].required = False

    @property
    def code(self) -> str:
        """What was scanned; empty where it is no code of a card."""
        text = str(self.typed.get("id_number", ""))
        try:
            codes.parse(text, own_issuer="")
        except (CodeMalformed, CodeTooLong):
            return ""
        return text


class LabelForm(FocusedForm):
    """The label, or the phone, of somebody without a certificate."""

    code = forms.CharField(
        label=_("新生儿标签或临时卡上的二维码"),
        help_text=_("扫描标签、腕带，或监护人手机上的二维码"),
        max_length=_CODE_MOST,
        widget=forms.TextInput(attrs=_CAPITALS),
        error_messages={"required": _("请扫描二维码"), "max_length": _("读到的内容太长，请重新扫描")},
    )


class NewbornForm(FocusedForm):
    """A newborn, as the record of the birth has it."""

    record = forms.CharField(
        label=_("分娩记录号"),
        help_text=_("母亲病历上的分娩记录编号"),
        max_length=64,
        widget=forms.TextInput(attrs=_CAPITALS),
        error_messages={"required": _("请填写分娩记录号"), "max_length": _("分娩记录号太长，请核对")},
    )
    parity = forms.IntegerField(
        label=_("第几胎"),
        initial=1,
        min_value=1,
        max_value=30,
        widget=forms.TextInput(attrs=_NUMBER),
        error_messages={
            "required": _("请填写第几胎"),
            "invalid": _("请填数字，例如 1"),
            "min_value": _("请填 1 到 30"),
            "max_value": _("请填 1 到 30"),
        },
    )
    order = forms.IntegerField(
        label=_("这一胎的第几个孩子"),
        help_text=_("单胎填 1；双胞胎先生的填 1，后生的填 2"),
        initial=1,
        min_value=1,
        max_value=10,
        widget=forms.TextInput(attrs=_NUMBER),
        error_messages={
            "required": _("请填写是第几个孩子"),
            "invalid": _("请填数字，例如 1"),
            "min_value": _("请填 1 到 10"),
            "max_value": _("请填 1 到 10"),
        },
    )
    birth_date = forms.DateField(
        label=_("出生日期"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("请填写出生日期"),
            "invalid": _("请按“年-月-日”填写出生日期，例如 2026-03-08"),
        },
    )
    sex = forms.ChoiceField(
        label=_("性别"),
        choices=[("", "—"), ("1", _("男")), ("2", _("女")), ("0", _("暂不能确定"))],
        error_messages={"required": _("请选择性别"), "invalid_choice": _("请从列表中选择")},
    )
    name = forms.CharField(
        label=_("孩子的姓名"),
        help_text=_("还没起名的不用填，会记成母亲姓名加“之子”或“之女”"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs=_TYPED),
        error_messages={"max_length": _("姓名太长，请核对")},
    )
    certificate = forms.CharField(
        label=_("出生医学证明编号"),
        help_text=_("还没有的不用填"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs=_CAPITALS),
        error_messages={"max_length": _("编号太长，请对照证明核对")},
    )

    def clean_birth_date(self) -> date:
        """Refuse a day that has not come."""
        born: date = self.cleaned_data["birth_date"]
        if born > clock.beijing(clock.now()).date():
            raise forms.ValidationError(_now("出生日期不能晚于今天"))
        return born

    def birth(self) -> Birth:
        """The birth."""
        data = self.cleaned_data
        return Birth(
            record=data["record"],
            parity=data["parity"],
            order=data["order"],
            born_on=data["birth_date"],
            sex=data["sex"],
            name=data["name"],
            certificate=data["certificate"],
        )

    def for_the_next(self) -> "NewbornForm":
        """The form of the next child of the same birth."""
        data = self.cleaned_data
        kept = {name: data[name] for name in ("record", "parity", "birth_date")}
        return NewbornForm(initial={**kept, "order": data["order"] + 1})


class TemporaryForm(FocusedForm):
    """A patient whose papers nobody has."""

    patient_id = forms.CharField(
        label=_("院内患者号"),
        help_text=_("同一个患者号只发一张卡，再次办理会找到原来的卡"),
        max_length=64,
        widget=forms.TextInput(attrs=_CAPITALS),
        error_messages={"required": _("请填写院内患者号"), "max_length": _("患者号太长，请核对")},
    )
    name = forms.CharField(
        label=_("姓名"),
        help_text=_("不知道的可以不填，记为无名氏"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs=_TYPED),
        error_messages={"max_length": _("姓名太长，请核对")},
    )
    sex = forms.ChoiceField(
        label=_("性别"),
        choices=[("0", _("未知")), ("1", _("男")), ("2", _("女"))],
        error_messages={"invalid_choice": _("请从列表中选择")},
    )
