"""What a clerk types, or a document reader types for them."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from cards.rules.reader import read_line
from foundation.core.ids import new_public_id
from mpi.rules import CERTIFICATE_TYPES, NATIONS
from mpi.types import PersonIdentity

REPRINT_REASONS = (
    ("lost", _("标签丢失")),
    ("damaged", _("标签损坏或扫不出")),
    ("misprint", _("上次没有打印好")),
    ("changed", _("信息有变更")),
)


ACCOUNT_REASONS = (
    ("first", _("第一次在手机上使用")),
    ("phone", _("换了手机或手机号")),
    ("another", _("自己的卡在别人的账号里")),
    ("other", _("其他")),
)


class FocusedForm(forms.Form):
    """A form whose focus stands where the hands are needed: in the first field that is wrong."""

    def focus(self) -> None:
        """Put the focus into the first field at fault, or into the first of all."""
        names = [name for name, field in self.fields.items() if not field.widget.is_hidden]
        wrong = [name for name in names if self.is_bound and name in self.errors]
        for name in (wrong or names)[:1]:
            self.fields[name].widget.attrs["autofocus"] = True


class DocumentForm(FocusedForm):
    """The document of the person at the window.

    The first field takes the whole line of a reader as well as the bare number.
    """

    id_number = forms.CharField(
        label=_("证件号码"),
        help_text=_("用读卡器读取身份证，或输入证件号码"),
        max_length=400,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "data-figures": "1"}
        ),
        error_messages={
            "required": _("请读取证件，或输入证件号码"),
            "max_length": _("读到的内容太长，请重新读取"),
        },
    )
    name = forms.CharField(
        label=_("姓名"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("请填写姓名"), "max_length": _("姓名太长，请按证件填写")},
    )
    id_type = forms.ChoiceField(
        label=_("证件类型"),
        initial="01",
        choices=lambda: [(kind.code, kind.name) for kind in CERTIFICATE_TYPES.values()],
        error_messages={"invalid_choice": _("没有这种证件类型，请从列表中选择")},
    )
    phone = forms.CharField(
        label=_("联系电话"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )
    birth_date = forms.DateField(
        label=_("出生日期"),
        help_text=_("身份证不用填"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("请按“年-月-日”填写出生日期，例如 1950-03-08")},
    )
    sex = forms.ChoiceField(
        label=_("性别"),
        help_text=_("身份证不用填"),
        required=False,
        choices=[("", "—"), ("1", _("男")), ("2", _("女")), ("9", _("不便说明"))],
        error_messages={"invalid_choice": _("请从列表中选择")},
    )
    nation = forms.CharField(widget=forms.HiddenInput, required=False, max_length=2)
    address = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)
    ticket = forms.CharField(widget=forms.HiddenInput, max_length=26, initial=new_public_id)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        self.typed: QueryDict = data.copy() if data is not None else QueryDict(mutable=True)
        super().__init__(self.typed if data is not None else None, **kwargs)
        self._take_line()

    def _take_line(self) -> None:
        """Put the parts of a reader's line into their fields, so that they are shown again."""
        line = read_line(self.typed.get("id_number", ""), NATIONS)
        if line is None:
            return
        parts = {"id_number": line.number, "name": line.name, "nation": line.nation, "address": line.address}
        for name, value in {"id_type": "01", **parts}.items():
            if value:
                self.typed[name] = value

    def identity(self) -> PersonIdentity:
        """The person as the document has them."""
        data = self.cleaned_data
        return PersonIdentity(
            name=data["name"],
            id_type=data["id_type"],
            id_number=data["id_number"],
            sex=data["sex"],
            birth_date=data["birth_date"],
            nation=data["nation"],
            phone=data["phone"],
            address=data["address"],
        )

    def again(self, problem: str, field: str) -> None:
        """Show what the service found, on a form that counts as a new press of the button."""
        shown = {"gender": "sex"}.get(field, field)
        self.add_error(shown if shown in self.fields else None, problem)
        self.typed["ticket"] = new_public_id()


class AccountForm(FocusedForm):
    """The phone with which the holder signs in, what the clerk saw, and then the code that came."""

    phone = forms.CharField(
        label=_("居民登录用的手机号"),
        help_text=_("验证码会发到这个手机，请居民当面念给您"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel", "data-strip": "1"}),
        error_messages={"required": _("请填写手机号"), "max_length": _("手机号是 11 位数字")},
    )
    document = forms.ChoiceField(
        label=_("当面核对的证件"),
        initial="01",
        choices=lambda: [(kind.code, kind.name) for kind in CERTIFICATE_TYPES.values()],
        error_messages={"required": _("请选择证件"), "invalid_choice": _("请从列表中选择")},
    )
    reason = forms.ChoiceField(
        label=_("办理原因"),
        choices=ACCOUNT_REASONS,
        error_messages={"required": _("请选择原因"), "invalid_choice": _("请从列表中选择")},
    )
    compared = forms.BooleanField(
        label=_("证件是原件，照片与本人一致"),
        error_messages={"required": _("请核对证件原件和本人以后再确认")},
    )
    code = forms.CharField(
        label=_("居民收到的验证码"),
        max_length=12,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric", "data-strip": "1"}),
        error_messages={"max_length": _("验证码是 6 位数字")},
    )

    def focus_code(self) -> None:
        """Put the focus where the code is typed."""
        self.fields["code"].widget.attrs["autofocus"] = True

    def words(self) -> str:
        """The reason in words, for the audit."""
        return str(dict(ACCOUNT_REASONS)[self.cleaned_data["reason"]])


class SecondForm(FocusedForm):
    """The number of the document, as the second clerk reads it."""

    number = forms.CharField(
        label=_("证件号码"),
        help_text=_("请从居民手里的证件上读，或用读卡器"),
        max_length=400,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "data-figures": "1"}
        ),
        error_messages={"required": _("请填写证件号码"), "max_length": _("证件号码太长，请对照证件核对")},
    )

    def clean_number(self) -> str:
        """The number alone, where a reader typed its whole line."""
        typed = str(self.cleaned_data["number"])
        line = read_line(typed, NATIONS)
        return line.number if line else typed


class PrintForm(FocusedForm):
    """Prints the static code; a reprint says why."""

    reason = forms.ChoiceField(
        label=_("补打原因"),
        choices=REPRINT_REASONS,
        required=False,
        error_messages={"invalid_choice": _("请从列表中选择")},
    )
    ticket = forms.CharField(widget=forms.HiddenInput, max_length=26, initial=new_public_id)

    def words(self) -> str:
        """The reason in words, for the audit; empty for a first print."""
        return str(dict(REPRINT_REASONS).get(self.cleaned_data["reason"], ""))
