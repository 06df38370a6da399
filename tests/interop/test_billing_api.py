"""What a hospital's own system does with its bills: opened, found, paid at the counter, given back."""

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from foundation.audit.models import AuditEntry
from foundation.core import clock
from mpi import services as persons
from payments import services
from payments.models import (
    Bill,
    Channel,
    Difference,
    PaymentAttempt,
    Refund,
    Settlement,
    StatementFile,
)
from payments.providers.base import Way
from payments.reconciliation.rules import beijing_day
from payments.selectors.books import check_books
from payments.services import asking, posting, reconciling
from payments.services.channels import Setup
from tests.cards.test_api_institution import call, new_key
from tests.cards.world import Hospital, holder, hospital
from tests.payments.bank import CODE, Bank, Ledger
from tests.payments.owing import SYSTEM

pytestmark = [pytest.mark.django_db, pytest.mark.row("HI-03")]

BILLS = "/api/v1/bills"
STATEMENTS = "/api/v1/statements"
ITEMS = [
    {"title": "腹部彩超", "amount_fen": 12_000, "category": "examination"},
    {"title": "血常规", "amount_fen": 2_500, "category": "laboratory", "quantity": 1},
]


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


def channel(where: Hospital) -> Channel:
    ways = [Way.SCANS.value, Way.SCANNED.value]
    public_id = services.add_channel(
        institution=where.public_id,
        provider=CODE,
        setup=Setup("shop-1", "https://bank.example", {}, ways, secrets={"secret": "s"}),
        reason="测试",
        actor=SYSTEM,
    )
    services.switch_channel(channel=public_id, is_on=True, reason="测试", actor=SYSTEM)
    return Channel.objects.get(public_id=public_id)


def wanted(**more: Any) -> dict[str, Any]:
    return {"bill_no": "MZ1", "items": ITEMS, "total_fen": 14_500, "patient_id": "P1", **more}


def opened(here: Hospital, **more: Any) -> dict[str, Any]:
    made = call(here, BILLS, wanted(**more), key=new_key())
    assert made.status_code == 201, made.json()
    return dict(made.json())


def at_till(here: Hospital, bill: str, amount_fen: int = 14_500) -> Any:
    body = {"receipt_no": "SJ1", "amount_fen": amount_fen}
    return call(here, f"{BILLS}/{bill}/till-payments", body, key=new_key())


def paid_here(here: Hospital, bank: Ledger, **more: Any) -> str:
    """A bill that a resident paid by the code that the desk showed."""
    channel(here)
    bill = opened(here, **more)["bill_id"]
    made = call(here, f"{BILLS}/{bill}/payments", {"way": "scans"}, key=new_key()).json()
    attempt = PaymentAttempt.objects.get(leg__settlement__public_id=made["payment_id"])
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    asking.ask_attempt(attempt=attempt.public_id)
    return str(bill)


def test_a_bill_is_opened_replaced_found_and_taken_back(here: Hospital) -> None:
    first = opened(here)
    assert (first["state"], first["total_fen"], first["patient_id"]) == ("open", 14_500, "P1")
    assert opened(here)["bill_id"] == first["bill_id"]
    changed = opened(here, items=ITEMS[:1], total_fen=12_000)
    assert changed["bill_id"] != first["bill_id"]
    due = call(here, f"{BILLS}/search", {"patient_id": "P1", "state": "open"}).json()
    assert [each["bill_id"] for each in due["bills"]] == [changed["bill_id"]]
    assert due["bills"][0]["items"][0]["title"] == "腹部彩超"
    looked = AuditEntry.objects.get(action="bill.searched")
    assert (looked.actor_kind, looked.subject_id) == ("client", changed["bill_id"])
    assert (looked.institution, looked.details) == (here.public_id, {"kind": "patient", "count": 1})
    for asked in ({"bill_no": "MZ1"}, {"number": changed["number"]}):
        assert changed["bill_id"] in str(call(here, f"{BILLS}/search", asked).json())
    ended = call(here, f"{BILLS}/{changed['bill_id']}/cancel", key=new_key())
    assert ended.json()["state"] == "cancelled"
    assert call(here, f"{BILLS}/search", {"patient_id": "P1", "state": "open"}).json()["bills"] == []


