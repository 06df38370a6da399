"""The demo's sessions roll forward, and show what residents meet."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

import institutions.demo
from appointments import boards, cache, demo, demo_exams, tasks
from appointments.models import Booking, Schedule
from appointments.rules import BookingState
from appointments.rules.places import PlaceState
from appointments.selectors import search
from foundation.core import clock
from tests.appointments import world

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-02")]


def loaded() -> dict[str, object]:
    context: dict[str, object] = {}
    institutions.demo.load(context)
    demo.load(context)
    return context


def test_loading_again_changes_nothing(settings: Settings) -> None:
    settings.DEMO = True
    context = loaded()
    before = set(Schedule.objects.values_list("code", "state", "heard_at"))
    demo.load(context)
    assert set(Schedule.objects.values_list("code", "state", "heard_at")) == before


def test_a_demo_that_runs_for_weeks_has_sessions_every_day(settings: Settings, time_machine: Any) -> None:
    settings.DEMO = True
    context = loaded()
    demo_exams.load(context)
    time_machine.move_to(clock.now() + timedelta(days=14))
    hospital = context["institutions"]["90001"]  # type: ignore[index]
    assert search.hospital(hospital).departments == []
    assert tasks.roll_demo() > 0
    assert tasks.roll_demo() == 0
    cache.forget([f"hospital:{hospital}"])
    assert len(search.hospital(hospital).departments) == 4
    assert Schedule.objects.filter(kind="exam", date=boards.today()).count() == 3


def test_who_booked_keeps_the_place_while_the_days_go_by(settings: Settings, time_machine: Any) -> None:
    settings.DEMO = True
    loaded()
    held = Schedule.objects.filter(state="open", date__gt=boards.today() + timedelta(days=1))
    bookings = [world.booked(row.slots.all()[0]) for row in held if row.slots.all()[0].free]
    assert bookings
    time_machine.move_to(clock.now() + timedelta(days=1))
    tasks.roll_demo()
    demo.roll_forward()
    assert Booking.objects.filter(state=BookingState.BOOKED).count() == len(bookings)


def test_without_a_demo_the_task_adds_nothing(settings: Settings, time_machine: Any) -> None:
    settings.DEMO = True
    loaded()
    time_machine.move_to(clock.now() + timedelta(days=2))
    settings.DEMO = False
    assert tasks.roll_demo() == 0


def test_every_state_is_there_to_be_seen(settings: Settings) -> None:
    settings.DEMO = True
    context = loaded()
    hospital = context["institutions"]["90001"]  # type: ignore[index]
    shown = search.hospital(hospital)
    states = {
        session.state
        for department in shown.departments
        for week in (0, 1)
        for day in search.department(department["id"], week=week).days
        for session in search.department(department["id"], day=day.day).sessions
    }
    assert {PlaceState.OPEN, PlaceState.FULL, PlaceState.STOPPED} <= states
