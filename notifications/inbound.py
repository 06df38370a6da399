"""What hospitals ask us to pass on to residents: that there is something, and never what it says.

Amounts and texts of these events are checked by their schema and kept nowhere: residents read them
at the hospital.
"""

from collections.abc import Mapping
from typing import Any

from foundation.events.inbound import InboundEvent, InboundType
from notifications.handlers.telling import Hearers, News, payers, tell, visitors

_NUMBER = {"type": "string", "pattern": "^[A-Za-z0-9_.:/-]+$", "minLength": 1, "maxLength": 40}
_FEN = {"type": "integer", "minimum": 0, "maximum": 10**11}
_DATE = {"type": "string", "format": "date"}
_TITLE = {"type": "string", "minLength": 1, "maxLength": 100}
_CATEGORIES: Mapping[str, Any] = {
    "type": "array",
    "maxItems": 100,
    "items": {
        "type": "object",
        "properties": {"name": _TITLE, "amount_fen": _FEN},
        "required": ["name", "amount_fen"],
        "additionalProperties": False,
    },
}


def on_daily_list(event: InboundEvent) -> None:
    """Say that the list of a day in hospital is out."""
    _tell(event, "stay.daily_list", payers)


def on_deposit_low(event: InboundEvent) -> None:
    """Say that the deposit of a stay in hospital runs low."""
    _tell(event, "stay.deposit_low", payers)


def on_followup(event: InboundEvent) -> None:
    """Say that the hospital expects the person again."""
    _tell(event, "followup.due")


def on_survey(event: InboundEvent) -> None:
    """Say that the hospital asks how it was."""
    _tell(event, "survey.invite")


def on_education(event: InboundEvent) -> None:
    """Say that the hospital has something for the person to read."""
    _tell(event, "education.push")


def _tell(event: InboundEvent, kind: str, hearers: Hearers = visitors) -> None:
    if event.patient is None:
        return
    news = News(kind=kind, person_id=event.patient.person_id, key=event.id, institution=event.institution)
    tell([news], hearers)


def _task(name: str, meaning: str, handler: Any) -> InboundType:
    return InboundType(
        name=name,
        meaning=meaning,
        aggregate="task:<task_no>",
        fields={"task_no": _NUMBER, "title": _TITLE, "due_on": _DATE},
        required=("task_no",),
        example={"task_no": "SF20261121-03", "title": "复诊提醒", "due_on": "2026-12-05"},
        handler=handler,
        is_whole=True,
    )


DAILY_LIST = InboundType(
    name="inpatient.daily_list",
    meaning="What a day in hospital cost is listed; the resident is told that it is, not what it says.",
    aggregate="stay:<inpatient_no>",
    fields={
        "inpatient_no": _NUMBER,
        "date": _DATE,
        "total_fen": _FEN,
        "categories": _CATEGORIES,
        "deposit_fen": _FEN,
    },
    required=("inpatient_no", "date"),
    example={
        "inpatient_no": "ZY20261118-07",
        "date": "2026-11-20",
        "total_fen": 86_400,
        "categories": [{"name": "床位费", "amount_fen": 50_000}],
        "deposit_fen": 120_000,
    },
    handler=on_daily_list,
)
DEPOSIT_LOW = InboundType(
    name="deposit.low",
    meaning="The deposit of a stay in hospital runs low; the resident is told that it does, not the sum.",
    aggregate="stay:<inpatient_no>",
    fields={"inpatient_no": _NUMBER, "deposit_fen": _FEN, "suggested_fen": _FEN},
    required=("inpatient_no",),
    example={"inpatient_no": "ZY20261118-07", "deposit_fen": 20_000, "suggested_fen": 200_000},
    handler=on_deposit_low,
)
FOLLOWUP_DUE = _task("followup.due", "The hospital expects the person again.", on_followup)
SURVEY_INVITE = _task("survey.invite", "The hospital asks how the visit was.", on_survey)
EDUCATION_PUSH = _task("education.push", "The hospital has something for the person to read.", on_education)
