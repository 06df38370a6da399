"""Codes on their way to a phone: tried again, told once, and erased."""

from datetime import timedelta

import pytest

from foundation.accounts import phone_codes, services, sms
from foundation.accounts.models import SmsDispatch, SmsState
from foundation.carriers import sms as carrier
from foundation.core import clock
from foundation.events.services import Message as Event
from notifications.handlers.receipts import on_sms_receipt
from notifications.models import Supplier
from notifications.services import suppliers
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("NT-02")]

PHONE = "13900000001"
REJECTED = "19900004030"
BROKEN = "19900005000"


def prepared(phone: str = PHONE) -> SmsDispatch:
    return sms.prepare(phone=phone, code="402817", purpose=phone_codes.SIGN_IN)


def test_a_message_is_sent_once_and_erased(sandbox: Sandbox) -> None:
    dispatch = prepared()
    assert sms.send(dispatch.public_id)
    assert sms.send(dispatch.public_id)
    assert len(sandbox.messages(PHONE)) == 1
    dispatch.refresh_from_db()
    assert (dispatch.state, dispatch.phone, dispatch.code) == (SmsState.SENT, None, None)
    assert dispatch.provider_reference


def test_while_the_carrier_is_down_the_message_waits(sandbox: Sandbox) -> None:
    dispatch = prepared(BROKEN)
    assert sms.send(dispatch.public_id) is False
    dispatch.refresh_from_db()
    assert (dispatch.state, dispatch.attempts) == (SmsState.WAITING, 1)
    assert dispatch.phone == BROKEN


def test_a_number_that_the_carrier_rejects_is_given_up(sandbox: Sandbox) -> None:
    dispatch = prepared(REJECTED)
    assert sms.send(dispatch.public_id) is True
    dispatch.refresh_from_db()
    assert (dispatch.state, dispatch.last_error, dispatch.phone) == (SmsState.FAILED, "number_rejected", None)


def test_a_message_whose_worker_died_is_sent_by_the_next(sandbox: Sandbox) -> None:
    dispatch = prepared()
    first, _second = suppliers.ensure()
    now = clock.now()
    SmsDispatch.objects.filter(pk=dispatch.pk).update(
        state=SmsState.SENDING, attempts=1, supplier=first.name, lease_until=now + timedelta(seconds=5)
    )
    assert sms.send(dispatch.public_id) is False
    assert sandbox.messages(PHONE) == []
    SmsDispatch.objects.filter(pk=dispatch.pk).update(lease_until=now - timedelta(seconds=1))
    Supplier.objects.filter(name=first.name).update(weight=0)
    assert sms.send(dispatch.public_id) is True
    # The one that was asked before knows the number, and drops what it has sent.
    (message,) = sandbox.messages(PHONE)
    assert message["supplier"] == first.name


