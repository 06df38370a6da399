"""The books, looked at: they hold after everything that payers and channels do, and a breach is found."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from payments import services
from payments.providers.base import Payment, Said
from payments.rules import RefundReason
from payments.selectors.books import check_books
from payments.services.reconciling_now import reconcile_now
from payments.services.suspense import note_unclaimed
from tests.payments.owing import SYSTEM, Desk, desk, paid
from tests.payments.paying import channel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank"), pytest.mark.row("FC-11")]


@contextmanager
def guards_off() -> Iterator[None]:
    """As after a restore without its triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = origin")


def broken() -> set[str]:
    return {finding.rule for finding in check_books()}


def test_books_that_hold_say_so(place: Desk) -> None:
    paid(place)
    call_command("check_books")


# What a hand with too many rights could do, by the rule that notices it.
_ATTEMPT = "UPDATE payments_attempt SET"
BREACHES = {
    "every movement sums to zero": "UPDATE payments_ledger_entry SET amount_fen = 5 WHERE account = 'cash'",
    "no movement without both sides": "DELETE FROM payments_ledger_entry WHERE account = 'cash'",
    "a bill says what the ledger says": "UPDATE payments_bill SET captured_fen = captured_fen + 1",
    "a paid bill was earned": "DELETE FROM payments_ledger_entry WHERE kind = 'apply'",
    "captured is never below refunded": "UPDATE payments_refund SET amount_fen = 5000",
    "one movement for each capture": "DELETE FROM payments_ledger_entry WHERE kind = 'capture'",
    "the legs sum to the total": "UPDATE payments_leg SET amount_fen = amount_fen + 1",
    "a settled bill has all its legs": "UPDATE payments_leg SET taken_at = NULL",
    "what waits to be settled is what arrived and is not settled": f"{_ATTEMPT} applied_at = NULL",
    "what is owed back is what lies in the work list": (
        "UPDATE payments_refund SET state = 'withdrawn', ended_at = now()"
    ),
    "every channel holds what it took less what it gave back": f"{_ATTEMPT} provider = 'till'",
    "allocated money has a payment": (
        "ALTER TABLE payments_ledger_entry DROP CONSTRAINT payments_entry_of_an_attempt;"
        " UPDATE payments_ledger_entry SET attempt_id = NULL WHERE kind = 'capture'"
    ),
    "one capture for each transaction of a channel": (
        f"DROP INDEX payments_channel_ref_once; {_ATTEMPT} channel_ref = 'B1'"
    ),
    "one movement for each step of a refund": "UPDATE payments_refund SET state = 'paid', ended_at = now()",
    "what is in suspense is what nobody has claimed": "UPDATE payments_suspense SET amount_fen = 5",
    "detail, channel, application and total of a day agree": (
        "UPDATE payments_ledger_entry SET at = at - interval '2 days' WHERE account = 'cash'"
    ),
    "whoever proposed did not approve": (
        "ALTER TABLE payments_difference DROP CONSTRAINT payments_difference_two_people;"
        " UPDATE payments_difference SET state = 'done', ended_at = now(), approved_at = now(),"
        " proposed_by = 'somebody', approved_by = 'somebody'"
    ),
}


@pytest.mark.parametrize("name", BREACHES)
def test_a_breach_is_found(place: Desk, name: str) -> None:
    bill = paid(place)
    paid(place)
    services.refund_bill(bill=bill.bill_id, amount_fen=5, reason=RefundReason.STAFF, actor=place.actor)
    said = Payment("elsewhere", Said.PAID, 700, "B9")
    note_unclaimed(channel=channel(place.institution), said=said, told_by="notice", actor=SYSTEM)
    reconcile_now(actor=SYSTEM)
    assert not broken()
    with guards_off(), connection.cursor() as cursor:
        cursor.execute(BREACHES[name])
    assert name in broken()
    with pytest.raises(CommandError):
        call_command("check_books")


@pytest.fixture
def place() -> Desk:
    return desk()
