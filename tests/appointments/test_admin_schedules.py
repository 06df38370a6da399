"""Staff keep sessions here: made, repeated, stopped after seeing whom it concerns."""

from datetime import time
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from appointments.models import BookingRule, Schedule
from appointments.rules import BookingState, ScheduleState
from institutions.rules import Role
from tests.appointments import world
from tests.institutions import people

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-02")]

LIST = "/institution/appointments/schedule/"
RULES = "/institution/appointments/bookingrule/"


def at_work(place: world.Hospital, role: Role = Role.INSTITUTION_ADMIN) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    return people.at_work(client, people.staff(role, place.public_id))


def do(client: Client, address: str, **data: Any) -> Any:
    """Fill in the form as it was shown, with these values."""
    shown = client.get(address)
    assert shown.status_code == 200, shown
    form = shown.context.get("confirming") or shown.context["form"]
    filled = {name: form[name].value() for name in form.fields}
    values = {name: value for name, value in filled.items() if value is not None} | {"reason": "测试"} | data
    return client.post(address, values)


def act(code: str, name: str) -> str:
    return f"{LIST}{world.schedule(code).public_id}/do/{name}/"


def test_a_session_is_made_by_hand_and_not_twice() -> None:
    place = world.hospital()
    client = at_work(place)
    said = {
        "institution": place.public_id,
        "department": "01",
        "doctor": "1001",
        "date": world.day(3).isoformat(),
        "session": "am",
        "kind": "expert",
        "fee": "50",
        "begins": "08:30",
        "minutes": 15,
        "bands": 4,
        "places": 2,
    }
    assert do(client, f"{LIST}add/", **said).status_code == 302
    row = Schedule.objects.get()
    assert (row.fee_fen, row.heard_at, row.slots.count()) == (5_000, None, 4)
    assert row.slots.order_by("starts_at")[1].starts_at == world.at(world.day(3), 8, 45)
    again = do(client, f"{LIST}add/", **said)
    assert "已有这个排班号" in again.content.decode()
    wrong = do(client, f"{LIST}add/", **{**said, "department": "77", "code": "X"})
    assert "排班信息有误" in wrong.content.decode()
    assert Schedule.objects.count() == 1


def test_places_and_fee_are_changed_and_nobody_loses_a_number() -> None:
    place = world.hospital()
    world.heard(place, world.details())
    booking = world.booked(world.slots()[0])
    client = at_work(place)
    assert do(client, act("S1", "edit"), fee="12.50", places="1").status_code == 302
    assert world.schedule().fee_fen == 1_250
    assert [slot.free for slot in world.slots()] == [[], [1]]
    booking.refresh_from_db()
    assert (booking.state, booking.fee_fen) == (BookingState.BOOKED, 0)


def test_a_week_is_repeated_and_what_is_there_is_left_alone() -> None:
    place = world.hospital()
    world.heard(
        place,
        world.details("S1"),
        world.details("S2", department="02", doctor="", kind="general"),
        world.details("S3", doctor="", kind="general", is_open=False),
    )
    client = at_work(place)
    assert do(client, act("S1", "repeat"), scope="schedule", weeks=2).status_code == 302
    assert Schedule.objects.filter(date__in=[world.day(8), world.day(15)]).count() == 2
    assert do(client, act("S1", "repeat"), scope="institution", weeks=2).status_code == 302
    later = Schedule.objects.filter(date__gt=world.day(7))
    assert sorted(later.values_list("department__code", flat=True)) == ["01", "01", "02", "02"]
    copied = later.filter(date=world.day(8), department__code="01").get()
    assert copied.slots.order_by("starts_at")[0].starts_at == world.at(world.day(8), 8)


def test_whom_a_suspension_concerns_is_shown_before_it_is_done() -> None:
    place = world.hospital()
    world.heard(place, world.details(), world.details("S2", ahead=2), world.details("S9", ahead=9))
    booking = world.booked(world.slots()[0])
    client = at_work(place)
    query = f"institution={place.public_id}&first={world.day(0)}&last={world.day(5)}&doctor=1001"
    shown = client.get(f"{LIST}stop/?{query}").content.decode()
    assert "共 2 个班次、1 个预约" in shown
    assert "示范医生甲，已约 1 人" in shown
    booking.refresh_from_db()
    assert booking.state == BookingState.BOOKED
    only = [world.schedule("S1").public_id]
    done = do(client, f"{LIST}stop/?{query}", schedules=only, reason="医生外出")
    assert done.status_code == 302
    booking.refresh_from_db()
    assert booking.state == BookingState.STOPPED
    states = dict(Schedule.objects.values_list("code", "state"))
    assert states == {"S1": "stopped", "S2": "open", "S9": "open"}


