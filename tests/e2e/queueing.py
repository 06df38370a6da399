"""The pages from the arrival at the hospital to the call."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import transaction
from playwright.sync_api import Page

from appointments.models import Booking, Queue, Schedule, ServiceSample, Slot
from appointments.rules import BookingState, Session
from appointments.selectors.calling import visible_screens
from appointments.selectors.check_in import day_code
from appointments.services import calling, check_in, screens
from appointments.services.medicines import ReadyMedicine, check_in_for_medicine, note_ready
from appointments.services.queues import dismiss, pause_queue
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from institutions import selectors as institutions
from institutions.rules import Role
from institutions.selectors import clinics
from institutions.services.clinics import save_department
from institutions.types import DepartmentDetails
from tests.e2e.people import Colleague, Resident, holder
from tests.e2e.shown import DESK, at

OpenPhone = Callable[..., Page]
Opening = Callable[[OpenPhone], Page]
CENTRE = Actor.system("tests")
POINT = (Decimal("30.5"), Decimal("114.3"))
_serial = count(1)


class Day:
    """A department of the demo's first hospital, for one test; people come to it by services."""

    def __init__(self) -> None:
        found = institutions.institution_by_hospital_id("90001")
        assert found is not None
        self.institution = found.public_id
        code = f"Q{next(_serial):03d}"
        details = DepartmentDetails(code, "心血管内科", place="门诊楼三层东")
        self.department = save_department(institution=self.institution, details=details, actor=CENTRE)
        department = clinics.department_by_public_id(self.department)
        assert department is not None
        self.institution_pk = institutions.visible(CENTRE).get(public_id=self.institution).pk
        self.nurse = Actor(
            kind=ActorKind.STAFF, id="n" * 26, institution=self.institution, scopes=frozenset({Role.NURSE})
        )
        moment = clock.now()
        self.slot = Slot.objects.create(
            schedule=Schedule.objects.create(
                institution_id=self.institution_pk,
                department_id=department.pk,
                code=code,
                date=clock.beijing(moment).date(),
                session=Session.MORNING,
                releases_at=moment - timedelta(days=7),
                closes_at=moment,
            ),
            starts_at=moment + timedelta(minutes=20),
            ends_at=moment + timedelta(minutes=50),
            capacity=30,
            free=[30],
        )
        for _ in range(6):
            ServiceSample.objects.create(department_id=department.pk, seconds=420, at=moment)

    def books(self, who: Resident, number: int = 1) -> Booking:
        """Somebody has booked a number."""
        return Booking.objects.create(
            institution_id=self.institution_pk,
            schedule=self.slot.schedule,
            slot=self.slot,
            person_id=who.card().person_id,
            account=who.account.public_id,
            number=number,
            state=BookingState.BOOKED,
            channel="h5",
            created_at=clock.now(),
        )

    def comes(self, number: int, who: Resident | None = None, *, priority: int = 3) -> str:
        """Somebody who booked the number checks in at the desk; gives the ticket."""
        booking = self.books(who or holder(), number)
        return check_in.check_in_at_desk(
            booking=booking.public_id, priority=priority, reason="年满 80 岁", actor=self.nurse
        )

    @property
    def queue(self) -> str:
        """The one queue of the department."""
        return Queue.objects.get(department__public_id=self.department).public_id

    def calls(self, current: str = "") -> str:
        """The desk calls the next one."""
        return calling.call_next(queue=self.queue, desk="3 诊室", current=current, actor=self.nurse)


def ticket(state: str) -> Opening:
    """Somebody looks at their place."""

    def opened(phone: OpenPhone) -> Page:
        with transaction.atomic():
            who, day = holder(), Day()
            mine = _brought_to(state, day, who)
        page = phone(who)
        page.goto(f"/queue/{mine}/" + ("leave/" if state == "leaving" else ""))
        return page

    return opened


def _brought_to(state: str, day: Day, who: Resident) -> str:
    if state in {"waiting", "leaving", "paused"}:
        for number in (1, 2):
            day.comes(number)
        mine = day.comes(3, who)
        if state == "paused":
            pause_queue(queue=day.queue, reason="抢救病人", actor=day.nurse)
        return mine
    mine = day.comes(1, who)
    if state == "left":
        dismiss(ticket=mine, reason="本人要求", actor=day.nurse)
        return mine
    day.calls()
    if state == "served":
        calling.finish(ticket=mine, actor=day.nurse)
    if state in {"back", "passed"}:
        day.comes(2)
        calling.pass_over(ticket=mine, actor=day.nurse)
    if state == "passed":
        calling.finish(ticket=day.calls(), actor=day.nurse)
        calling.pass_over(ticket=day.calls(), actor=day.nurse)
    return mine


def checking_in(*, by_location: bool = False, hours: int = 0, **options: Any) -> Opening:
    """Somebody opens the page of the check-in; the options are those of their phone."""

    def opened(phone: OpenPhone) -> Page:
        with transaction.atomic():
            who, day = holder(), Day()
            booking = day.books(who)
            Slot.objects.filter(pk=day.slot.pk).update(
                starts_at=day.slot.starts_at + timedelta(hours=hours),
                ends_at=day.slot.ends_at + timedelta(hours=hours),
            )
            screens.set_check_in_rule(
                institution=day.institution,
                point=(POINT if by_location else None),
                radius_metres=300,
                opens_minutes=120,
                reason="测试",
                actor=CENTRE,
            )
        page = phone(who, **options)
        page.goto(f"/appointments/{booking.public_id}/check-in/")
        return page

    return opened


