"""Days of which there are no books, in the calls about statements."""

import pytest
from django.test import Client

from payments.models import StatementFile
from tests.cards.test_api_institution import call, new_key
from tests.cards.world import Hospital, hospital

pytestmark = [pytest.mark.django_db, pytest.mark.row("HI-06")]

STATEMENTS = "/api/v1/statements"
CONTENT = "kind,bill_no,amount_yuan,booked_at,receipt_no,refund_no\r\n"


@pytest.fixture
def here() -> Hospital:
    return hospital()


@pytest.mark.parametrize("day", ["", "x", "9999-12-31", "0001-01-01", "1999-12-31", "2026-13-01", "20261"])
def test_a_day_that_has_no_books_is_refused(here: Hospital, day: str) -> None:
    headers = here.signer.headers("GET", STATEMENTS, query=f"day={day}")
    asked = Client().get(f"{STATEMENTS}?day={day}", **headers)
    assert (asked.status_code, asked.json()["field"]) == (400, "day"), asked.content
    given = call(here, STATEMENTS, {"day": day, "content": CONTENT}, key=new_key())
    assert (given.status_code, given.json()["code"]) == (400, "invalid_input"), given.content
    assert not StatementFile.objects.exists()


def test_a_day_that_has_not_begun_is_not_handed_in(here: Hospital) -> None:
    given = call(here, STATEMENTS, {"day": "2999-01-01", "content": CONTENT}, key=new_key())
    assert (given.status_code, given.json()["field"]) == (400, "day")
