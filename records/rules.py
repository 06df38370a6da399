"""Pure rules: states, code tables, marks, and what opens one's own records."""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ReportKind(TextChoices):
    """What a report is of."""

    LABORATORY = "lab", _("检验")
    IMAGING = "imaging", _("影像检查")
    PATHOLOGY = "pathology", _("病理")
    FUNCTION = "function", _("功能检查")
    OTHER = "other", _("其他报告")


class ReportState(TextChoices):
    """Where a report stands; the codes of HL7's table 0085 that it is heard by are F, C and X."""

    FINAL = "final", _("正式报告")
    AMENDED = "amended", _("已更正")
    WITHDRAWN = "withdrawn", _("已撤回")


class EncounterKind(TextChoices):
    """What a visit was."""

    OUTPATIENT = "outpatient", _("门诊")
    EMERGENCY = "emergency", _("急诊")
    INPATIENT = "inpatient", _("住院")


class RecordKind(TextChoices):
    """Parts of a record that a consent opens or leaves shut."""

    OUTPATIENT = "outpatient", _("门诊和急诊病历")
    INPATIENT = "inpatient", _("住院病历")
    LABORATORY = "lab", _("检验报告")
    IMAGING = "imaging", _("影像检查报告")
    OTHER = "other", _("病理和其他报告")


class Purpose(TextChoices):
    """What records are asked for."""

    OUTPATIENT = "outpatient", _("门诊诊疗")
    INPATIENT = "inpatient", _("住院诊疗")
    CONSULTATION = "consultation", _("会诊")
    REFERRAL = "referral", _("转诊")


class RequestState(TextChoices):
    """Where a request to read records stands; one that waits after its time is over."""

    WAITING = "waiting", _("等待回答")
    GRANTED = "granted", _("已授权")
    REFUSED = "refused", _("已拒绝")


class Way(TextChoices):
    """How a patient was found in an emergency."""

    CODE = "code", _("扫码")
    DOCUMENT = "document", _("证件")


class ReviewState(TextChoices):
    """What a review found of an opening in an emergency."""

    WAITING = "waiting", _("待复核")
    JUSTIFIED = "justified", _("理由成立")
    UNJUSTIFIED = "unjustified", _("理由不成立")


class BloodGroup(TextChoices):
    """ABO blood groups."""

    A = "A", _("A 型")
    B = "B", _("B 型")
    O = "O", _("O 型")  # noqa: E741
    AB = "AB", _("AB 型")


class Rhesus(TextChoices):
    """Rh blood groups."""

    POSITIVE = "+", _("Rh 阳性")
    NEGATIVE = "-", _("Rh 阴性")


PART_OF_REPORT: Mapping[str, RecordKind] = {
    ReportKind.LABORATORY: RecordKind.LABORATORY,
    ReportKind.IMAGING: RecordKind.IMAGING,
    ReportKind.PATHOLOGY: RecordKind.OTHER,
    ReportKind.FUNCTION: RecordKind.OTHER,
    ReportKind.OTHER: RecordKind.OTHER,
}
PART_OF_ENCOUNTER: Mapping[str, RecordKind] = {
    EncounterKind.OUTPATIENT: RecordKind.OUTPATIENT,
    EncounterKind.EMERGENCY: RecordKind.OUTPATIENT,
    EncounterKind.INPATIENT: RecordKind.INPATIENT,
}

# Marks as hospitals give them (HL7 table 0078), in words. Another mark is shown as it came:
# what is abnormal says the hospital and never we.
MARKS: Mapping[str, str | Promise] = {
    "H": _("偏高"),
    "HH": _("明显偏高"),
    "L": _("偏低"),
    "LL": _("明显偏低"),
    "A": _("异常"),
    "AA": _("明显异常"),
    "POS": _("阳性"),
}
NORMAL_MARKS = frozenset({"", "N", "NEG"})
_NUMBER = re.compile(r"[-+]?[0-9]{1,12}(\.[0-9]{1,8})?")


def is_abnormal(mark: str) -> bool:
    """Whether the hospital marked a result."""
    return mark.strip().upper() not in NORMAL_MARKS


def mark_words(mark: str) -> str:
    """A mark in words; empty for none."""
    return str(MARKS.get(mark.strip().upper(), mark.strip())) if is_abnormal(mark) else ""


def number_of(value: str) -> Decimal | None:
    """The number that a value is, if it is one: ``<0.5`` and ``阴性`` are not drawn into a chart."""
    text = value.strip().replace(",", "")
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def bounds_of(text: str) -> tuple[str, str]:
    """The bounds of a range written as ``3.5-9.5``, ``<5`` or ``>60``; empty where there is none."""
    written = text.replace("～", "-").replace("~", "-").replace("—", "-").replace(" ", "")
    for signs, place in ((("<", "≤", "<="), 1), ((">", "≥", ">="), 0)):
        bare = written.lstrip("".join(signs))
        if bare != written and number_of(bare) is not None:
            return ("", bare) if place else (bare, "")
    low, dash, high = written.rpartition("-")
    if dash and number_of(low) is not None and number_of(high) is not None:
        return low, high
    return "", ""


class Opening(StrEnum):
    """What somebody may want to see of their own records."""

    LIST = "list"
    CONTENT = "content"
    DOCUMENT = "document"
    TREND = "trend"
    CONSENTS = "consents"


OPEN_FOR = timedelta(minutes=15)
# All of them ask for level 2 (``Deed.READ_RECORDS``). These ask besides for a proof given in this
# session, not longer ago than ``OPEN_FOR``: a phone that lies unlocked on a table shows that there
# are reports, and not what they say. Taking a consent back must never wait for a message.
NEEDS_FRESH_PROOF = frozenset({Opening.CONTENT, Opening.DOCUMENT, Opening.TREND})

# A code that a doctor shows is scanned while the patient sits there; a question on the phone may wait.
CODE_LIVES = timedelta(minutes=5)
QUESTION_LIVES = timedelta(minutes=30)
# How long a consent may last, by the word that pages and calls use.
DURATIONS: Mapping[str, timedelta] = {
    "day": timedelta(hours=24),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}
# How far back it may reach; none for everything.
REACHES: Mapping[str, timedelta | None] = {
    "year": timedelta(days=366),
    "three_years": timedelta(days=3 * 366),
    "all": None,
}

# How long records stay open after an opening in an emergency.
EMERGENCY_LASTS = timedelta(hours=2)
