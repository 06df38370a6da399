"""The staff's pages of reconciliation, with a difference on them."""

from datetime import timedelta

from playwright.sync_api import Page

from foundation.core import clock
from payments.models import Difference
from payments.reconciliation.rules import ItemKind, beijing_day
from payments.reconciliation.sides import Booked
from payments.services import reconciling, statements
from tests.e2e.paying import HOSPITAL, owe, pay, place, take_online
from tests.e2e.people import Colleague, holder
from tests.e2e.shown import DESK, OpenPhone

SITE = "/institution/payments/"


def different() -> str:
    """The hospital booked something that nobody paid here."""
    moment = clock.now() - timedelta(days=1)
    booked = Booked(ItemKind.PAYMENT, "MZ-示例-0001", 14_500, moment, receipt=f"SJ{moment.timestamp()}")
    file = statements.take_hospital_statement(
        institution=place(), day=beijing_day(moment), rows=[booked], digest=booked.receipt, actor=HOSPITAL
    )
    reconciling.reconcile_file(file=file, actor=HOSPITAL)
    return Difference.objects.filter(party="hospital").latest("pk").public_id


def board(phone: OpenPhone) -> Page:
    """The last seven days, with what the till took, a channel's empty day, and a difference."""
    different()
    pay(owe(holder()))
    take_online()
    today = beijing_day(clock.now())
    for file in statements.ask_for_day(day=today - timedelta(days=1), actor=HOSPITAL):
        statements.fetch_statement(file=file)
    page = phone(Colleague("hospital"), viewport=DESK)
    page.goto(f"{SITE}difference/board/?day={today.isoformat()}")
    return page


def difference(phone: OpenPhone) -> Page:
    """One difference from all sides."""
    found = different()
    page = phone(Colleague("hospital"), viewport=DESK)
    page.goto(f"{SITE}difference/{found}/change/")
    return page