def test_a_code_that_is_out_of_date_is_not_sent_but_erased(sandbox: Sandbox) -> None:
    dispatch = prepared()
    SmsDispatch.objects.filter(pk=dispatch.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    assert sms.send(dispatch.public_id) is True
    assert sandbox.messages(PHONE) == []
    dispatch.refresh_from_db()
    assert (dispatch.state, dispatch.code) == (SmsState.FAILED, None)


def test_the_purge_erases_what_never_went_out_and_forgets_the_old() -> None:
    waiting, old, fresh = prepared(), prepared(), prepared()
    SmsDispatch.objects.filter(pk=waiting.pk).update(expires_at=clock.now() - timedelta(minutes=1))
    SmsDispatch.objects.filter(pk=old.pk).update(created_at=clock.now() - timedelta(days=31))
    assert sms.purge() == 1
    waiting.refresh_from_db()
    fresh.refresh_from_db()
    assert (waiting.phone, fresh.phone) == (None, PHONE)
    assert (waiting.recipient, fresh.recipient) == ("", phone_codes.phone_digest(PHONE))


def shares(first: int) -> None:
    one, other = suppliers.ensure()
    before = clock.now() - timedelta(minutes=10)
    Supplier.objects.filter(pk=one.pk).update(weight=first, changed_at=before)
    Supplier.objects.filter(pk=other.pk).update(weight=100 - first, changed_at=before)


def test_a_code_goes_by_the_other_supplier_when_one_is_away(sandbox: Sandbox) -> None:
    shares(100)
    sandbox.fault("sms", "outage")
    dispatch = prepared()
    assert sms.send(dispatch.public_id) is False
    assert sms.send(dispatch.public_id) is True
    (message,) = sandbox.messages(PHONE)
    assert (message["supplier"], message["code"]) == ("sms2", "402817")
    assert {row.name: row.weight for row in suppliers.ensure()} == {"sms": 90, "sms2": 10}


def test_a_code_whose_answer_was_lost_arrives_twice_at_worst_and_is_the_same(sandbox: Sandbox) -> None:
    shares(100)
    dispatch = prepared()
    SmsDispatch.objects.filter(pk=dispatch.pk).update(state=SmsState.WAITING, supplier="sms", attempts=1)
    # The first one has sent it, and nobody heard.
    carrier.send(
        template="sign_in_code",
        phone=PHONE,
        params={"code": "402817", "minutes": 5},
        request_id=dispatch.public_id,
        supplier="sms",
    )
    assert sms.send(dispatch.public_id) is True
    assert [(sent["supplier"], sent["code"]) for sent in sandbox.messages(PHONE)] == [
        ("sms2", "402817"),
        ("sms", "402817"),
    ]


def test_a_code_that_was_replaced_is_sent_by_nobody_any_more(sandbox: Sandbox) -> None:
    shares(100)
    sandbox.fault("sms", "outage")
    older = prepared()
    assert sms.send(older.public_id) is False
    newer = sms.prepare(phone=PHONE, code="111222", purpose=phone_codes.SIGN_IN)
    elsewhere = sms.prepare(phone=PHONE, code="333444", purpose=phone_codes.BIND)
    shares(100)
    assert sms.send(newer.public_id) is False
    assert sms.send(newer.public_id) is True
    assert sms.send(older.public_id) is True
    older.refresh_from_db()
    assert (older.state, older.last_error, older.code) == (SmsState.FAILED, "replaced", None)
    sandbox.repair()
    assert sms.send(elsewhere.public_id) is True
    assert sorted(sent["code"] for sent in sandbox.messages(PHONE)) == ["111222", "333444"]


def test_codes_of_two_families_to_one_phone_both_arrive(sandbox: Sandbox) -> None:
    for code in ("111222", "333444"):
        services.send_family_code(phone=PHONE, code=code)
    for row in SmsDispatch.objects.all():
        assert sms.send(row.public_id)
    assert sorted(sent["code"] for sent in sandbox.messages(PHONE)) == ["111222", "333444"]


def test_codes_that_do_not_arrive_count_against_their_supplier() -> None:
    shares(50)
    sent_at = clock.now() - timedelta(minutes=6)
    for _ in range(4):
        row = prepared()
        SmsDispatch.objects.filter(pk=row.pk).update(
            state=SmsState.SENT, supplier="sms", created_at=sent_at, sent_at=sent_at
        )
    one, other = (suppliers.health_of(row=row, moment=clock.now()) for row in suppliers.ensure())
    assert (one.messages, one.slow, other.messages) == (4, 4, 0)
    assert suppliers.rebalance()
    assert {row.name: row.weight for row in suppliers.ensure()} == {"sms": 40, "sms2": 60}


def test_a_receipt_says_that_a_code_arrived() -> None:
    shares(50)
    row = prepared()
    SmsDispatch.objects.filter(pk=row.pk).update(
        state=SmsState.SENT, supplier="sms", sent_at=clock.now() - timedelta(seconds=4)
    )
    said = {"request_id": row.public_id, "message_id": "m1", "status": "delivered"}
    for supplier in ("sms2", "sms", "sms"):
        on_sms_receipt(Event("r1", "sms.receipt.v1", {**said, "supplier": supplier}))
    row.refresh_from_db()
    assert row.receipt_at is not None
    assert sms.taken_by(
        supplier="sms", since=clock.now() - timedelta(minutes=15), slow_after=timedelta(seconds=3)
    ) == (1, 1)
