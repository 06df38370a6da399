"""Looking for a session: every state is said, answers come from what is kept, and say how fresh."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from appointments import errors
from appointments.models import Slot
from appointments.rules.places import PlaceState
from appointments.selectors import search
from appointments.services.suspension import stop_schedule, stop_slot
from foundation.core import clock
from foundation.core.actor import Actor
from institutions.models import Department, Institution
from tests.appointments import world

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-02")]

Commits = DjangoCaptureOnCommitCallbacks
CENTRE = Actor.system("tests")


def opened(place: world.Hospital, commits: Commits) -> None:
    """Three mornings: one to book, one of the department without a doctor, one not released."""
    with commits(execute=True):
        world.heard(
            place,
            world.details(),
            world.details("S2", doctor="", kind="general", ahead=2),
            world.details("S3", ahead=12),
        )


def department() -> str:
    return Department.objects.get(code="01").public_id


def state_of(code: str = "S1") -> PlaceState:
    return search.schedule(world.schedule(code).public_id).session.state


def test_a_hospital_is_found_by_what_can_be_booked_there(
    django_capture_on_commit_callbacks: Commits,
) -> None:
    place = world.hospital()
    assert search.hospitals()[0] == []
    opened(place, django_capture_on_commit_callbacks)
    (found,), _freshness = search.hospitals()
    assert (found["id"], found["departments"], found["level"]) == (place.public_id, 1, "三级甲等")
    departments = search.hospital(place.public_id).departments
    assert [(each["name"], each["first"]) for each in departments] == [("心血管内科", world.day(1))]


def test_every_state_of_a_session_is_said(django_capture_on_commit_callbacks: Commits) -> None:
    place = world.hospital()
    opened(place, django_capture_on_commit_callbacks)
    shown = search.schedule(world.schedule().public_id)
    assert (shown.session.state, shown.session.free) == (PlaceState.OPEN, 5)
    assert [band.free for band in shown.session.bands] == [3, 2]
    later = search.schedule(world.schedule("S3").public_id).session
    assert (later.state, later.free) == (PlaceState.NOT_YET, 0)
    assert later.releases_at == world.schedule("S3").releases_at
    with django_capture_on_commit_callbacks(execute=True):
        world.heard(place, world.details("S2", doctor="", kind="general", ahead=2, capacities=(0, 0)))
        stop_schedule(schedule=world.schedule().public_id, reason="医生临时外出", actor=CENTRE)
    assert state_of("S2") is PlaceState.FULL
    assert (state_of(), search.schedule(world.schedule().public_id).session.reason) == (
        PlaceState.STOPPED,
        "医生临时外出",
    )


def test_a_session_closes_by_the_clock_without_anybody_saying_so(
    django_capture_on_commit_callbacks: Commits, time_machine: object
) -> None:
    place = world.hospital()
    opened(place, django_capture_on_commit_callbacks)
    assert state_of() is PlaceState.OPEN
    time_machine.move_to(world.at(world.day(1), 7, 30))  # type: ignore[attr-defined]
    assert state_of() is PlaceState.CLOSED


def test_one_stopped_band_is_said_and_the_others_are_open(
    django_capture_on_commit_callbacks: Commits,
) -> None:
    place = world.hospital()
    opened(place, django_capture_on_commit_callbacks)
    with django_capture_on_commit_callbacks(execute=True):
        stop_slot(slot=world.slots()[0].public_id, reason="会诊", actor=CENTRE)
    session = search.schedule(world.schedule().public_id).session
    assert [band.state for band in session.bands] == [PlaceState.STOPPED, PlaceState.OPEN]
    assert [band.reason for band in session.bands] == ["会诊", ""]
    assert (session.state, session.free, session.reason) == (PlaceState.OPEN, 2, "")
    with django_capture_on_commit_callbacks(execute=True):
        stop_slot(slot=world.slots()[1].public_id, reason="也会诊", actor=CENTRE)
    session = search.schedule(world.schedule().public_id).session
    assert (session.state, session.reason) == (PlaceState.STOPPED, "会诊")


def test_a_department_shows_its_week_and_the_first_day_that_can_be_booked(
    django_capture_on_commit_callbacks: Commits,
) -> None:
    place = world.hospital()
    opened(place, django_capture_on_commit_callbacks)
    shown = search.department(department())
    assert [day.state for day in shown.days] == [None, PlaceState.OPEN, PlaceState.OPEN, *[None] * 4]
    assert (shown.day, shown.days[1].free, shown.later) == (world.day(1), 5, True)
    assert [session.doctor and session.doctor.name for session in shown.sessions] == ["示范医生甲"]
    next_week = search.department(department(), week=1)
    assert (next_week.day, next_week.sessions[0].state) == (world.day(12), PlaceState.NOT_YET)
    chosen = search.department(department(), day=world.day(2))
    assert [session.doctor for session in chosen.sessions] == [None]


def test_a_doctor_shows_only_their_own_sessions(django_capture_on_commit_callbacks: Commits) -> None:
    place = world.hospital()
    opened(place, django_capture_on_commit_callbacks)
    row = world.schedule().doctor
    assert row is not None
    shown = search.doctor(row.public_id)
    assert [day.state for day in shown.days][:3] == [None, PlaceState.OPEN, None]
    assert (shown.about["title"], shown.about["department"]["name"]) == ("主任医师", "心血管内科")


def test_after_the_hospital_has_said_so_everybody_reads_so_at_once(
    django_capture_on_commit_callbacks: Commits,
) -> None:
    place = world.hospital()
    opened(place, django_capture_on_commit_callbacks)
    search.department(department())
    search.schedule(world.schedule().public_id)
    said = clock.now() + timedelta(minutes=1)
    with django_capture_on_commit_callbacks(execute=True):
        world.heard(place, world.details(capacities=(1,), fee_fen=5000), at_=said)
    shown = search.schedule(world.schedule().public_id)
    assert ([band.free for band in shown.session.bands], shown.session.fee_fen) == ([1], 5000)
    assert shown.freshness.heard_at == said
    assert search.department(department()).days[1].free == 1


def test_a_kept_answer_asks_the_database_nothing(django_capture_on_commit_callbacks: Commits) -> None:
    place = world.hospital()
    opened(place, django_capture_on_commit_callbacks)
    schedule = world.schedule()
    doctor = schedule.doctor
    assert doctor is not None
    inside = department()

    def ask() -> None:
        search.hospitals()
        search.hospital(place.public_id)
        search.department(inside)
        search.doctor(doctor.public_id)
        search.schedule(schedule.public_id)

    with CaptureQueriesContext(connection) as first:
        ask()
    with CaptureQueriesContext(connection) as second:
        ask()
    assert len(first) <= 25
    assert len(second) == 0


def test_counts_are_two_seconds_old_at_most_and_say_so(
    django_capture_on_commit_callbacks: Commits, time_machine: object
) -> None:
    place = world.hospital()
    opened(place, django_capture_on_commit_callbacks)
    begun = clock.now()
    time_machine.move_to(begun, tick=False)  # type: ignore[attr-defined]
    public_id = world.schedule().public_id
    assert search.schedule(public_id).session.free == 5
    Slot.objects.filter(schedule__code="S1").update(free=[])
    kept = search.schedule(public_id)
    assert (kept.session.free, kept.freshness.as_of) == (5, begun)
    time_machine.move_to(begun + timedelta(seconds=2), tick=False)  # type: ignore[attr-defined]
    anew = search.schedule(public_id)
    assert (anew.session.state, anew.freshness.as_of) == (PlaceState.FULL, begun + timedelta(seconds=2))


def test_without_valkey_the_database_answers(
    django_capture_on_commit_callbacks: Commits, without_valkey: None
) -> None:
    place = world.hospital()
    opened(place, django_capture_on_commit_callbacks)
    assert search.schedule(world.schedule().public_id).session.free == 5
    assert search.department(department()).days[1].state is PlaceState.OPEN


def test_what_is_closed_or_unknown_is_not_found(django_capture_on_commit_callbacks: Commits) -> None:
    place = world.hospital()
    opened(place, django_capture_on_commit_callbacks)
    inside, schedule = department(), world.schedule().public_id
    Department.objects.update(state="closed")
    for ask in (
        lambda: search.department(inside),
        lambda: search.schedule(schedule),
        lambda: search.doctor("x" * 26),
        lambda: search.hospital("x" * 26),
    ):
        with pytest.raises(errors.ScheduleNotFound):
            ask()
    Institution.objects.update(state="suspended")
    with pytest.raises(errors.ScheduleNotFound):
        search.hospital(place.public_id)
