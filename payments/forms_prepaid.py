"""What people fill in about balances."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from foundation.core.money import fen_of, yuan
from payments.selectors.paying import Choice
from payments.selectors.prepaid import Balance

_FIGURES = {"autocomplete": "off", "inputmode": "decimal"}


class _AmountForm(forms.Form):
    amount = forms.CharField(
        label=_("金额（元）"),
        max_length=16,
        widget=forms.TextInput(attrs=_FIGURES),
        error_messages={"required": _("请填写金额"), "max_length": _("金额太长，请核对")},
    )

    def clean_amount(self) -> int:
        """The amount in fen."""
        fen = fen_of(self.cleaned_data["amount"])
        if not fen:
            raise forms.ValidationError(_("请按“元”填写金额，最多两位小数，例如 50 或 12.50"))
        return fen


class TopUpForm(_AmountForm):
    """Where a top-up goes, and how much it is."""

    receiver = forms.ChoiceField(
        label=_("充到哪里？"),
        widget=forms.RadioSelect,
        error_messages={"required": _("请选收款的医院"), "invalid_choice": _("请选收款的医院")},
    )
    field_order = ("receiver", "amount")

    def __init__(self, data: Any = None, *, receivers: Sequence[tuple[str, str]]) -> None:
        super().__init__(data)
        field = cast(forms.ChoiceField, self.fields["receiver"])
        field.choices = list(receivers)
        if len(receivers) == 1:
            field.initial = receivers[0][0]


class PayOutForm(_AmountForm):
    """How much of which balance goes back."""

    account = forms.ChoiceField(
        label=_("退哪一个账户？"),
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一个账户"), "invalid_choice": _("请选一个账户")},
    )
    field_order = ("account", "amount")

    def __init__(self, data: Any = None, *, balances: Sequence[Balance]) -> None:
        first = balances[0] if len(balances) == 1 else None
        initial = {"amount": yuan(first.balance_fen).replace(",", "")} if first else {}
        super().__init__(data, initial=initial)
        field = cast(forms.ChoiceField, self.fields["account"])
        field.choices = [(one.account_id, f"{one.label} · ¥{yuan(one.balance_fen)}") for one in balances]
        if first is not None:
            field.initial = first.account_id


class BalanceForm(forms.Form):
    """Pays from a balance as it was shown, and the rest in another way."""

    part = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    way = forms.ChoiceField(
        label=_("其余的怎么付？"),
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一种支付方式"), "invalid_choice": _("请选一种支付方式")},
    )

    def __init__(self, data: Any = None, *, part_fen: int, ways: Sequence[Choice], has_rest: bool) -> None:
        super().__init__(data, initial={"part": part_fen})
        self._ways = {one.provider: one for one in ways}
        self._has_rest = has_rest
        field = cast(forms.ChoiceField, self.fields["way"])
        field.choices = [(one.provider, one.label) for one in ways]
        if len(ways) == 1:
            field.initial = ways[0].provider
        if not has_rest:
            field.required = False
            field.widget = forms.HiddenInput()

    @property
    def chosen(self) -> Choice | None:
        """The way of the rest; none where there is no rest."""
        return self._ways.get(self.cleaned_data["way"]) if self._has_rest else None


class FindPurseForm(forms.Form):
    """The code of a health card; and the number of a stay, where its balance is meant."""

    code = forms.CharField(
        label=_("健康卡码"),
        max_length=400,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": _("请扫描健康卡码"), "max_length": _("读到的内容太长，请重新扫描")},
    )
    visit = forms.CharField(
        label=_("住院号"),
        help_text=_("住院预交金才填；门诊预交金不填"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class DeskAmountForm(_AmountForm):
    """An amount at the window."""

    def __init__(self, data: Any = None, *, most_fen: int = 0) -> None:
        super().__init__(data, initial={"amount": yuan(most_fen).replace(",", "")} if most_fen else None)
        self.fields["amount"].widget.attrs.update({"autofocus": True, "data-figures": "1"})


class BalanceCashForm(forms.Form):
    """Pays from a balance as it was shown, and the rest in cash."""

    part = forms.IntegerField(min_value=1, max_value=10**11, widget=forms.HiddenInput)
    received = forms.CharField(
        label=_("实收金额（元）"),
        help_text=_("核对现金后按回车收款"),
        max_length=16,
        widget=forms.TextInput(attrs={**_FIGURES, "autofocus": True, "data-figures": "1"}),
        error_messages={"required": _("请填写实收金额"), "max_length": _("金额太长，请核对")},
    )

    def __init__(self, data: Any = None, *, part_fen: int, rest_fen: int) -> None:
        super().__init__(data, initial={"part": part_fen, "received": yuan(rest_fen).replace(",", "")})
        if not rest_fen:
            self.fields["received"].widget = forms.HiddenInput()

    def clean_received(self) -> int:
        """The amount in fen; nothing where the balance covers everything."""
        fen = fen_of(self.cleaned_data["received"])
        if fen is None:
            raise forms.ValidationError(_("请按“元”填写金额，最多两位小数，例如 50 或 12.50"))
        return fen
