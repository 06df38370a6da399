"""The questions of an application, one form a page."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cards.rules.steps import Answers, Step
from cards.states import ProofKind
from mpi.rules import CERTIFICATE_TYPES, NATIONS


class StepForm(forms.Form):
    """A page's form; ``version`` is that of the application when the page was drawn."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def answers(self) -> dict[str, Any]:
        """The answer of this page, by the names of ``Answers``."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class CertificateForm(StepForm):
    """Which certificate."""

    id_type = forms.ChoiceField(
        label=_("您用什么证件申领？"),
        widget=forms.RadioSelect,
        choices=lambda: [(kind.code, kind.name) for kind in CERTIFICATE_TYPES.values()],
        error_messages={
            "required": _("请选择一种证件"),
            "invalid_choice": _("没有这种证件类型，请从列表中选择"),
        },
    )


class NumberForm(StepForm):
    """The certificate's number."""

    id_number = forms.CharField(
        label=_("证件号码是多少？"),
        help_text=_("请照着证件填写，最后一位可能是字母 X"),
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


class NameForm(StepForm):
    """The name on the certificate."""

    name = forms.CharField(
        label=_("您的姓名？"),
        help_text=_("与证件上完全一致；名字中的“·”和生僻字都可以输入"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("请填写姓名"), "max_length": _("姓名太长，请按证件填写")},
    )


class BirthForm(StepForm):
    """The birth date, where the number does not tell it."""

    birth_date = forms.DateField(
        label=_("您的出生日期？"),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y年%m月%d日"],
        error_messages={
            "required": _("请填写出生日期"),
            "invalid": _("请按“年-月-日”填写出生日期，例如 1950-03-08"),
        },
    )


class GenderForm(StepForm):
    """The sex, where the number does not tell it."""

    gender = forms.ChoiceField(
        label=_("您的性别？"),
        widget=forms.RadioSelect,
        choices=[("1", _("男")), ("2", _("女")), ("9", _("不便说明"))],
        error_messages={"required": _("请选择性别"), "invalid_choice": _("请从列表中选择")},
    )


class NationForm(StepForm):
    """The ethnic group, as hospitals register it."""

    nation = forms.ChoiceField(
        label=_("您的民族？"),
        choices=lambda: list(NATIONS.items()),
        initial="01",
        error_messages={"required": _("请选择民族"), "invalid_choice": _("请从列表中选择")},
    )


class PhoneForm(StepForm):
    """A number to call, where the sign-in has none."""

    phone = forms.CharField(
        label=_("您的联系电话？"),
        help_text=_("医院有事时会打这个电话"),
        max_length=30,
        widget=forms.TextInput(
            attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel", "data-strip": "1"}
        ),
        error_messages={"required": _("请填写联系电话"), "max_length": _("电话号码太长，请核对")},
    )


class OwnPhoneForm(forms.Form):
    """Another number to call."""

    phone = PhoneForm.base_fields["phone"]


class OwnAddressForm(forms.Form):
    """Where the holder lives now."""

    address = forms.CharField(
        label=_("您现在住在哪里？"),
        help_text=_("写到门牌号，例如：示范区测试路1号"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
        error_messages={"required": _("请填写住址"), "max_length": _("住址最多 200 个字")},
    )


class OwnNationForm(forms.Form):
    """The ethnic group."""

    nation = NationForm.base_fields["nation"]


PARTICULARS_FORMS: Mapping[str, type[forms.Form]] = {
    "phone": OwnPhoneForm,
    "address": OwnAddressForm,
    "nation": OwnNationForm,
}


class ChildCertificateForm(CertificateForm):
    """Which certificate the child has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["id_type"].label = _("孩子用什么证件申领？")


class ChildNumberForm(NumberForm):
    """The number of the child's certificate."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["id_number"].label = _("孩子的证件号码是多少？")
        self.fields["id_number"].help_text = _("没有身份证的，户口簿上有孩子的身份证号码")


class ChildNameForm(NameForm):
    """The child's name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("孩子的姓名？")
        self.fields["name"].widget.attrs["autocomplete"] = "off"


class ChildBirthForm(BirthForm):
    """The child's birth date."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["birth_date"].label = _("孩子的出生日期？")
        self.fields["birth_date"].widget.attrs["autocomplete"] = "off"


class ChildGenderForm(GenderForm):
    """The child's sex."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["gender"].label = _("孩子的性别？")


class ChildNationForm(NationForm):
    """The child's ethnic group."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nation"].label = _("孩子的民族？")


class ProofForm(StepForm):
    """What shows that the applicant is the guardian."""

    proof_kind = forms.ChoiceField(
        label=_("用什么证明您是孩子的监护人？"),
        widget=forms.RadioSelect,
        choices=ProofKind.choices,
        error_messages={
            "required": _("请选择一种证明"),
            "invalid_choice": _("没有这种证明，请从列表中选择"),
        },
    )


class ProofNumberForm(StepForm):
    """The number of the proof."""

    proof_number = forms.CharField(
        label=_("证明上的编号是多少？"),
        help_text=_("出生医学证明：一个字母和九位数字；户口簿：户号或孩子的身份证号码"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "data-strip": "1",
                "data-figures": "1",
            }
        ),
        error_messages={"required": _("请填写证明编号"), "max_length": _("编号太长，请对照证明核对")},
    )


class CheckForm(StepForm):
    """The last look; it asks nothing."""


Forms = Mapping[Step, type[StepForm]]
FORMS: Forms = {
    Step.CERTIFICATE: CertificateForm,
    Step.NUMBER: NumberForm,
    Step.NAME: NameForm,
    Step.BIRTH: BirthForm,
    Step.GENDER: GenderForm,
    Step.NATION: NationForm,
    Step.PHONE: PhoneForm,
    Step.CHECK: CheckForm,
}

CHILD_FORMS: Forms = {
    **FORMS,
    Step.CERTIFICATE: ChildCertificateForm,
    Step.NUMBER: ChildNumberForm,
    Step.NAME: ChildNameForm,
    Step.BIRTH: ChildBirthForm,
    Step.GENDER: ChildGenderForm,
    Step.NATION: ChildNationForm,
    Step.PROOF: ProofForm,
    Step.PROOF_NUMBER: ProofNumberForm,
}

# Why a question is asked, for the pages that fold it out.
REASONS: Mapping[Step, Any] = {
    Step.NUMBER: _("健康卡与您的证件一一对应，号码会加密保存，只用于核对身份和就医。"),
    Step.NAME: _("姓名要和证件号码一起到人口库核对，确认是您本人的信息。"),
    Step.NATION: _("医院登记病历时需要填写民族，这里填一次，以后不用再填。"),
    Step.PHONE: _("用于接收就诊通知，不会用于推销。"),
}


def initial(step: Step, answers: Answers, version: int) -> dict[str, Any]:
    """What a page shows as already answered."""
    values: dict[str, Any] = {"version": version}
    for name in CHILD_FORMS[step].base_fields:
        value = getattr(answers, name, None)
        if value:
            values[name] = value.isoformat() if isinstance(value, date) else value
    return values