def test_what_has_run_out_is_not_due(here: Hospital) -> None:
    bill = opened(here, expires_at=(clock.now() - timedelta(minutes=1)).isoformat())
    assert bill["state"] == "expired"
    assert call(here, f"{BILLS}/search", {"bill_no": "MZ1", "state": "open"}).json()["bills"] == []


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"total_fen": 14_499}, 422, "bill_total_wrong"),
        ({"patient_id": "P2"}, 403, "person_not_bound"),
        ({"health_card_id": "X" * 64}, 400, "invalid_input"),
        ({"items": []}, 400, "invalid_input"),
        ({"bill_no": "账单"}, 400, "invalid_input"),
    ],
)
def test_a_bill_that_is_wrong_is_refused_and_says_what_to_do(
    here: Hospital, changes: dict[str, Any], status: int, code: str
) -> None:
    refused = call(here, BILLS, wanted(**changes), key=new_key())
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.json()
    assert refused.json()["next_step"]
    assert not Bill.objects.exists()


def test_another_hospitals_bills_are_not_found_and_each_call_needs_its_scope(here: Hospital) -> None:
    bill = opened(here)["bill_id"]
    other = hospital()
    calls = {
        f"{BILLS}/{bill}": ("GET", None),
        f"{BILLS}/{bill}/cancel": ("POST", {}),
        f"{BILLS}/{bill}/till-payments": ("POST", {"receipt_no": "S1", "amount_fen": 1}),
        f"{BILLS}/{bill}/posting": ("POST", {"outcome": "refused"}),
        f"{BILLS}/{bill}/payments": ("POST", {"way": "scans"}),
        f"{BILLS}/{bill}/refunds": ("POST", {"refund_no": "T1"}),
    }
    weak = hospital(scopes=("card:read",))
    for address, (method, body) in calls.items():
        answer = call(other, address, body, method=method, key=new_key() if method == "POST" else "")
        assert (answer.status_code, answer.json()["code"]) == (404, "bill_not_found"), address
        refused = call(weak, address, body, method=method, key=new_key() if method == "POST" else "")
        assert refused.json()["code"] == "scope_missing"
    assert call(other, f"{BILLS}/search", {"bill_no": "MZ1"}).json()["bills"] == []
    assert not Refund.objects.exists()


def test_what_the_till_took_pays_the_bill_and_too_much_is_owed_back(here: Hospital) -> None:
    bill = opened(here)["bill_id"]
    assert at_till(here, bill).json()["receipt_no"] == "SJ1"
    assert at_till(here, bill).json()["state"] == "paid"
    assert at_till(here, bill, 1).json()["code"] == "payment_taken"
    other = opened(here, bill_no="MZ2")["bill_id"]
    wrong = call(
        here, f"{BILLS}/{other}/till-payments", {"receipt_no": "SJ2", "amount_fen": 9}, key=new_key()
    ).json()
    assert (wrong["state"], wrong["refund_fen"], wrong["refunds"][0]["reason"]) == ("open", 9, "amount")


