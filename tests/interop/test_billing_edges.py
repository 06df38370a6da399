"""What a hospital's system can send that is wrong, and what it is told of a bill that several share."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from mpi import services as persons
from payments.models import Bill, PaymentAttempt
from payments.selectors.books import check_books
from payments.services import asking
from tests.cards.test_api_institution import call, new_key
from tests.cards.world import Hospital, holder, hospital
from tests.interop.test_billing_api import BILLS, at_till, channel, opened, wanted
from tests.payments.bank import Bank, Ledger

pytestmark = [pytest.mark.django_db, pytest.mark.row("HI-03")]


@pytest.fixture(autouse=True)
def bank(settings: Settings) -> Ledger:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    Bank.books = Ledger()
    return Bank.books


@pytest.fixture(autouse=True)
def _books_hold(db: None) -> Iterator[None]:
    yield
    assert check_books() == []


@pytest.fixture
def here() -> Hospital:
    place = hospital()
    person = holder()
    persons.link_source_record(person_pk=person.card.person_id, source=place.public_id, local_id="P1")
    return place


ODD: list[Any] = [
    None,
    "",
    "\x00",
    "\ud800",
    "账",
    "x" * 5_000,
    -1,
    0,
    10**30,
    1.5,
    True,
    [],
    {},
    [[None]],
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+08:00",
    "0001-01-01T00:00:00+14:00",
]


def sent(here: Hospital, address: str, body: Any) -> Any:
    """As any JSON library writes it: lone surrogates, numbers of any size."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = here.signer.headers("POST", address, text, idempotency_key=new_key())
    return Client().post(address, text, content_type="application/json", **headers)


@pytest.mark.parametrize(
    "name",
    ["bill_no", "kind", "items", "total_fen", "expires_at", "reduction_fen", "insurance", "patient_id"],
)
def test_an_odd_member_of_a_bill_is_refused_or_taken_and_never_breaks(here: Hospital, name: str) -> None:
    for value in ODD:
        answer = sent(here, BILLS, wanted(**{name: value}))
        assert answer.status_code < 500, (value, answer.content)
        if answer.status_code < 300:
            read = call(here, f"{BILLS}/{answer.json()['bill_id']}", method="GET")
            assert read.status_code == 200, (value, read.content)


@pytest.mark.parametrize("name", ["title", "amount_fen", "category", "quantity"])
def test_an_odd_line_is_refused_or_taken_and_never_breaks(here: Hospital, name: str) -> None:
    line = {"title": "腹部彩超", "amount_fen": 14_500, "category": "examination", "quantity": 1}
    for value in ODD:
        answer = sent(here, BILLS, wanted(items=[{**line, name: value}]))
        assert answer.status_code < 500, (value, answer.content)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("search", {"patient_id": "P1", "bill_no": "MZ1", "number": "1" * 12, "state": "open", "cursor": ""}),
        ("{bill}/till-payments", {"receipt_no": "S1", "amount_fen": 14_500}),
        ("{bill}/payments", {"way": "scanned", "auth_code": "28" + "1" * 16, "provider": "alipay"}),
        ("{bill}/posting", {"outcome": "posted", "receipt_no": "S1", "amount_fen": 1, "reason": "X"}),
        ("{bill}/refunds", {"refund_no": "T1", "amount_fen": 1, "refunded_by": "platform"}),
    ],
)
def test_odd_members_of_the_other_calls_never_break(here: Hospital, path: str, body: dict[str, Any]) -> None:
    bill = opened(here)["bill_id"]
    address = f"{BILLS}/{path.format(bill=bill)}"
    for name in body:
        for value in ODD:
            answer = sent(here, address, {**body, name: value})
            assert answer.status_code < 500, (name, value, answer.content)
    for body_ in (b"", b"null", b"[]", b"1", b"{", b'"x"'):
        answer = sent(here, address, body_)
        assert answer.status_code < 500, (body_, answer.content)


def test_the_parts_of_a_bill_sum_to_its_total_and_say_who_bears_what(here: Hospital, bank: Ledger) -> None:
    channel(here)
    made = opened(here, reduction_fen=500)
    assert (made["total_fen"], made["reduction_fen"], made["due_fen"]) == (14_500, 500, 14_000)
    begun = call(here, f"{BILLS}/{made['bill_id']}/payments", {"way": "scans"}, key=new_key()).json()
    assert (begun["total_fen"], begun["amount_fen"]) == (14_500, 14_000)
    attempt = PaymentAttempt.objects.get()
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    asking.ask_attempt(attempt=attempt.public_id)
    read = call(here, f"{BILLS}/{made['bill_id']}", method="GET").json()
    assert {each["kind"]: each["amount_fen"] for each in read["parts"]} == {"own": 14_000, "reduction": 500}
    # The till takes what is due, and the whole is posted.
    other = opened(here, bill_no="MZ2", reduction_fen=500)["bill_id"]
    assert at_till(here, other, 14_000).json()["state"] == "paid"
    said = {"outcome": "posted", "receipt_no": "SJ7"}
    address = f"{BILLS}/{made['bill_id']}/posting"
    wrong = call(here, address, {**said, "amount_fen": 14_000}, key=new_key())
    assert wrong.json()["code"] == "posted_amount_wrong"
    done = call(here, address, {**said, "amount_fen": 14_500}, key=new_key())
    assert done.json()["posting"] == "posted"
    assert Bill.objects.filter(state="paid").count() == 2
