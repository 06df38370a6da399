"""The questions of the public pages."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from institutions import rules as institution_rules
from institutions import selectors as institutions
from onboarding.rules import ANSWERS, Question


class _Form(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = _("请填写这一项")


def _text(label: Any, hint: Any = "", *, longest: int, **attrs: Any) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=hint, max_length=longest, widget=forms.TextInput(attrs=attrs)
    )


def _phone(label: Any, hint: Any) -> forms.CharField:
    figures = {"type": "tel", "autocomplete": "tel", "data-strip": "1", "data-figures": "1"}
    return _text(label, hint, longest=20, **figures)


class PhoneForm(_Form):
    """Whose phone?"""

    phone = _phone(_("联系人的手机号是多少？"), _("我们会发送一条短信验证码。以后查询进度也用这个号码"))


class LookUpForm(_Form):
    """Which application?"""

    reference = _text(
        _("受理编号是什么？"),
        _("10 位字母和数字，提交申请时显示过"),
        longest=20,
        **{"autocomplete": "off", "data-strip": "1", "data-figures": "1"},
    )
    phone = _phone(_("联系人的手机号是多少？"), _("申请时验证过的号码，我们会发送一条短信验证码"))


class CodeForm(_Form):
    """Which code came?"""

    code = _text(
        _("短信验证码是多少？"),
        longest=12,
        **{
            "inputmode": "numeric",
            "autocomplete": "one-time-code",
            "data-strip": "1",
            "data-figures": "1",
        },
    )

    def clean_code(self) -> str:
        """The digits, however they were spaced."""
        return "".join(str(self.cleaned_data["code"]).split())


class QuestionForm(_Form):
    """A question of the application; ``version`` is the state of it that the page was drawn from."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class NameForm(QuestionForm):
    """What is it called?"""

    name = _text(
        _("机构全称"), _("与医疗机构执业许可证上的名称一致"), longest=100, autocomplete="organization"
    )
    short_name = _text(_("简称"), _("居民在健康卡页面上看到的名称"), longest=30)


class NumberForm(QuestionForm):
    """Which numbers has it?"""

    uscc = _text(
        _("统一社会信用代码"),
        _("18 位，在登记证书上"),
        longest=24,
        **{"data-strip": "1", "data-figures": "1"},
    )
    code = _text(
        _("机构代码"),
        _("卫生健康部门核发的医疗机构代码，在执业许可证上"),
        longest=22,
        **{"data-strip": "1", "data-figures": "1"},
    )


class PlaceForm(QuestionForm):
    """Where is it?"""

    region = forms.ChoiceField(label=_("所在区划"))
    address = _text(_("详细地址"), longest=120, autocomplete="street-address")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = [("", _("请选择")), *institutions.region_choices()]  # type: ignore[attr-defined]


class KindForm(QuestionForm):
    """What kind is it?"""

    level = forms.ChoiceField(label=_("级别"), choices=[("", _("请选择")), *institution_rules.LEVELS.items()])
    category = forms.ChoiceField(
        label=_("类别"), choices=[("", _("请选择")), *institution_rules.CATEGORIES.items()]
    )


class ContactForm(QuestionForm):
    """Who is the contact?"""

    contact_name = _text(
        _("联系人叫什么名字？"), _("审核时可能会打电话核实"), longest=60, autocomplete="name"
    )


class CheckForm(QuestionForm):
    """Is all of it right, and are the terms agreed to?"""

    agreed = forms.BooleanField(
        label=_("我代表机构同意《电子健康卡接入协议》"),
        required=False,
    )


class FileForm(_Form):
    """Which file?"""

    file = forms.FileField(
        label=_("选择文件"),
        help_text=_("PDF、JPG 或 PNG，不超过 5 MB"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
    )


class AccountForm(_Form):
    """User name and password of a new member of staff."""

    username = _text(
        _("用户名"), _("字母、数字、点、下划线或连字符，登录时使用"), longest=60, autocomplete="username"
    )
    password = forms.CharField(
        label=_("密码"),
        help_text=_("至少 12 个字符，不要用常见密码"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("再填一次密码"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_username(self) -> str:
        """One form of user names, so that none looks like another."""
        username = str(self.cleaned_data["username"])
        if not all(
            character.isascii() and (character.isalnum() or character in "._-") for character in username
        ):
            raise forms.ValidationError(_("用户名只能用字母、数字、点、下划线和连字符"))
        return username

    def clean(self) -> dict[str, Any]:
        """Both passwords are the same."""
        data = super().clean() or {}
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            self.add_error("again", _("两次填写的密码不一样，请再填一次"))
        return data


FORMS: dict[Question, type[QuestionForm]] = {
    Question.NAME: NameForm,
    Question.NUMBER: NumberForm,
    Question.PLACE: PlaceForm,
    Question.KIND: KindForm,
    Question.CONTACT: ContactForm,
}
HEADINGS: dict[Question, str | Promise] = {
    Question.NAME: _("机构叫什么名字？"),
    Question.NUMBER: _("机构的证照号码是什么？"),
    Question.PLACE: _("机构在哪里？"),
    Question.KIND: _("机构是什么级别和类别？"),
    Question.CONTACT: _("谁是联系人？"),
    Question.DOCUMENTS: _("上传材料"),
    Question.CHECK: _("请核对申请内容"),
}
# What an answer is called where it is listed: as it was asked for, a question apart.
LABELS: dict[str, Any] = {
    name: FORMS[question].base_fields[name].label for question, names in ANSWERS.items() for name in names
}
LABELS["contact_name"] = _("联系人")
