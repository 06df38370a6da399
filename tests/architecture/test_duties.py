"""What staff may do is asked twice: at the page, and by the command itself.

The page knows the duty of each act; the command must ask for the same, so that whoever calls it
from another page, a task or a shell is refused too.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from identity.admin import FINDING
from institutions.admin_acts import Act
from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from tests.architecture.routes import all_routes
from tests.architecture.source import room_of
from tests.architecture.test_admin_scope import admins

ASKING = {"require", "require_of_staff"}
# Acts that change nothing: what they read, they record.
READING = {"identity.admin.FindingForm", "identity.admin.OpeningForm"}
# Pages of the work that only draw what a selector gives to the actor.
DRAWING = {
    "desk-queues",
    "doctor-request",
    "doctor-request-state",
    "window-card",
    "window-label",
    "window-seconds",
}


def acts() -> Iterator[Act]:
    found: dict[str, Act] = {}
    for site in (centre_site, institution_site):
        for _model, admin in admins(site):
            assert isinstance(admin, ScopedAdmin)
            for act in (*admin.acts, *([admin.creation] if admin.creation else [])):
                found[f"{name_of(act.form)}:{act.duty}"] = act
    found[name_of(FINDING.form)] = FINDING
    yield from found.values()


def name_of(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def duties_asked(function: Callable[..., Any], seen: set[str] | None = None) -> set[str]:
    """The duties for which a function asks, or a function of ours that it calls with an actor."""
    seen = set() if seen is None else seen
    plain = inspect.unwrap(function)
    if name_of(plain) in seen or not room_of(plain.__module__):
        return set()
    seen.add(name_of(plain))
    tree = ast.parse(textwrap.dedent(inspect.getsource(plain)))
    duties: set[str] = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = resolved(call.func, plain)
        if getattr(called, "__name__", "") in ASKING and called.__module__ == "institutions.services":
            duties |= {arg.attr for arg in call.args if isinstance(arg, ast.Attribute)}
        elif inspect.isfunction(called) and names_actor(call, called, plain):
            duties |= duties_asked(called, seen)
    return duties


def resolved(node: ast.expr, function: Any) -> Any:
    """What a dotted name stands for where a function is written."""
    if isinstance(node, ast.Name):
        return function.__globals__.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(resolved(node.value, function), node.attr, None)
    return None


def names_actor(call: ast.Call, called: Any, caller: Any) -> bool:
    given = {keyword.arg for keyword in call.keywords}
    passed = {ast.unparse(arg) for arg in call.args}
    is_near = called.__module__ == caller.__module__
    return "actor" in given or bool(passed & {"actor", "self.actor"}) or is_near


@pytest.mark.parametrize("act", list(acts()), ids=lambda act: f"{name_of(act.form)}-{act.name}")
def test_the_command_of_an_act_asks_for_the_duty_of_the_act(act: Act) -> None:
    if name_of(act.form) in READING:
        return
    form = act.form
    asked = set().union(
        *(duties_asked(getattr(form, name)) for name, _ in inspect.getmembers(form, inspect.isfunction))
    )
    assert act.duty.name in asked, sorted(asked)


def test_the_commands_of_the_works_pages_ask_for_their_duty() -> None:
    seen = set()
    for route in all_routes():
        duty: Duty | None = getattr(route.view, "duty", None)
        if duty is None or route.name in DRAWING:
            continue
        seen.add(route.name)
        assert duty.name in duties_asked(route.view), route.name
    assert {"window", "window-account", "window-second", "window-print"} <= seen


def test_the_lists_of_exceptions_are_up_to_date() -> None:
    assert {name_of(act.form) for act in acts()} >= READING
    assert {route.name for route in all_routes() if getattr(route.view, "duty", None)} >= DRAWING
