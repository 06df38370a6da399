"""Paying at a hospital's own window or doctor's desk: the payer's code is scanned, or a code is shown.

It is an online payment as any other. The hospital's system begins it, asks for the result, and may end
it; the resident sees it as well.
"""

import re
from functools import partial

from django.db import transaction

from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from payments import tasks
from payments.errors import PayCodeUnknown, PaymentUnderway, WayNotOffered
from payments.models import PaymentAttempt, Settlement
from payments.providers.base import Way
from payments.rules import App, AttemptState
from payments.scope import bill_for
from payments.services.asking import may_ask_now
from payments.services.online import Start, begin_payment, give_up, offered

# By the first figures: WeChat Pay has 18 of them, Alipay 16 to 24, UnionPay 19.
CODES = {
    "weixinpay": re.compile(r"1[0-5]\d{16}"),
    "alipay": re.compile(r"(2[5-9]|30)\d{14,22}"),
    "unionpay": re.compile(r"62\d{17}"),
}
WAITS = 3


@transaction.atomic
def take_payment(*, bill: str, way: str, provider: str, auth_code: str, actor: Actor) -> str:
    """Begin a payment at the counter; the channel is asked by a worker once this stands.

    Begun again with the same code it is the same payment.

    Args:
        way: ``scanned`` with ``auth_code``, or ``scans``.
        provider: Empty where the code says it.

    Returns:
        The public id of the payment.

    Raises:
        PayCodeUnknown: The code is of none of the channels.
        BillNotOpen, WayNotOffered, PaymentUnderway: As ``begin_payment``.
    """
    row = bill_for(bill, actor)
    if way == Way.SCANNED:
        provider = _provider_of(auth_code, provider)
    elif auth_code:
        raise InvalidInput(field="auth_code")
    else:
        provider = provider or _first(row.public_id, actor)
    payer = {"auth_code": auth_code} if auth_code else {}
    start = Start(provider=provider, way=way, app=App.HOSPITAL, account="", payer=payer)
    settlement = begin_payment(bill=row.public_id, start=start, actor=actor)
    attempts = PaymentAttempt.objects.select_related("bill").filter(channel__isnull=False)
    attempt = attempts.get(leg__settlement__public_id=settlement)
    if ((attempt.asks or {}).get("payer") or {}).get("auth_code", "") != auth_code:
        # The first code may still bring the money.
        raise PaymentUnderway
    transaction.on_commit(partial(tasks.launch_attempt.delay, attempt.public_id))
    return settlement


def end_payment(*, bill: str, payment: str, actor: Actor) -> None:
    """Stop a payment that this hospital began; what still comes pays the bill if it is owed, or goes back.

    Raises:
        NotFound: It is none of the hospital's own.
    """
    row = bill_for(bill, actor)
    found = Settlement.objects.filter(bill=row, public_id=payment, app=App.HOSPITAL, online=True).first()
    if found is None:
        raise NotFound
    if give_up(settlement=found.public_id, failure="hospital", actor=actor):
        for attempt in PaymentAttempt.objects.filter(leg__settlement=found, channel__isnull=False):
            transaction.on_commit(partial(tasks.ask_attempt.delay, attempt.public_id))


def watch_payment(*, attempt: str) -> None:
    """Have the channel asked how a payment stands, at most every few seconds; in no transaction."""
    row = PaymentAttempt.objects.filter(public_id=attempt, state=AttemptState.STARTED).first()
    if row is not None and may_ask_now(attempt, every_seconds=WAITS):
        (tasks.ask_attempt if row.launch_until or row.asked else tasks.launch_attempt).delay(attempt)


def _provider_of(auth_code: str, provider: str) -> str:
    for code, shape in CODES.items():
        if shape.fullmatch(auth_code) and provider in ("", code):
            return code
    if provider and auth_code and provider not in CODES:
        return provider  # a channel that the product does not know by its codes
    raise PayCodeUnknown(field="auth_code")


def _first(bill: str, actor: Actor) -> str:
    """The first channel by the institution's order that shows a code."""
    for channel in offered(bill_for(bill, actor)):
        if Way.SCANS in channel.ways:
            return channel.provider
    raise WayNotOffered(field="way")
