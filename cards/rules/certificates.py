"""The certificates that are joined in one health card (多卡（证）合一).

The fourteen kinds are those that the province of Shandong names in its notice of 2019.
"""

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from foundation.core.text import normalise_number

KINDS: Mapping[str, str | Promise] = {
    "patient_card": _("医院就诊卡"),
    "vaccination": _("疫苗接种卡"),
    "maternity": _("妇幼保健卡"),
    "occupational_health": _("职业健康证"),
    "blood_donor": _("献血证"),
    "blood_worker": _("血液从业人员资格证"),
    "birth": _("出生医学证明"),
    "senior_cadre": _("老干部保健卡"),
    "physician_qualification": _("医师资格证"),
    "physician_licence": _("医师执业证"),
    "nurse_qualification": _("护士职业资格证"),
    "continuing_education": _("医学继续教育证"),
    "equipment_licence": _("大型医疗设备上岗证"),
    "family_planning": _("计划生育服务证"),
}
# The words by which interfaces name them.
KIND_WORDS = list(KINDS)
# Every hospital numbers these by itself: the same number elsewhere is another card.
NUMBERED_BY_ISSUER = frozenset({"patient_card", "maternity", "senior_cadre"})
MOST_PER_PERSON = 30
LONGEST_ISSUER = 60
_SHAPE = re.compile(r"(?=.*[0-9])[0-9A-Z一-鿿()]{4,30}")


def canonical(number: str) -> str:
    """The number as it is stored; empty if it cannot be one."""
    text = normalise_number(number)
    return text if _SHAPE.fullmatch(text) else ""


def index_form(kind: str, issuer: str, number: str) -> str:
    """What makes two certificates the same one."""
    return f"{kind}\n{issuer if kind in NUMBERED_BY_ISSUER else ''}\n{number}"
