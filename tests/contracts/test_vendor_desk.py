"""A vendor's program at the doctor's desk, written from docs/institutions/money.md alone, over the wire.

Query what is due, pay, post, refund; and the two ends of a hospital's time-out after a payment.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

import sdk
from foundation.events import relay
from interop.his import client as his_client
from interop.his import posting
from mpi import services as persons
from payments import services
from payments.models import PaymentAttempt, Refund, WriteBack
from payments.providers.base import Way
from payments.selectors.books import check_books
from payments.services import asking, returning
from payments.services.channels import Setup
from tests.cards.world import Hospital, holder
from tests.interop.his_world import played
from tests.payments.bank import CODE, Bank, Ledger
from tests.payments.owing import SYSTEM
from tests.payments.posting import waited_out_all
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("HI-03"), pytest.mark.row("OP-11")]

ITEMS = [sdk.BillItem("腹部彩超", 12_000, "examination"), sdk.BillItem("血常规", 2_500, "laboratory")]


@pytest.fixture(autouse=True)
def bank(settings: Settings) -> Ledger:
    settings.DEMO = True
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    Bank.books = Ledger()
    return Bank.books


@pytest.fixture(autouse=True)
def _books_hold(transactional_db: None) -> Iterator[None]:
    yield
    assert check_books() == []


@pytest.fixture
def place(transactional_db: None, sandbox: Sandbox) -> Hospital:
    where = played(sandbox).where
    person = holder()
    persons.link_source_record(person_pk=person.card.person_id, source=where.public_id, local_id="P1")
    ways = [Way.SCANS.value, Way.SCANNED.value]
    channel = services.add_channel(
        institution=where.public_id,
        provider=CODE,
        setup=Setup("shop-1", "https://bank.example", {}, ways, secrets={"secret": "s"}),
        reason="测试",
        actor=SYSTEM,
    )
    services.switch_channel(channel=channel, is_on=True, reason="测试", actor=SYSTEM)
    return where


@pytest.fixture
def desk(live_server: LiveServer, place: Hospital) -> sdk.Client:
    signer = place.signer
    return sdk.Client(live_server.url, signer.client, signer.kid, signer.secret, backoff=0.01)


def paid(desk: sdk.Client, bank: Ledger, bill_no: str) -> sdk.Bill:
    """The desk opens a bill, finds it due, and scans the payer's code."""
    desk.open_bill(bill_no=bill_no, items=ITEMS, total_fen=14_500, patient_id="P1")
    [due] = desk.find_bills(patient_id="P1", state="open").bills
    key = secrets.token_hex(16)
    for _ in range(2):
        taken = desk.take_payment(
            due.bill_id, way="scanned", auth_code="BANK1", provider=CODE, idempotency_key=key
        )
    assert not taken.over
    # What the worker does meanwhile, and the payer at the bank.
    attempt = PaymentAttempt.objects.get(leg__settlement__public_id=taken.payment_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    asking.ask_attempt(attempt=attempt.public_id)
    for _ in range(2):
        relay.expand()
        relay.deliver()
    assert desk.read_payment(due.bill_id, taken.payment_id).is_paid
    return desk.read_bill(due.bill_id)


def worked(bill: sdk.Bill) -> None:
    posting.work(write_back=WriteBack.objects.get(bill__public_id=bill.bill_id).public_id)


def given_back() -> None:
    for refund in Refund.objects.exclude(state="paid"):
        returning.send_refund(refund=refund.public_id)


def test_query_pay_post_and_refund(desk: sdk.Client, bank: Ledger) -> None:
    bill = paid(desk, bank, "MZ1")
    assert (bill.state, bill.posting, bill.parts[0].amount_fen) == ("paid", "waiting", 14_500)
    assert desk.find_bills(patient_id="P1", state="open").bills == []
    posted = desk.report_posting(bill.bill_id, outcome="posted", receipt_no="SJ1", amount_fen=14_500)
    assert (posted.posting, posted.receipt_no) == ("posted", "SJ1")
    for _ in range(2):
        desk.ask_refund(bill.bill_id, refund_no="TF1", amount_fen=2_500)
    given_back()
    [refund] = desk.list_refunds(bill.bill_id, refund_no="TF1").refunds
    assert (refund.state, refund.amount_fen) == ("paid", 2_500)
    with pytest.raises(sdk.Conflict) as refused:
        desk.ask_refund(bill.bill_id, refund_no="TF2", amount_fen=12_001)
    assert (refused.value.code, bool(refused.value.next_step)) == ("refund_too_much", True)
    desk.ask_refund(bill.bill_id, refund_no="TF3")
    given_back()
    assert desk.read_bill(bill.bill_id).refunded_fen == 14_500


def test_a_time_out_of_the_hospital_ends_in_settled(
    desk: sdk.Client, bank: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Less than a silent hospital takes, and more than one that answers.
    monkeypatch.setattr(his_client, "TIMEOUT_SECONDS", 3.0)
    bill = paid(desk, bank, "MZ-HUSH-1")
    worked(bill)
    assert desk.read_bill(bill.bill_id).posting == "waiting"
    worked(bill)
    read = desk.read_bill(bill.bill_id)
    assert (read.posting, read.refund_fen, bool(read.receipt_no)) == ("posted", 0, True)


def test_a_time_out_of_the_hospital_ends_in_refunded(
    desk: sdk.Client, bank: Ledger, sandbox: Sandbox
) -> None:
    bill = paid(desk, bank, "MZ2")
    sandbox.fault("his", "outage")
    worked(bill)
    waited_out_all()
    worked(bill)
    given_back()
    read = desk.read_bill(bill.bill_id)
    assert (read.posting, read.refunded_fen, read.refunds[0].reason) == ("returned", 14_500, "unposted")
    with pytest.raises(sdk.Conflict) as late:
        desk.report_posting(bill.bill_id, outcome="posted", receipt_no="SJ2", amount_fen=14_500)
    assert late.value.code == "bill_returned"
    assert desk.read_bill(bill.bill_id).posting == "different"


class LikeAlipay(Bank):
    """The bank of the tests under a code that the payer's own code names."""

    code = account = "alipay"


def test_the_program_on_the_page_runs_as_it_is_printed(
    live_server: LiveServer, place: Hospital, bank: Ledger, settings: Settings
) -> None:
    settings.PAYMENT_PROVIDERS = [
        *(each for each in settings.PAYMENT_PROVIDERS if "alipay" not in each),
        f"{__name__}.LikeAlipay",
    ]
    channel = services.add_channel(
        institution=place.public_id,
        provider=LikeAlipay.code,
        setup=Setup("shop-2", "https://bank.example", {}, [Way.SCANNED.value], secrets={"secret": "s"}),
        reason="测试",
        actor=SYSTEM,
    )
    services.switch_channel(channel=channel, is_on=True, reason="测试", actor=SYSTEM)
    persons.link_source_record(person_pk=holder().card.person_id, source=place.public_id, local_id="P0001")
    page = (Path(__file__).parents[2] / "docs/institutions/money.md").read_text()
    program = page.partition("```python\n")[2].partition("```")[0]

    def sleep(seconds: float) -> None:
        """What the worker does meanwhile, and the payer at the bank."""
        attempt = PaymentAttempt.objects.get()
        asking.launch_attempt(attempt=attempt.public_id)
        bank.pay(attempt.public_id)
        asking.ask_attempt(attempt=attempt.public_id)

    signer = place.signer
    names = {
        "base_url": live_server.url,
        "client_id": signer.client,
        "key_id": signer.kid,
        "secret": signer.secret,
        "scanned_text": "28" + "1" * 16,
        "sleep": sleep,
    }
    exec(compile(program, "money.md", "exec"), names)
    given_back()
    read = names["ehc"].read_bill(names["bill"].bill_id)  # type: ignore[attr-defined]
    assert (read.state, read.posting, read.receipt_no) == ("paid", "posted", "SJ0001")
    assert (read.refunded_fen, read.refunds[0].refund_no) == (2_500, "TF0001")
