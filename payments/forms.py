"""What a cashier types."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from foundation.core.money import fen_of, yuan
from payments.rules import is_number
from payments.selectors.history import FeePage
from payments.selectors.paying import Choice


class FindForm(forms.Form):
    """The number of a bill, or the code of a health card, as a scanner types it."""

    code = forms.CharField(
        label=_("账单号或健康卡码"),
        help_text=_("扫描账单码或健康卡码，或输入 12 位账单号"),
        max_length=400,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "data-figures": "1"}),
        error_messages={
            "required": _("请扫描账单码或健康卡码，或输入账单号"),
            "max_length": _("读到的内容太长，请重新扫描"),
        },
    )

    def clean_code(self) -> str:
        """The text without the blanks that people put between figures.

        Figures alone are no health card's code: somebody read a number out, and a figure of it is wrong.
        """
        code = str(self.cleaned_data["code"]).strip().replace(" ", "")
        if code.isdecimal() and not is_number(code):
            raise forms.ValidationError(_("账单号不对，请核对 12 位数字"))
        return code

    @property
    def number(self) -> str:
        """The number of a bill; empty if it is the code of a card."""
        code = str(self.cleaned_data["code"])
        return code if is_number(code) else ""


class OrderForm(forms.Form):
    """Any number of an order, or the code of a health card, as a scanner types it."""

    code = forms.CharField(
        label=_("订单的任一编号，或健康卡码"),
        help_text=_("账单号、支付编号、退款编号、渠道流水号、医院账单号、医院收据号或退费号，要输全"),
        min_length=4,
        max_length=400,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "data-figures": "1"}),
        error_messages={
            "required": _("请输入订单的编号，或扫描健康卡码"),
            "min_length": _("编号太短，要输全"),
            "max_length": _("读到的内容太长，请重新扫描"),
        },
    )

    def clean_code(self) -> str:
        """The text without the blanks that people put between figures."""
        return str(self.cleaned_data["code"]).strip().replace(" ", "")

    @property
    def may_be_card(self) -> bool:
        """Whether it is longer than our numbers are, or has the colons of a card's code."""
        return ":" in self.cleaned_data["code"]


class FeesForm(forms.Form):
    """Of which year, and of which hospital?"""

    year = forms.ChoiceField(label=_("哪一年"), required=False)
    hospital = forms.ChoiceField(label=_("哪家医院"), required=False)
    person = forms.CharField(required=False, widget=forms.HiddenInput)
    standing = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, page: FeePage) -> None:
        super().__init__(data)
        years = [(str(year), _("%(year)s 年") % {"year": year}) for year in page.years]
        cast(forms.ChoiceField, self.fields["year"]).choices = [("", _("全部年份")), *years]
        cast(forms.ChoiceField, self.fields["hospital"]).choices = [("", _("全部医院")), *page.hospitals]


class WayForm(forms.Form):
    """How somebody wants to pay."""

    way = forms.ChoiceField(
        label=_("怎么付？"),
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一种支付方式"), "invalid_choice": _("请选一种支付方式")},
    )

    def __init__(self, data: Any = None, *, ways: Sequence[Choice]) -> None:
        super().__init__(data)
        self._ways = {one.provider: one for one in ways}
        field = cast(forms.ChoiceField, self.fields["way"])
        field.choices = [(one.provider, one.label) for one in ways]
        if len(ways) == 1:
            field.initial = ways[0].provider

    @property
    def chosen(self) -> Choice:
        """The way that was chosen."""
        return self._ways[self.cleaned_data["way"]]


class CashForm(forms.Form):
    """What was handed over, in yuan."""

    received = forms.CharField(
        label=_("实收金额（元）"),
        help_text=_("核对现金后按回车收款"),
        max_length=16,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "inputmode": "decimal", "autofocus": True, "data-figures": "1"}
        ),
        error_messages={"required": _("请填写实收金额"), "max_length": _("金额太长，请核对")},
    )

    def __init__(self, data: Any = None, *, total_fen: int) -> None:
        super().__init__(data, initial={"received": yuan(total_fen).replace(",", "")})

    def clean_received(self) -> int:
        """The amount in fen."""
        fen = fen_of(self.cleaned_data["received"])
        if fen is None:
            raise forms.ValidationError(_("请按“元”填写金额，最多两位小数，例如 50 或 12.50"))
        return fen


class RefundForm(forms.Form):
    """How much goes back, in yuan, and why."""

    amount = forms.CharField(
        label=_("退款金额（元）"),
        max_length=16,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "inputmode": "decimal", "autofocus": True, "data-figures": "1"}
        ),
        error_messages={"required": _("请填写退款金额"), "max_length": _("金额太长，请核对")},
    )

    def __init__(self, data: Any = None, *, left_fen: int) -> None:
        super().__init__(data, initial={"amount": yuan(left_fen).replace(",", "")})

    def clean_amount(self) -> int:
        """The amount in fen."""
        fen = fen_of(self.cleaned_data["amount"])
        if not fen:
            raise forms.ValidationError(_("请按“元”填写金额，最多两位小数，例如 50 或 12.50"))
        return fen
