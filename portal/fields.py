"""How a Django form field becomes the field component of the pages."""

from typing import Any, TypedDict

from django.forms import BaseForm, BoundField
from django.forms.widgets import (
    CheckboxInput,
    CheckboxSelectMultiple,
    RadioSelect,
    Select,
    Textarea,
)


class Problem(TypedDict):
    """One line of the error summary; ``target`` is the id of the field, or empty."""

    text: str
    target: str


def kind(bound: BoundField) -> str:
    """Which of the field's forms shows this widget."""
    widget = bound.field.widget
    if bound.is_hidden:
        return "hidden"
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "choices"
    if isinstance(widget, CheckboxInput):
        return "check"
    if isinstance(widget, Select):
        return "select"
    return "textarea" if isinstance(widget, Textarea) else "input"


def context(bound: BoundField, *, heading: bool, hint: str) -> dict[str, Any]:
    """What ``components/field.html`` needs; the ids are those that Django's aria wiring names."""
    shown = kind(bound)
    help_text = hint or bound.help_text
    described = [f"{bound.auto_id}_helptext"] if help_text else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    attributes: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    if shown in {"input", "select", "textarea"}:
        attributes["class"] = "input"
    return {
        "field": bound,
        "kind": shown,
        "heading": heading,
        "hint": help_text,
        "described_by": " ".join(described),
        "control": "" if shown == "choices" else bound.as_widget(attrs=attributes),
        "options": list(bound.subwidgets) if shown == "choices" else [],
        "is_optional": not bound.field.required,
    }


def first_id(bound: BoundField) -> str:
    """The id of the control that a person should land on to mend this field."""
    if kind(bound) == "choices":
        return str(bound.subwidgets[0].id_for_label or "") if len(bound.subwidgets) else ""
    return "" if bound.is_hidden else str(bound.id_for_label or "")


def problems(form: BaseForm | None, problem: str = "") -> list[Problem]:
    """All that is wrong with a form, in the order of the page."""
    found = [Problem(text=problem, target="")] if problem else []
    if form is None or not form.is_bound:
        return found
    found += [Problem(text=str(text), target="") for text in form.non_field_errors()]
    for bound in form:
        found += [Problem(text=str(text), target=first_id(bound)) for text in bound.errors]
    return found