def list_of_today(phone: OpenPhone) -> Page:
    """A place, and something to check in for."""
    with transaction.atomic():
        who, day, other = holder(), Day(), Day()
        day.comes(1)
        day.comes(2, who)
        other.books(who)
    page = phone(who)
    page.goto("/queue/")
    return page


def console(*, asks: bool = False) -> Opening:
    """A nurse at the console; perhaps it still asks where she calls."""

    def opened(phone: OpenPhone) -> Page:
        with transaction.atomic():
            day = Day()
            for number in range(1, 6):
                day.comes(number, priority=2 if number == 5 else 3)
            current = day.calls()
            calling.pass_over(ticket=current, actor=day.nurse)
        page = phone(Colleague("nurse"), viewport=DESK)
        page.goto(f"/window/queues/{day.queue}/")
        if not asks:
            page.get_by_label("您在哪里叫号？").fill("3 诊室")
            page.keyboard.press("Enter")
            page.get_by_role("button", name="叫下一位").click()
            page.get_by_role("button", name="再叫一次").wait_for()
        return page

    return opened


def found_at_desk(phone: OpenPhone) -> Page:
    """A nurse has read the document of somebody who booked."""
    with transaction.atomic():
        who, day = holder(), Day()
        day.comes(7)
        day.books(who)
    page = phone(Colleague("nurse"), viewport=DESK)
    page.goto("/window/check-in/")
    page.keyboard.type(who.card().face["id_number"])
    page.keyboard.press("Enter")
    page.get_by_role("button", name="签到").wait_for()
    return page


def screen(phone: OpenPhone) -> Page:
    """A screen on a wall."""
    with transaction.atomic():
        day = Day()
        for number in range(1, 5):
            day.comes(number)
        day.calls()
        made = screens.open_screen(department=day.department, name="三层东", reason="测试", actor=CENTRE)
    key = visible_screens(CENTRE).get(public_id=made).key
    page = phone(viewport={"width": 1920, "height": 1080})
    page.goto(f"/screen/{key}/")
    return page


def medicine(day: Day, who: Resident) -> str:
    """Medicines that are ready for somebody."""
    return note_ready(
        institution=day.institution,
        institution_pk=day.institution_pk,
        person_pk=who.card().person_id,
        said=ReadyMedicine(f"R{next(_serial)}", "3 号窗口", "A12", 2, day.slot.schedule.department.code),
        actor=CENTRE,
    )


def medicines(phone: OpenPhone) -> Page:
    """Somebody looks at what they can collect."""
    with transaction.atomic():
        who, day = holder(), Day()
        medicine(day, who)
    page = phone(who)
    page.goto("/medicines/")
    return page


def queueing_for_medicine(phone: OpenPhone) -> Page:
    """Somebody is at the pharmacy."""
    with transaction.atomic():
        who, day = holder(), Day()
        mine = medicine(day, who)
    page = phone(who)
    page.goto(f"/medicines/{mine}/check-in/")
    return page


def pharmacy(*, finds: bool = False) -> Opening:
    """A pharmacist at the window; perhaps somebody's document was read."""

    def opened(phone: OpenPhone) -> Page:
        with transaction.atomic():
            who, day = holder(), Day()
            mine = medicine(day, who)
            today = clock.beijing(clock.now()).date()
            check_in_for_medicine(
                medicine=mine,
                account_pk=who.account.pk,
                code=day_code(day.institution, today),
                actor=who.actor,
            )
        page = phone(Colleague("pharmacist"), viewport=DESK)
        page.goto("/window/pharmacy/")
        if finds:
            page.keyboard.type(who.card().face["id_number"])
            page.keyboard.press("Enter")
            page.get_by_role("button", name="已核对，发药").wait_for()
        return page

    return opened


PAGES: tuple[tuple[str, str, Opening], ...] = (
    ("queue-none", "waiting", at("/queue/", holder)),
    ("queue-list", "waiting", list_of_today),
    *(
        (f"queue-{state}", "waiting-ticket", ticket(state))
        for state in ("waiting", "paused", "called", "back", "passed", "served", "left")
    ),
    ("queue-leave", "waiting-leave", ticket("leaving")),
    ("medicines-none", "medicines", at("/medicines/", holder)),
    ("medicines", "medicines", medicines),
    ("medicine-check-in", "medicine-check-in", queueing_for_medicine),
    ("check-in", "check-in", checking_in()),
    ("check-in-location", "check-in", checking_in(by_location=True)),
    ("check-in-early", "check-in", checking_in(hours=3)),
)
DESKS: tuple[tuple[str, str, Opening], ...] = (
    ("desk-queues", "desk-queues", at("/window/queues/", lambda: Colleague("nurse"), viewport=DESK)),
    ("desk-queue", "desk-queue", console()),
    ("desk-queue-where", "desk-queue", console(asks=True)),
    ("desk-scan", "desk-scan", at("/window/check-in/", lambda: Colleague("nurse"), viewport=DESK)),
    ("desk-person", "desk-person", found_at_desk),
    ("pharmacy", "pharmacy", pharmacy()),
    ("pharmacy-person", "pharmacy-person", pharmacy(finds=True)),
    ("call-screen", "call-screen", screen),
)
