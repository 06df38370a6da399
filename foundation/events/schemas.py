"""Checking an event against its schema, and saying which field is wrong."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from foundation.core import clock

MOST_PROBLEMS = 20

_MESSAGES: Mapping[str, str | Promise] = {
    "type": gettext_lazy("类型不对"),
    "const": gettext_lazy("不是允许的值"),
    "enum": gettext_lazy("不是允许的值"),
    "pattern": gettext_lazy("格式不对"),
    "format": gettext_lazy("格式不对"),
    "minLength": gettext_lazy("太短"),
    "maxLength": gettext_lazy("太长"),
    "minItems": gettext_lazy("条目太少"),
    "maxItems": gettext_lazy("条目太多"),
    "minProperties": gettext_lazy("不能为空"),
    "minimum": gettext_lazy("太小"),
    "maximum": gettext_lazy("太大"),
}


def _match(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    # Python's $ also stands before the last line's end, the one of JSON Schema does not.
    strict = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(strict, instance):
        yield ValidationError("pattern")


_Strict = extend(Draft202012Validator, {"pattern": _match})
_formats = FormatChecker(formats=())


def _is_moment(value: object) -> bool:
    if not isinstance(value, str):
        return True
    moment = datetime.fromisoformat(value)
    # Without its offset it would be anybody's guess.
    return moment.tzinfo is not None and clock.is_on_calendar(moment)


def _is_date(value: object) -> bool:
    return not isinstance(value, str) or (len(value) == 10 and bool(datetime.fromisoformat(value)))


_formats.checks("date-time", raises=ValueError)(_is_moment)
_formats.checks("date", raises=ValueError)(_is_date)


def validator_of(schema: Mapping[str, Any]) -> Any:
    """A validator of JSON Schema 2020-12 that checks dates and moments, too."""
    return _Strict(schema, format_checker=_formats)


def problems_of(envelope: Mapping[str, Any], validator: Any) -> list[dict[str, str]]:
    """What is wrong with an event: ``field``, ``code`` and ``message`` of each field, without values."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for error in validator.iter_errors(envelope):
        for problem in _told(error):
            found.setdefault((problem["field"], problem["code"]), problem)
    return [found[name] for name in sorted(found)][:MOST_PROBLEMS]


def _told(error: ValidationError) -> Iterator[dict[str, str]]:
    path = _path(error)
    rule = str(error.validator)
    if rule == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield _problem(_under(path, name), "required", _("缺少这个字段"))
    elif rule == "additionalProperties":
        for name in error.instance:
            if name not in error.schema.get("properties", {}):
                yield _problem(_under(path, str(name)[:40]), "unknown", _("没有这个字段"))
    else:
        yield _problem(path, rule, str(_MESSAGES.get(rule) or _("不符合要求")))


def _problem(path: str, code: str, message: str) -> dict[str, str]:
    return {"field": path, "code": code, "message": message}


def _path(error: ValidationError) -> str:
    path = ""
    for part in error.absolute_path:
        path = f"{path}[{part}]" if isinstance(part, int) else _under(path, part)
    return path


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
