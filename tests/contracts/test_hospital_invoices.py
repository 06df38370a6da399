"""The PDFs of invoices fetched from a hospital's system: what never comes holds up nothing that does."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from pytest_django import Settings

from foundation.core import clock
from interop.his import invoices
from interop.his.client import HospitalFailure
from interop.his.models import HospitalSystem
from interop.his.rules import DOCUMENT_PAUSES, MOST_DOCUMENTS
from payments import services
from payments.models import Bill, Invoice
from payments.selectors.invoices import lacking_invoices
from payments.services.invoices import InvoiceDetails, keep_invoice, note_document_asked
from tests.interop.his_world import CODE, Played, played
from tests.payments.owing import SYSTEM, owed, row
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-20")]

THERE, GONE = "11060126", "99060126"


@pytest.fixture(autouse=True)
def _at_home(settings: Settings) -> None:
    settings.DEMO = True


@pytest.fixture
def place(db: None, sandbox: Sandbox) -> Iterator[Played]:
    found = played(sandbox)
    # What it says of these is no PDF, whenever it is asked.
    sandbox.fault("his", "garbage", path=f"/his/{CODE}/v1/invoices/{GONE}")
    yield found
    sandbox.repair()


@pytest.fixture
def bill(place: Played) -> Bill:
    """One that the till has taken, of which hospitals may issue several invoices."""
    bill = owed(place.where.public_id)
    services.record_till_payment(bill=bill.bill_id, captured_fen=bill.total_fen, receipt="SJ1", actor=SYSTEM)
    return row(bill)


def issued(bill: Bill, code: str, *numbers: int) -> None:
    for number in numbers:
        details = InvoiceDetails(code, f"{number:010d}", 10, clock.now(), has_document=True)
        keep_invoice(bill=bill, details=details, actor=SYSTEM)


def fetch() -> int:
    return invoices.fetch_invoices(system=HospitalSystem.objects.select_related("institution").get())


def numbers_due(place: Played) -> list[int]:
    return [int(number) for _, _, number in lacking_invoices(place.where.public_id)]


def test_what_never_comes_holds_up_neither_older_nor_newer_ones(place: Played, bill: Bill) -> None:
    many = MOST_DOCUMENTS
    issued(bill, THERE, 1, 2)
    issued(bill, GONE, *range(100, 100 + many))
    issued(bill, THERE, 3)
    assert fetch() == 2
    assert fetch() == 1
    assert not Invoice.objects.filter(code=THERE, document=None).exists()
    assert numbers_due(place) == []


def test_what_was_not_asked_for_the_longest_is_asked_for_first(place: Played, bill: Bill) -> None:
    issued(bill, GONE, 1, 2, 3)
    moment = clock.now()
    # The middle one was asked for first.
    for minutes, number in enumerate((2, 1, 3)):
        with time_machine.travel(moment + timedelta(minutes=minutes), tick=False):
            asked = Invoice.objects.get(number=f"{number:010d}")
            assert note_document_asked(invoice=asked.public_id, pauses=DOCUMENT_PAUSES)
            assert not note_document_asked(invoice=asked.public_id, pauses=DOCUMENT_PAUSES)
    issued(bill, GONE, 4)
    with time_machine.travel(moment + timedelta(hours=1), tick=False):
        assert numbers_due(place) == [4, 2, 1, 3]


def test_it_is_asked_for_ever_more_seldom_and_never_given_up(place: Played, bill: Bill) -> None:
    issued(bill, GONE, 1)
    moment = clock.now()
    for pause in (*DOCUMENT_PAUSES, DOCUMENT_PAUSES[-1]):
        with time_machine.travel(moment, tick=False):
            assert fetch() == 0
            assert numbers_due(place) == []
        moment += pause
        with time_machine.travel(moment, tick=False):
            assert numbers_due(place) == [1]
    assert Invoice.objects.get().asks == len(DOCUMENT_PAUSES) + 1


def test_one_that_breaks_the_hospital_goes_behind_the_others(place: Played, bill: Bill) -> None:
    place.sandbox.repair()
    place.sandbox.fault("his", "error", path=f"/his/{CODE}/v1/invoices/{GONE}")
    issued(bill, GONE, 1)
    issued(bill, THERE, 2)
    with pytest.raises(HospitalFailure):
        fetch()
    assert fetch() == 1
