"""The page of every type of event that institutions send, for `docs/institutions/event-types.md`."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from foundation.events.inbound import InboundType, Patient, inbound_types
from interop.webhooks import messages
from portal.env import BASE_DIR

PATH = BASE_DIR / "docs" / "institutions" / "event-types.md"

_HEAD = """# Types of events

What a hospital's systems can tell, type by type: the fields of `data` beside the common ones. How an event is
sent, signed, numbered and answered is in [events.md](events.md). Fields that are not named here are refused.

This page is written by `manage.py write_events`; a test compares it with the code.
"""

_OUT = """
# Types of messages to institutions

What an institution's address can be told: ids and codes, to be read up by the calls of its client. Staff
choose the types in the console.

| type | tells | `data` |
| --- | --- | --- |
"""

_PATIENT = {
    Patient.REQUIRED: "always names its `patient`",
    Patient.OPTIONAL: "may name its `patient`",
    Patient.NONE: "names no `patient`",
}
_MOMENT = "2026-11-21T08:00:00+08:00"
_CARD_ID = "A" * 64


def render() -> str:
    """The whole page."""
    return _HEAD + "".join(_section(kind) for kind in inbound_types()) + _OUT + "".join(_told())


def example(kind: InboundType) -> dict[str, Any]:
    """One whole event of a type, invented."""
    patient = {"patient": {"health_card_id": _CARD_ID}} if kind.patient is not Patient.NONE else {}
    return {
        "type": kind.name,
        "timestamp": _MOMENT,
        "data": {
            "event_id": "e-20261121-000001",
            "occurred_at": _MOMENT,
            "seq": 1,
            "aggregate": kind.aggregate.partition("<")[0] + "1",
            **patient,
            **kind.example,
        },
    }


def _told() -> Iterator[str]:
    for kind in messages.TYPES.values():
        fields = ", ".join(f"`{name}`" for name in kind.fields)
        yield f"| `{kind.name}` | {kind.meaning} | {fields} |\n"


def _section(kind: InboundType) -> str:
    order = (
        "tells the whole state, so what is missing before it is not waited for"
        if kind.is_whole
        else f"waits for the event before it{_patience(kind.patience)}"
    )
    rows = "".join(f"{line}\n" for line in _fields(kind.fields, kind.required))
    table = f"\n| field | form | |\n| --- | --- | --- |\n{rows}" if rows else "\nNo fields of its own.\n"
    shown = json.dumps(example(kind), ensure_ascii=False, indent=2)
    return (
        f"\n## `{kind.name}`\n\n{kind.meaning} "
        f"Aggregate `{kind.aggregate}`; {_PATIENT[kind.patient]}; {order}.\n"
        f"{table}\n```json\n{shown}\n```\n"
    )


def _patience(patience: timedelta | None) -> str:
    return f", up to {patience // timedelta(hours=1)} hours" if patience else ""


def _fields(fields: Mapping[str, Any], required: Any, above: str = "") -> Iterator[str]:
    for name, schema in fields.items():
        path = f"{above}{name}"
        need = "required" if name in required else ""
        yield f"| `{path}` | {_form(schema)} | {need} |"
        inner = schema.get("items", schema) if schema.get("type") == "array" else schema
        mark = "[]." if schema.get("type") == "array" else "."
        if "properties" in inner:
            yield from _fields(inner["properties"], inner.get("required", ()), f"{path}{mark}")


def _form(schema: Mapping[str, Any]) -> str:
    words = []
    if "enum" in schema:
        words.append(", ".join(f"`{value}`" for value in schema["enum"]))
    else:
        kind = schema.get("type", "")
        words.append(str(schema.get("format") or (" or ".join(kind) if isinstance(kind, list) else kind)))
    for word, shown in _LIMITS:
        if word in schema:
            words.append(f"{shown} {schema[word]}")
    if "pattern" in schema:
        words.append("`" + str(schema["pattern"]).replace("|", "\\|") + "`")
    if "description" in schema:
        words.append(str(schema["description"]).replace("|", "\\|"))
    return ", ".join(word for word in words if word)


_LIMITS = (
    ("minLength", "at least"),
    ("maxLength", "at most"),
    ("minimum", "from"),
    ("maximum", "to"),
    ("minItems", "items at least"),
    ("maxItems", "items at most"),
)
