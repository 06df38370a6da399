"""What doctors fill in, and what residents leave for rescuers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cards.rules.reader import read_line
from cards.window_forms import FocusedForm
from foundation.core.ids import new_public_id
from mpi.rules import CERTIFICATE_TYPES, NATIONS
from records.rules import BloodGroup, Purpose, RecordKind, Rhesus
from records.services.emergency import LONGEST_REASON, LONGEST_TEXT, MOST_CONTACTS, SHORTEST_REASON
from records.types import Contact, EmergencyDetails


class AskForm(FocusedForm):
    """What a doctor asks a patient for; with the patient's code, or without to show one."""

    code = forms.CharField(
        label=_("患者的健康卡码"),
        help_text=_("请患者出示动态码，用扫码枪扫一下；不扫就点“出示二维码”，由患者来扫"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    purpose = forms.ChoiceField(label=_("用途"), choices=Purpose.choices, initial=Purpose.OUTPATIENT)
    kinds = forms.MultipleChoiceField(
        label=_("想看的内容"),
        choices=RecordKind.choices,
        initial=list(RecordKind.values),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选一项")},
    )
    ticket = forms.CharField(widget=forms.HiddenInput, max_length=26, initial=new_public_id)

    def asked(self) -> dict[str, Any]:
        """Purpose and kinds, for the services."""
        return {"purpose": self.cleaned_data["purpose"], "kinds": self.cleaned_data["kinds"]}


class EmergencyForm(FocusedForm):
    """Who lies there, and why it cannot wait. The first field takes a code, a number or a reader's line."""

    who = forms.CharField(
        label=_("扫健康卡码，或读取、输入证件号码"),
        max_length=400,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "data-figures": "1"}
        ),
        error_messages={"required": _("请扫码，或输入证件号码")},
    )
    id_type = forms.ChoiceField(
        label=_("证件类型"),
        initial="01",
        choices=lambda: [(kind.code, kind.name) for kind in CERTIFICATE_TYPES.values()],
    )
    reason = forms.CharField(
        label=_("为什么不能等患者授权"),
        help_text=_("会立刻告诉患者本人，并由另一位工作人员复核"),
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": _("请写明原因，例如：车祸昏迷，需要了解过敏史"),
            "min_length": _("请写得具体一些"),
        },
    )
    ticket = forms.CharField(widget=forms.HiddenInput, max_length=26, initial=new_public_id)

    @property
    def is_code(self) -> bool:
        """Whether a code was scanned: certificates have no colon."""
        return ":" in self.cleaned_data["who"]

    def forget_code(self) -> None:
        """Empty the first field for the next reading, which is another try; the reason stays."""
        self.data = {**dict(self.data.items()), "who": "", "ticket": new_public_id()}

    def number(self) -> str:
        """The number, also out of the line that a document reader types."""
        line = read_line(self.cleaned_data["who"], NATIONS)
        return line.number if line is not None else str(self.cleaned_data["who"])


class EmergencyInfoForm(forms.Form):
    """What rescuers are to know."""

    blood = forms.ChoiceField(
        label=_("血型"), required=False, choices=[("", _("不清楚")), *BloodGroup.choices]
    )
    rhesus = forms.ChoiceField(
        label=_("Rh 血型"), required=False, choices=[("", _("不清楚")), *Rhesus.choices]
    )
    allergies = forms.CharField(
        label=_("过敏史"),
        help_text=_("药物、食物或其他，例如：青霉素过敏"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    conditions = forms.CharField(
        label=_("慢性病和手术史"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    medicines = forms.CharField(
        label=_("正在吃的药"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, kept: EmergencyDetails | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = kept or EmergencyDetails()
        for name in ("blood", "rhesus", "allergies", "conditions", "medicines"):
            self.fields[name].initial = getattr(known, name)
        for place in range(MOST_CONTACTS):
            for name, field in _contact_fields(place).items():
                self.fields[f"contact{place}_{name}"] = field
                if place < len(known.contacts):
                    field.initial = getattr(known.contacts[place], name)

    @property
    def about_health(self) -> list[forms.BoundField]:
        """What is not about contacts."""
        return [bound for bound in self.visible_fields() if not bound.name.startswith("contact")]

    @property
    def contacts(self) -> list[tuple[list[forms.BoundField], bool]]:
        """The fields of each contact, and whether the page shows them from the beginning."""
        groups = [
            [self[f"contact{place}_{name}"] for name in _CONTACT_LABELS] for place in range(MOST_CONTACTS)
        ]
        return [
            (group, place == 0 or any(bound.value() or bound.errors for bound in group))
            for place, group in enumerate(groups)
        ]

    def clean(self) -> dict[str, Any]:
        """A contact has a name and a number, or is none."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for place in range(MOST_CONTACTS):
            name, phone = f"contact{place}_name", f"contact{place}_phone"
            if data.get(name) and not data.get(phone) and phone not in self.errors:
                self.add_error(phone, _("请填写紧急联系人的电话"))
            if data.get(phone) and not data.get(name) and name not in self.errors:
                self.add_error(name, _("请填写紧急联系人的姓名"))
        return data

    def details(self) -> EmergencyDetails:
        """What was filled in, for the service."""
        data = self.cleaned_data
        contacts = [
            Contact(**{name: data[f"contact{place}_{name}"] for name in _CONTACT_LABELS})
            for place in range(MOST_CONTACTS)
        ]
        return EmergencyDetails(
            blood=data["blood"],
            rhesus=data["rhesus"],
            allergies=data["allergies"],
            conditions=data["conditions"],
            medicines=data["medicines"],
            contacts=[contact for contact in contacts if contact.name],
        )


_CONTACT_LABELS = {
    "name": _("紧急联系人姓名"),
    "relation": _("与您的关系"),
    "phone": _("紧急联系人电话"),
}


def _contact_fields(place: int) -> dict[str, forms.Field]:
    """The fields of one contact; the words of the first say what its phone is for."""
    phone = forms.TextInput(attrs={"type": "tel", "autocomplete": "off", "data-strip": "1"})
    said = _("手机号会在急救时收到短信，不写病情；座机只给急救人员看") if place == 0 else ""
    return {
        "name": forms.CharField(label=_CONTACT_LABELS["name"], required=False, max_length=40),
        "relation": forms.CharField(label=_CONTACT_LABELS["relation"], required=False, max_length=20),
        "phone": forms.CharField(
            label=_CONTACT_LABELS["phone"], help_text=said, required=False, max_length=20, widget=phone
        ),
    }
