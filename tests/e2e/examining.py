"""Residents whose doctors ordered examinations."""

from playwright.sync_api import Page

from appointments.services import exams
from foundation.core import clock
from foundation.core.actor import Actor
from institutions import selectors as institutions
from tests.e2e.people import Resident, holder
from tests.e2e.shown import Opening, OpenPhone

HOSPITAL = Actor.system("tests")


def place() -> int:
    """Key of the hospital of the demo, which has examinations and places for them."""
    found = institutions.institution_by_hospital_id("90001")
    pk = institutions.institution_pk(found.public_id) if found is not None else None
    assert pk is not None
    return pk


def ordered() -> tuple[Resident, str]:
    """Somebody with three examinations to book."""
    who = holder()
    pk = place()
    orders = [
        exams.order_exam(
            institution_pk=pk,
            person_pk=who.card().person_id,
            number=f"E{who.phone}{code}",
            item=code,
            ordered_at=clock.now(),
            actor=HOSPITAL,
        )
        for code in ("US-ABD", "CT-CON", "XR-GI")
    ]
    return who, orders[0]


def listed() -> Resident:
    """The same, before the list."""
    return ordered()[0]


def plan_page(query: str = "", *, books: bool = False) -> Opening:
    """The plan of the set, or the list after it was booked."""

    def opened(phone: OpenPhone) -> Page:
        who, order = ordered()
        page = phone(who)
        page.goto(f"/exams/{order}/{query}")
        if books:
            page.get_by_role("button", name="全部预约").click()
            page.get_by_role("heading", name="检查预约").wait_for()
        return page

    return opened