def test_a_double_click_on_a_suspension_of_several_leads_to_the_list() -> None:
    place = world.hospital()
    world.heard(place, world.details())
    client = at_work(place)
    address = f"{LIST}stop/?institution={place.public_id}&first={world.day(0)}&last={world.day(5)}"
    form = client.get(address).context["confirming"]
    sent = {"schedules": [world.schedule().public_id], "reason": "医生外出", "ticket": form["ticket"].value()}
    answers = [client.post(address, sent) for _ in range(2)]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, LIST)] * 2
    assert "没有再做第二次" in client.get(LIST).content.decode()
    assert world.schedule().state == ScheduleState.STOPPED


def test_one_session_is_stopped_from_its_page_and_held_again() -> None:
    place = world.hospital()
    world.heard(place, world.details(), world.details("S2", ahead=2))
    world.booked(world.slots()[0])
    client = at_work(place)
    other = world.schedule("S2").public_id
    assert "取消 1 个预约，并通知预约的人" in client.get(act("S1", "stop")).content.decode()
    unsure = do(client, act("S1", "stop"), substitute=other, reason="停诊了")
    assert unsure.status_code == 200
    assert do(client, act("S1", "stop"), substitute=other, reason="停诊了", sure="on").status_code == 302
    row = world.schedule()
    assert (row.state, row.stop_reason, row.substitute) == (
        ScheduleState.STOPPED,
        "停诊了",
        world.schedule("S2"),
    )
    assert do(client, act("S1", "resume")).status_code == 302
    assert world.schedule().state == ScheduleState.OPEN
    slot = world.slots("S2")[0]
    assert do(client, act("S2", "stop-band"), slot=slot.public_id).status_code == 302
    shown = client.get(f"{LIST}{other}/change/").content.decode()
    assert "08:00–08:30 停诊" in shown
    assert "08:30–09:00 余 2 / 2" in shown


def test_who_has_no_duty_or_another_hospital_changes_nothing() -> None:
    place, other = world.hospital(1), world.hospital(2)
    world.heard(place, world.details())
    nurse, stranger = at_work(place, Role.NURSE), at_work(other)
    assert nurse.get(LIST).status_code == 200
    for address in (f"{LIST}stop/", act("S1", "stop"), f"{LIST}add/", RULES):
        assert nurse.get(address).status_code == 403
    assert stranger.get(act("S1", "stop")).status_code == 404
    query = f"institution={place.public_id}&first={world.day(0)}&last={world.day(5)}"
    assert stranger.get(f"{LIST}stop/?{query}").context["confirming"] is None
    assert world.schedule().code not in stranger.get(LIST).content.decode()


def test_a_rule_counts_for_what_is_not_out_yet() -> None:
    place = world.hospital()
    world.heard(place, world.details("OUT"), world.details("LATER", ahead=20))
    out = world.schedule("OUT").releases_at
    client = at_work(place)
    said = {"days_ahead": 14, "release_time": "08:00:30", "closes_minutes": 60}
    assert do(client, f"{RULES}add/", institution=place.public_id, **said).status_code == 302
    assert BookingRule.objects.get().days_ahead == 14
    assert world.schedule("OUT").releases_at == out
    assert world.schedule("OUT").closes_at == world.at(world.day(1), 7)
    later = world.schedule("LATER").releases_at
    assert later == world.at(world.day(6), 8).replace(second=30)
    rule = f"{RULES}{BookingRule.objects.get().public_id}/do/edit/"
    assert do(client, rule, hold_minutes=15).status_code == 302
    assert BookingRule.objects.get().release_time == time(8, 0, 30)
    wrong = do(client, rule, return_least_minutes=40, return_most_minutes=5)
    assert wrong.status_code == 200
    assert BookingRule.objects.get().return_least_minutes == 5


def test_a_long_list_costs_the_same(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    place = world.hospital()
    world.heard(place, *(world.details(f"S{number}", ahead=number) for number in range(1, 31)))
    client = at_work(place)
    client.get(LIST)
    with django_assert_max_num_queries(22):
        client.get(LIST)
