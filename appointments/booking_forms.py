"""The questions of looking for a doctor, of booking and of changing."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appointments.selectors.bookings import BandView, PatientView
from appointments.selectors.finding import LONGEST
from cards.rules.reader import read_line
from mpi.rules import CERTIFICATE_TYPES, NATIONS


class FindForm(forms.Form):
    """What somebody looks for, by name."""

    q = forms.CharField(
        label=_("按名字找"),
        help_text=_("医院、科室或医生的名字，可以写几个词，中间加空格"),
        required=False,
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "enterkeyhint": "search"}),
        error_messages={"max_length": _("最多 40 个字")},
    )


class PatientsForm(forms.Form):
    """For whom to book; several people get places side by side."""

    who = forms.MultipleChoiceField(
        label=_("为谁预约？"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选择一人"), "invalid_choice": _("请从列表中选择")},
    )

    def __init__(self, *args: Any, patients: Sequence[PatientView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who = self.fields["who"]
        who.choices = [  # type: ignore[attr-defined]
            (patient.person_id, label_of(patient)) for patient in patients
        ]
        if len(patients) == 1:
            who.initial = [patients[0].person_id]
        else:
            who.help_text = gettext("可以选几个人，一起约同一个时间，有一人约不上就都不约")


class PatientForm(forms.Form):
    """The document of whoever stands at the window, typed by a reader or by hand."""

    id_number = forms.CharField(
        label=_("证件号码"),
        help_text=_("用读卡器读取身份证，或输入证件号码"),
        max_length=400,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "data-figures": "1",
                "autofocus": True,
            }
        ),
        error_messages={
            "required": _("请读取证件，或输入证件号码"),
            "max_length": _("读到的内容太长，请重新读取"),
        },
    )
    id_type = forms.ChoiceField(
        label=_("证件类型"),
        initial="01",
        choices=lambda: [(kind.code, kind.name) for kind in CERTIFICATE_TYPES.values()],
        error_messages={"invalid_choice": _("没有这种证件类型，请从列表中选择")},
    )

    def document(self) -> dict[str, str]:
        """Kind and number, also where a reader has typed the whole line."""
        typed = self.cleaned_data["id_number"]
        line = read_line(typed, NATIONS)
        number = line.number if line is not None else typed
        return {"id_type": self.cleaned_data["id_type"], "id_number": number.strip()}


class BandForm(forms.Form):
    """To which band a booking is changed."""

    slot = forms.ChoiceField(
        label=_("改到什么时间？"),
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择一个时间"), "invalid_choice": _("请从列表中选择")},
    )

    def __init__(self, *args: Any, bands: Sequence[BandView], is_window: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_window:
            self.fields["slot"].label = _("时间")
        self.fields["slot"].choices = [  # type: ignore[attr-defined]
            (band.slot_id, band_label(band)) for band in bands
        ]


def label_of(patient: PatientView) -> str:
    """A patient among several: relation and name."""
    return f"{patient.relation_word} {patient.name}"


def band_label(band: BandView) -> str:
    """A band among several: when, with whom, and how many are left."""
    left = gettext("余 %(left)s 个号") % {"left": band.left}
    return " ".join(part for part in (band.when, band.doctor, left) if part)
