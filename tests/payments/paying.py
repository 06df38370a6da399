"""Paying online at the bank of the tests."""

import json
from collections.abc import Mapping

from django.db.models import F
from django.test import Client

from foundation.events import relay
from payments import services
from payments.models import Channel, PaymentAttempt, Refund, Settlement
from payments.rules import App, RefundReason
from payments.services import asking, returning
from payments.services.channels import Setup
from payments.services.online import Start
from tests.payments.bank import CODE, Ledger, signed
from tests.payments.owing import SYSTEM, Desk, owed

SECRET = "bank-secret"
PAYER = "0payer0000000000000000000p"


def channel(institution: str, *, is_on: bool = True, number: str = "shop-1") -> Channel:
    public_id = services.add_channel(
        institution=institution,
        provider=CODE,
        setup=Setup(number, "https://bank.example", {}, ["scans"], secrets={"secret": SECRET}),
        reason="测试",
        actor=SYSTEM,
    )
    if is_on:
        services.switch_channel(channel=public_id, is_on=True, reason="测试", actor=SYSTEM)
    return Channel.objects.get(public_id=public_id)


def begun(bill: str, *, account: str = PAYER) -> PaymentAttempt:
    """A payment that the resident has begun, and that the bank does not know yet."""
    settlement = services.begin_payment(bill=bill, start=Start(CODE, "scans", App.H5, account), actor=SYSTEM)
    return PaymentAttempt.objects.get(leg__settlement__public_id=settlement)


def settlement_of(attempt: PaymentAttempt) -> Settlement:
    return Settlement.objects.get(legs__attempts=attempt)


def tell(where: Channel, said: Mapping[str, object], *, notice: str = "n1", secret: str = SECRET) -> int:
    """The bank tells something; the status of our answer, after the inbox was worked through."""
    body = json.dumps({"id": notice, "kind": "payment", "state": "paid", **said}).encode()
    answer = Client().post(
        f"/pay/notices/{CODE}/{where.public_id}",
        body,
        content_type="application/json",
        headers={"x-bank": signed(body, secret)},
    )
    relay.work_inbox()
    return answer.status_code


def tell_paid(
    where: Channel,
    attempt: PaymentAttempt,
    *,
    notice: str = "n1",
    secret: str = SECRET,
    **more: object,
) -> int:
    number = attempt.public_id
    said: dict[str, object] = {
        "number": number,
        "amount_fen": attempt.amount_fen,
        "channel_ref": f"B{number}",
        **more,
    }
    return tell(where, said, notice=notice, secret=secret)


def asked_now() -> None:
    """The clock's round of questions, with nothing left to wait for."""
    PaymentAttempt.objects.filter(next_ask_at__isnull=False).update(next_ask_at=F("started_at"))
    for attempt in asking.due_attempts():
        asking.ask_attempt(attempt=attempt)


def refunds_now() -> None:
    """The same for refunds."""
    Refund.objects.filter(next_try_at__isnull=False).update(next_try_at=F("opened_at"))
    for refund in returning.due_refunds():
        returning.send_refund(refund=refund)


def paid_online(place: Desk, at: Channel, bank: Ledger) -> tuple[str, PaymentAttempt]:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    tell_paid(at, attempt)
    return bill.bill_id, attempt


def refunded(bill: str, place: Desk, amount_fen: int | None = None) -> Refund:
    [refund] = services.refund_bill(
        bill=bill, amount_fen=amount_fen, reason=RefundReason.STAFF, actor=place.actor
    )
    return Refund.objects.get(public_id=refund)
