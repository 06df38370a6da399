"""The page of what is kept names every table, and every period on it is applied by something."""

import re
from dataclasses import dataclass
from functools import cache

import pytest
from django.apps import apps
from django.db.models import Model

from foundation.audit.retention import Term
from gmcrypto.fields import encrypted_fields
from portal.celery import app
from privacy.services import retention
from tests.architecture.source import ROOMS, ROOT

PAGE = ROOT / "docs/retention.md"
OPERATOR = "the operator"
# Kept for good, or ended with another line: no period of their own.
WITHOUT_PERIOD = re.compile(r"(always|as its? |as the|as their|until removed|until they expire|—)")


@dataclass(frozen=True)
class Line:
    model: str
    holds: str
    kept: str
    why: str
    end: str
    by: str

    @property
    def kinds(self) -> list[str]:
        """Kinds of the nightly job that the line names."""
        words = re.findall(r"(task )?`([\w.]+)`", self.by)
        return [word for task, word in words if not task and "." not in word]

    @property
    def tasks(self) -> list[str]:
        return re.findall(r"task `([\w.]+)`", self.by)


@cache
def lines() -> tuple[Line, ...]:
    rows = re.findall(r"^\| `(\w+\.\w+)` \|(.*)\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return tuple(Line(model, *(cell.strip() for cell in cells.split(" | "))) for model, cells in rows)


@cache
def terms() -> tuple[Term, ...]:
    return tuple(retention.terms())


def is_ours(model: type[Model]) -> bool:
    return any(model.__module__.startswith(f"{room}.") for room in ROOMS)


def says_something_of_somebody(model: type[Model]) -> bool:
    people = {apps.get_model("accounts.Account"), apps.get_model("mpi.Person")}
    pointed_at = {field.related_model for field in model._meta.concrete_fields if field.is_relation}
    return bool(encrypted_fields(model) or hasattr(model, "data_subject") or pointed_at & people)


def test_every_table_has_one_line_and_every_line_its_table() -> None:
    tables = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy and (is_ours(model) or says_something_of_somebody(model))
    }
    named = [line.model for line in lines()]
    assert len(named) == len(set(named))
    # A library's table of sessions points at nobody, but says in it who is signed in.
    assert set(named) == tables | {"sessions.Session"}


def test_every_term_stands_in_the_line_of_its_table_and_every_named_kind_exists() -> None:
    named = {(line.model, kind) for line in lines() for kind in line.kinds}
    applied = {(term.rows.model._meta.label, term.kind) for term in terms()}
    own = {(model, kind) for model, kind in named if kind in retention.OWN_KINDS}
    # Particulars of lists go list by list; a session's own table belongs to a library.
    moved = {
        ("cards.Batch", "list_particulars"): ("cards.BatchRow", "list_particulars"),
        ("cards.Batch", "list_particulars_left"): ("cards.BatchRow", "list_particulars_left"),
    }
    assert named == {moved.get(pair, pair) for pair in applied} | own
    assert {kind for _model, kind in own} == set(retention.OWN_KINDS)
    assert len({term.kind for term in terms()} | set(retention.OWN_KINDS)) == len(terms()) + 3


def test_every_task_that_a_line_names_is_run_by_the_clock() -> None:
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {task for line in lines() for task in line.tasks} <= scheduled
    assert "privacy.apply_retention" in scheduled


@pytest.mark.parametrize("line", lines(), ids=lambda line: line.model)
def test_every_line_with_a_period_says_what_applies_it(line: Line) -> None:
    assert all((line.holds, line.kept, line.why, line.end, line.by))
    if not WITHOUT_PERIOD.match(line.kept):
        assert line.kinds or line.tasks or line.by == OPERATOR or line.by.startswith("with `")


@pytest.mark.parametrize("term", terms(), ids=lambda term: term.kind)
def test_the_page_says_the_period_that_is_applied(term: Term) -> None:
    (line,) = (line for line in lines() if term.kind in line.kinds)
    days = term.period.days
    if days:
        years, rest = divmod(days, 365)
        wanted = f"{years} year" if not rest else f"{days} days"
        assert wanted in line.kept
