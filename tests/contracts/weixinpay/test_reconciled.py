"""A day at the sandbox with its own bill: it agrees, and a payment that nobody heard of is found."""

import pytest
from django.db.models import F

from foundation.core import clock
from payments.models import Channel, Difference, PaymentAttempt, Refund, StatementFile
from payments.reconciliation.rules import Act, FileState, beijing_day
from payments.rules import RefundReason
from payments.selectors.books import check_books
from payments.selectors.clearing import levels
from payments.services import owing, reconciling, returning, statements
from tests.contracts.weixinpay.side import Shop
from tests.contracts.weixinpay.test_whole import launched, pass_on, pay, place
from tests.payments.owing import SYSTEM, Desk, owed

__all__ = ["place"]
pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-10")]


def reconcile() -> StatementFile:
    """Today's bill, which the sandbox writes at once."""
    [file] = statements.ask_for_day(day=beijing_day(clock.now()), actor=SYSTEM)
    statements.fetch_statement(file=file)
    reconciling.reconcile_file(file=file, actor=SYSTEM)
    return StatementFile.objects.get(is_current=True)


def test_a_day_agrees_and_a_payment_that_nobody_heard_of_is_found(shop: Shop, place: Desk) -> None:
    shop.behave(bills="ready", pace=0)
    Channel.objects.update(fee_rate=600)
    started = beijing_day(clock.now())
    paid = launched(owed(place.institution, total_fen=10_000).bill_id)
    pay(shop, paid)
    pass_on(shop.heard()[0])
    paid = PaymentAttempt.objects.get(pk=paid.pk)
    owing.owe_back(bill=paid.bill, amount_fen=2_500, reason=RefundReason.STAFF, actor=SYSTEM)
    for _ in range(2):
        Refund.objects.update(next_try_at=F("opened_at"))
        for refund in returning.due_refunds():
            returning.send_refund(refund=refund)
    file = reconcile()
    assert beijing_day(clock.now()) == started
    assert (file.state, file.count, file.gross_fen, file.refund_fen) == (FileState.HERE, 2, 10_000, 2_500)
    assert not Difference.objects.exists()
    assert levels(actor=SYSTEM, day=started).agree

    lost = launched(owed(place.institution).bill_id)
    shop.sandbox.fault("weixinpay", "drop")
    pay(shop, lost)
    file = reconcile()
    assert (file.version, file.count) == (2, 3)
    found = Difference.objects.get()
    assert (found.kind, found.act, found.attempt) == ("state", Act.CONFIRM, lost)
    assert check_books() == []