@pytest.mark.row("OP-11")
def test_the_payers_code_is_scanned_and_the_desk_reads_the_result(
    here: Hospital, bank: Ledger, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    channel(here)
    bill = opened(here)["bill_id"]
    body = {"way": "scanned", "auth_code": "BANK0001", "provider": CODE}
    with django_capture_on_commit_callbacks() as later:
        made = call(here, f"{BILLS}/{bill}/payments", body, key=new_key())
    assert (made.status_code, made.json()["state"], made.json()["over"]) == (201, "paying", False)
    assert later
    again = call(here, f"{BILLS}/{bill}/payments", body, key=new_key()).json()
    assert again["payment_id"] == made.json()["payment_id"]
    other = call(here, f"{BILLS}/{bill}/payments", {**body, "auth_code": "BANK0002"}, key=new_key())
    assert (other.status_code, other.json()["code"]) == (409, "payment_underway")
    attempt = PaymentAttempt.objects.get()
    asking.launch_attempt(attempt=attempt.public_id)
    assert bank.orders[attempt.public_id].payer["auth_code"] == "BANK0001"
    bank.pay(attempt.public_id)
    asking.ask_attempt(attempt=attempt.public_id)
    address = f"{BILLS}/{bill}/payments/{made.json()['payment_id']}"
    assert call(here, address, method="GET").json()["state"] == "settled"
    read = call(here, f"{BILLS}/{bill}", method="GET").json()
    assert read["parts"] == [
        {"kind": "own", "provider": CODE, "amount_fen": 14_500, "channel_ref": f"B{attempt.public_id}"}
    ]
    assert read["payment_id"] == made.json()["payment_id"]


def test_a_code_of_no_channel_and_a_way_that_is_not_offered_are_refused(here: Hospital) -> None:
    bill = opened(here)["bill_id"]
    unknown = call(here, f"{BILLS}/{bill}/payments", {"way": "scanned", "auth_code": "12"}, key=new_key())
    assert unknown.json()["code"] == "pay_code_unknown"
    body = {"way": "scanned", "auth_code": "28" + "1" * 16}
    refused = call(here, f"{BILLS}/{bill}/payments", body, key=new_key())
    assert (refused.status_code, refused.json()["code"]) == (409, "pay_way_not_offered")
    assert call(here, f"{BILLS}/{bill}/payments", {"way": "scans"}, key=new_key()).status_code == 409
    assert not Settlement.objects.exists()


def test_what_comes_for_a_payment_that_the_desk_ended_pays_what_is_owed_or_goes_back(
    here: Hospital, bank: Ledger
) -> None:
    channel(here)
    bill = opened(here)["bill_id"]
    made = call(here, f"{BILLS}/{bill}/payments", {"way": "scans"}, key=new_key()).json()
    attempt = PaymentAttempt.objects.get()
    asking.launch_attempt(attempt=attempt.public_id)
    address = f"{BILLS}/{bill}/payments/{made['payment_id']}"
    assert call(here, address, method="GET").json()["code"] == f"bank:{attempt.public_id}"
    assert call(here, f"{address}/end", key=new_key()).json()["state"] == "undoing"
    bank.pay(attempt.public_id)
    asking.ask_attempt(attempt=attempt.public_id)
    assert call(here, f"{BILLS}/{bill}", method="GET").json()["state"] == "paid"
    other = opened(here, bill_no="MZ2")["bill_id"]
    made = call(here, f"{BILLS}/{other}/payments", {"way": "scans"}, key=new_key()).json()
    late = PaymentAttempt.objects.get(leg__settlement__public_id=made["payment_id"])
    asking.launch_attempt(attempt=late.public_id)
    assert call(here, f"{BILLS}/{other}/payments/{made['payment_id']}/end", key=new_key()).status_code == 200
    # The till took the money meanwhile.
    at_till(here, other)
    bank.pay(late.public_id)
    asking.ask_attempt(attempt=late.public_id)
    read = call(here, f"{BILLS}/{other}", method="GET").json()
    assert (read["receipt_no"], read["refund_fen"]) == ("SJ1", 14_500)
    stranger = call(hospital(), f"{BILLS}/{other}/payments/{made['payment_id']}/end", key=new_key())
    assert stranger.status_code == 404


def test_a_refund_goes_back_once_under_its_number_in_parts_and_in_full(here: Hospital, bank: Ledger) -> None:
    bill = paid_here(here, bank)
    address = f"{BILLS}/{bill}/refunds"
    for _ in range(2):
        part = call(here, address, {"refund_no": "T1", "amount_fen": 2_500}, key=new_key())
        assert part.status_code == 201
    assert [each["amount_fen"] for each in part.json()["refunds"]] == [2_500]
    wrong = call(here, address, {"refund_no": "T1", "amount_fen": 2_501}, key=new_key())
    assert (wrong.status_code, wrong.json()["code"]) == (409, "refund_number_taken")
    much = call(here, address, {"refund_no": "T2", "amount_fen": 12_001}, key=new_key())
    assert (much.status_code, much.json()["code"]) == (409, "refund_too_much")
    rest = call(here, address, {"refund_no": "T3"}, key=new_key()).json()
    assert rest["refunds"][0]["amount_fen"] == 12_000
    headers = here.signer.headers("GET", address, query="refund_no=T1")
    one = Client().get(address, {"refund_no": "T1"}, **headers).json()
    assert (len(one["refunds"]), one["refunds"][0]["state"]) == (1, "due")
    assert Refund.objects.count() == 2


CLAIM = {
    "visit_no": "MZ0001",
    "visit_id": "VIS0001",
    "began_at": "2026-11-20T09:30:00+08:00",
    "department_code": "0301",
    "department_name": "呼吸内科",
    "speciality": "A03",
    "care_kind": "11",
    "batch_no": "B0001",
    "person_no": "0042",
    "scheme": "310",
    "insured_at": "110100",
    "lines": [
        {
            "line_no": "1",
            "national_code": "XN0000000000001",
            "own_code": "Y0001",
            "charged_at": "2026-11-20T09:40:00+08:00",
            "quantity": "1",
            "price_yuan": "145.00",
            "amount_fen": 14_500,
        }
    ],
}


@pytest.mark.row("HI-04")
def test_what_an_insurance_needs_comes_with_the_bill_and_is_checked(here: Hospital) -> None:
    made = opened(here, insurance=CLAIM, reduction_fen=500)
    assert (made["total_fen"], made["reduction_fen"]) == (14_500, 500)
    assert opened(here, insurance=CLAIM, reduction_fen=500)["bill_id"] == made["bill_id"]
    lines = [{**CLAIM["lines"][0], "amount_fen": 14_499}]  # type: ignore[dict-item]
    wrong = call(here, BILLS, wanted(bill_no="MZ2", insurance={**CLAIM, "lines": lines}), key=new_key())
    assert wrong.json()["code"] == "claim_wrong"
    rest = {name: value for name, value in CLAIM.items() if name != "scheme"}
    lacking = call(here, BILLS, wanted(bill_no="MZ2", insurance=rest), key=new_key())
    assert (lacking.status_code, lacking.json()["code"]) == (400, "invalid_input")
    assert lacking.json()["field"].startswith("insurance")


@pytest.mark.row("HI-04")
def test_the_hospital_says_what_it_posted_or_that_it_does_not(here: Hospital, bank: Ledger) -> None:
    bill = paid_here(here, bank)
    posting.begin_write_back(bill=bill, is_reachable=True)
    address = f"{BILLS}/{bill}/posting"
    assert call(here, address, {"outcome": "posted"}, key=new_key()).json()["field"] == "receipt_no"
    said = {"outcome": "posted", "receipt_no": "SJ7", "amount_fen": 14_499}
    assert call(here, address, said, key=new_key()).json()["code"] == "posted_amount_wrong"
    done = call(here, address, {**said, "amount_fen": 14_500}, key=new_key()).json()
    assert (done["posting"], done["receipt_no"]) == ("posted", "SJ7")
    late = call(here, address, {"outcome": "refused", "reason": "X"}, key=new_key())
    assert (late.status_code, late.json()["code"]) == (409, "bill_posted")


def test_a_posting_that_comes_too_late_is_refused_and_kept_as_a_difference(
    here: Hospital, bank: Ledger
) -> None:
    bill = paid_here(here, bank)
    address = f"{BILLS}/{bill}/posting"
    refused = call(here, address, {"outcome": "refused", "reason": "CLOSED"}, key=new_key()).json()
    assert (refused["posting"], refused["refund_fen"]) == ("returned", 14_500)
    said = {"outcome": "posted", "receipt_no": "SJ7", "amount_fen": 14_500}
    late = call(here, address, said, key=new_key())
    assert (late.status_code, late.json()["code"]) == (409, "bill_returned")
    assert call(here, f"{BILLS}/{bill}", method="GET").json()["posting"] == "different"
    ended = call(here, address, {"outcome": "refused"}, key=new_key()).json()
    assert ended["posting"] == "cleared"


def statement(where: Hospital, day: str) -> Any:
    headers = where.signer.headers("GET", STATEMENTS, query=f"day={day}")
    return Client().get(STATEMENTS, {"day": day}, **headers)


@pytest.mark.row("HI-06")
def test_the_statement_of_a_day_is_for_the_hospital_alone(here: Hospital, bank: Ledger) -> None:
    paid_here(here, bank)
    day = beijing_day(clock.now()).isoformat()
    told = statement(here, day).json()
    assert told["digest"] == hashlib.sha256(told["content"].encode()).hexdigest()
    [line] = csv.DictReader(io.StringIO(told["content"].removeprefix("\ufeff")))
    assert (line["kind"], line["amount_yuan"], line["hospital_bill_no"]) == ("payment", "145.00", "MZ1")
    assert len(statement(hospital(), day).json()["content"].splitlines()) == 1
    refused = statement(here, "yesterday")
    assert (refused.status_code, refused.json()["field"]) == (400, "day")


@pytest.mark.row("HI-06")
def test_a_hospital_hands_in_what_it_posted_and_it_is_compared(
    here: Hospital, bank: Ledger, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    paid_here(here, bank)
    day = beijing_day(clock.now()).isoformat()
    own = f"kind,bill_no,amount_yuan,booked_at\r\npayment,MZ1,140.00,{day}T10:00:00+08:00\r\n"
    with django_capture_on_commit_callbacks() as later:
        taken = call(here, STATEMENTS, {"day": day, "content": own}, key=new_key())
    assert taken.status_code == 201
    assert later
    again = call(here, STATEMENTS, {"day": day, "content": own}, key=new_key())
    assert again.json() == taken.json()
    reconciling.reconcile_file(file=taken.json()["statement_id"], actor=SYSTEM)
    found = Difference.objects.get()
    assert (found.kind, found.ours_fen, found.theirs_fen) == ("amount", 14_500, 14_000)
    wrong = call(here, STATEMENTS, {"day": day, "content": own.replace("140.00", "140")}, key=new_key())
    assert (wrong.status_code, wrong.json()["code"]) == (422, "statement_unreadable")
    assert StatementFile.objects.get().public_id == taken.json()["statement_id"]


def test_statements_need_a_scope_of_their_own() -> None:
    where = hospital(scopes=("bill:read",))
    refused = statement(where, "2026-11-18")
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
