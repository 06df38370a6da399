"""A visit from the second at which places come out to the trend of a result, and one that is stopped."""

import re
import time
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from appointments.models import Booking, Schedule, Ticket
from appointments.rules import BookingState
from appointments.selectors.check_in import day_code
from appointments.services import calling, screens
from appointments.services.schedules import stop_schedule
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from institutions.models import Department, Institution
from institutions.rules import Role
from notifications.models import Reminder
from notifications.services.reminders import tell_due
from records.rules import RecordKind
from records.services.access import ask_with_code
from records.services.viewing import open_record
from tests.appointments.booking import Clinic, session
from tests.e2e import reading
from tests.e2e.conftest import PATIENCE_SECONDS, OpenPhone, watch_socket
from tests.e2e.people import CENTRE, code_from, press
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.row(row) for row in ("OP-03", "OP-04", "OP-05", "OP-07", "OP-12", "NT-02")]

# A booking is reminded of two hours before; this one is booked earlier than that.
AHEAD = timedelta(hours=2, minutes=20)
RELEASES_IN = timedelta(seconds=3)


def clinic(department: str, starts_in: timedelta, bands: int = 1) -> Clinic:
    """A session of the demo's first hospital."""
    place = Institution.objects.get(hospital_id="90001").public_id
    return session(institution=place, department=department, starts_in=starts_in, bands=bands)


def book_when_released(page: Page, made: Clinic) -> str:
    """Wait for the second, and take the first band; gives the booking."""
    schedule = Schedule.objects.filter(pk=made.schedule.pk)
    schedule.update(releases_at=clock.now() + timedelta(hours=1))
    page.goto(f"/schedules/{made.schedule.public_id}/")
    expect(page.get_by_text("还没有放号")).to_be_visible()
    schedule.update(releases_at=clock.now() + RELEASES_IN)
    page.wait_for_timeout(RELEASES_IN.total_seconds() * 1000)
    page.reload()
    page.locator("ul.list a").first.click()
    expect(page.get_by_role("heading", name="确认预约")).to_be_visible()
    press(page, "预约")
    expect(page.get_by_text("就诊前 24 小时和 2 小时会提醒您。")).to_be_visible()
    return page.url.rstrip("/").rpartition("/")[2]


def told(page: Page, title: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a message with this title is in the inbox."""
    end = time.monotonic() + seconds
    while True:
        page.goto("/messages/")
        if page.get_by_text(title).count():
            return
        assert time.monotonic() < end, f"no message says {title}"
        page.wait_for_timeout(500)


def pass_time_until_reminded(page: Page, booking: str) -> None:
    """Let the last reminder of a booking be due, once it is written down; the relay does that."""
    planned = Reminder.objects.filter(booking=booking, kind="reminder.hours")
    end = time.monotonic() + PATIENCE_SECONDS
    while not planned.exists():
        assert time.monotonic() < end, "no reminder is written down"
        page.wait_for_timeout(200)
    visit = Booking.objects.get(public_id=booking).slot
    assert planned.get().due_at == visit.starts_at - timedelta(hours=2)
    planned.update(due_at=clock.now())
    tell_due()


def nurse() -> Actor:
    place = Institution.objects.get(hospital_id="90001").public_id
    return Actor(kind=ActorKind.STAFF, id="n" * 26, institution=place, scopes=frozenset({Role.NURSE}))


def test_from_the_rush_to_the_trend(open_phone: OpenPhone, console: Sandbox) -> None:
    who, _report = reading.with_history(is_open=False)
    made = clinic("J1", AHEAD)
    page = open_phone(who)

    booking = book_when_released(page, made)
    assert Booking.objects.get(public_id=booking).state == BookingState.BOOKED
    page.goto("/")
    expect(page.locator(".upcoming")).to_contain_text("测试科J1")

    # Reminded two hours before, which are now.
    pass_time_until_reminded(page, booking)
    told(page, "还有两小时")

    # Checks in with the code that stands at the desk, and is called while the page is open.
    screens.set_check_in_rule(
        institution=made.institution,
        point=None,
        radius_metres=300,
        opens_minutes=180,
        reason="测试",
        actor=CENTRE,
    )
    page.goto(f"/appointments/{booking}/check-in/")
    today = clock.beijing(clock.now()).date()
    page.get_by_label("请输入今天的签到码").fill(day_code(made.institution, today))
    connected = watch_socket(page)
    press(page, "签到")
    expect(page.get_by_role("heading", name="正在候诊")).to_be_visible()
    connected()
    queue = Ticket.objects.get(booking__public_id=booking).queue.public_id
    calling.call_next(queue=queue, desk="3 诊室", current="", actor=nurse())
    expect(page.get_by_role("heading", name="轮到您了")).to_be_visible()
    expect(page.get_by_text("请到 ").first).to_contain_text("3 诊室")

    # The doctor's code opens what the page lists, and nothing else.
    shown = ask_with_code(purpose="outpatient", kinds=list(RecordKind.values), actor=reading.doctor())
    page.goto(f"/open/access/{shown.text.rstrip('/').rpartition('/')[2]}/")
    expect(page.get_by_role("heading", name=re.compile("看病历吗"))).to_be_visible()
    expect(page.get_by_text("胸部CT平扫")).to_have_count(0)
    press(page, "同意打开这些")
    expect(page.get_by_role("heading", name=re.compile("示范医生甲"))).to_be_visible()
    open_record(grant_id=page.url.rstrip("/").rpartition("/")[2], actor=reading.doctor())
    told(page, "医生查看了病历")

    # A new report: told without a word of it, opened with a code, and read as a trend.
    reading.publish(who, number=f"N{who.phone}")
    told(page, "有一份新的检查检验报告")
    page.goto("/records/")
    expect(page.get_by_text("血常规")).to_have_count(0)
    press(page, "确认是本人，查看内容")
    press(page, "发送验证码")
    expect(page.get_by_label("验证码")).to_be_visible()
    page.get_by_label("验证码").fill(code_from(console, who.phone))
    press(page, "查看内容")
    page.get_by_role("link", name=re.compile("血常规")).first.click()
    page.get_by_role("link", name="白细胞计数").click()
    expect(page.get_by_role("heading", name="白细胞计数")).to_be_visible()
    expect(page.get_by_text("偏高").first).to_be_visible()


def test_a_stopped_clinic_is_told_and_booked_anew(open_phone: OpenPhone) -> None:
    who = reading.reader()
    made, other = clinic("J2", timedelta(days=2)), clinic("J2", timedelta(days=3))
    page = open_phone(who)
    page.goto(f"/appointments/new/{made.slot}/")
    press(page, "预约")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    booking = page.url.rstrip("/").rpartition("/")[2]
    stop_schedule(
        schedule=made.schedule.public_id, reason="医生外出", substitute=other.schedule.public_id, actor=CENTRE
    )
    told(page, "停诊")
    page.goto(f"/appointments/{booking}/")
    expect(page.get_by_text("停诊").first).to_be_visible()
    assert Department.objects.filter(code="J2").count() == 1
    press(page, "约替诊的班次")
    page.locator("ul.list a").first.click()
    press(page, "预约")
    expect(page.get_by_text("就诊前 24 小时和 2 小时会提醒您。")).to_be_visible()
    assert set(
        Booking.objects.filter(account=who.account.public_id).values_list("schedule__code", "state")
    ) == {(made.schedule.code, BookingState.STOPPED), (other.schedule.code, BookingState.BOOKED)}
