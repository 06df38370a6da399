"""What staff do to temporary cards."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cards.models import Card, CardNumber
from cards.services.temporary import extend_temporary, register_temporary
from cards.states import CardState, NumberState
from foundation.core.errors import PermissionRefused
from institutions import selectors as institutions
from institutions.admin_acts import Act, ActForm, Done
from institutions.rules import Duty


class TemporaryForm(ActForm):
    """Issues a temporary card to a patient without papers."""

    patient_id = forms.CharField(
        label=_("院内患者号"), help_text=_("同一个患者号只发一张卡，再次办理会找到原来的卡"), max_length=64
    )
    name = forms.CharField(
        label=_("姓名"), help_text=_("不知道的可以不填，记为无名氏"), max_length=80, required=False
    )
    sex = forms.ChoiceField(label=_("性别"), choices=[("0", _("未知")), ("1", _("男")), ("2", _("女"))])

    def perform(self) -> Done:
        """Issue it; the text of its code is shown this once, for the wristband."""
        # Temporary cards belong to the institution that treats the patient.
        if not self.actor.institution:
            raise PermissionRefused
        registered = register_temporary(
            patient_id=self.cleaned_data["patient_id"],
            name=self.cleaned_data["name"],
            sex=self.cleaned_data["sex"],
            institution_pk=institutions.visible(self.actor).values_list("pk", flat=True).get(),
            actor=self.actor,
        )
        number = CardNumber.objects.get(card=registered.card, state=NumberState.CURRENT)
        return Done(
            _("临时卡已发出，请把二维码内容印到腕带上"),
            once=[(_("卡编号"), registered.card.public_id), (_("二维码内容"), number.fixed_text)],
        )


class ExtendForm(ActForm):
    """Gives a temporary card a new deadline."""

    def perform(self) -> Done:
        """Extend it, by the days that the centre's rules give."""
        extend_temporary(card_pk=self.subject.pk, reason=self.cleaned_data["reason"], actor=self.actor)
        return Done(_("临时卡的有效期已从今天起重新计算"))


def _is_temporary(row: Any) -> bool:
    return isinstance(row, Card) and row.valid_until is not None and row.state != CardState.CANCELLED


ISSUE_TEMPORARY = Act("add", _("发临时卡"), TemporaryForm, Duty.WORK_AT_WINDOW)
EXTEND_TEMPORARY = Act("extend", _("延长临时卡有效期"), ExtendForm, Duty.MANAGE_CARDS, _is_temporary)
