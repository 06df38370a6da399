"""The values that a message puts into the fields of its template."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from foundation.core import clock
from notifications.kinds import AT, RELATION, kind_of
from notifications.models import Dispatch
from notifications.rules import fields

# A push is in the language in which its template was registered.
_OWN, _RELATIVE = "本人", "家人"
SELF = "self"


def values(*, dispatch: Dispatch, hospital: str) -> dict[str, str]:
    """What stands in each field of a dispatch's template, cut to the field's size."""
    known = variables(dispatch=dispatch, hospital=hospital)
    return {name: fields.fit(name, text.format_map(known)) for name, text in dispatch.template.fields.items()}


def variables(*, dispatch: Dispatch, hospital: str) -> Mapping[str, str]:
    """Every variable with its value for one dispatch; nothing of them says what somebody has."""
    message = dispatch.message
    params = message.params
    moment = clock.beijing(datetime.fromisoformat(params[AT]) if AT in params else message.created_at)
    return {
        "hospital": hospital or settings.CENTRE_NAME,
        "when": f"{_day(moment)} {moment:%H:%M}",
        "date": _day(moment),
        "clock": f"{moment:%H:%M}",
        "who": _OWN if params.get(RELATION, SELF) == SELF else _RELATIVE,
        "what": kind_of(dispatch.template.kind).what,
        "count": str(dispatch.count),
        "ahead": str(params.get("ahead", "0")),
        "place": str(params.get("place", "")) or "候诊区",
    }


def _day(moment: datetime) -> str:
    return f"{moment.year}年{moment.month}月{moment.day}日"
