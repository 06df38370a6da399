"""The pages that look for a session, in each state that looks different."""

from datetime import timedelta

from playwright.sync_api import Page

from appointments.models import Schedule
from appointments.rules.places import PlaceState
from appointments.selectors import search
from foundation.core import clock
from tests.e2e.shown import DESK, Opening, OpenPhone, at, then
from tests.e2e.states import staff


def follow(name: str) -> Opening:
    """From the list of hospitals to what is called so, and on."""

    def act(page: Page) -> None:
        page.get_by_role("link", name=name).first.click()

    return then(at("/hospitals/"), act)


def hospital_then(*names: str) -> Opening:
    """One link after the other, from the demo's first hospital on."""

    def act(page: Page) -> None:
        for name in names:
            page.get_by_role("link", name=name).first.click()

    return then(follow("示范市人民医院"), act)


def session(state: PlaceState) -> Opening:
    """A session of the demo that stands so."""

    def opened(phone: OpenPhone) -> Page:
        # Those of the demo: other tests make sessions of their own.
        demo = Schedule.objects.filter(
            institution__hospital_id="90001",
            department__code__in=("0101", "0102", "02", "03"),
            date__gte=clock.beijing(clock.now()).date(),
        )
        ids = demo.order_by("-date", "pk").values_list("public_id", flat=True)
        found = next(public_id for public_id in ids if search.schedule(public_id).session.state is state)
        return at(f"/schedules/{found}/")(phone)

    return opened


PAGES = (
    ("hospitals", "hospitals", at("/hospitals/")),
    ("hospitals-found", "hospitals", at("/hospitals/?q=心血管")),
    ("hospitals-found-none", "hospitals", at("/hospitals/?q=没有的名字")),
    ("hospital", "hospital", hospital_then()),
    ("department", "department", hospital_then("心血管内科")),
    ("department-next-week", "department", hospital_then("心血管内科", "后一周")),
    ("doctor", "doctor", then(session(PlaceState.STOPPED), lambda page: page.locator("dd a").first.click())),
    *(
        (f"schedule-{state.value.replace('_', '-')}", "schedule", session(state))
        for state in (PlaceState.OPEN, PlaceState.FULL, PlaceState.STOPPED)
    ),
)


def at_desk(path: str) -> Opening:
    """A page of the hospital's administrator."""
    return at(f"/institution/appointments/{path}", staff("hospital"), viewport=DESK)


def chosen(page: Page) -> None:
    """Choose the days of a suspension."""
    page.get_by_label("机构").select_option(index=0)
    page.get_by_label("从哪天").fill(clock.beijing(clock.now()).date().isoformat())
    page.get_by_label("到哪天").fill((clock.beijing(clock.now()).date() + timedelta(days=2)).isoformat())
    page.get_by_role("button", name="看看影响哪些人").click()


DESK_PAGES = (
    ("schedules-list", "institution:appointments_schedule_changelist", at_desk("schedule/")),
    ("schedules-add", "institution:appointments_schedule_add", at_desk("schedule/add/")),
    ("schedules-stop", "institution:appointments_schedule_stop", at_desk("schedule/stop/")),
    (
        "schedules-stop-confirm",
        "institution:appointments_schedule_stop",
        then(at_desk("schedule/stop/"), chosen),
    ),
    ("booking-rules-add", "institution:appointments_bookingrule_add", at_desk("bookingrule/add/")),
)
