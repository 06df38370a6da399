"""How well channels work: counted from rows, shown per channel, and said when one is in trouble."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from foundation.core import clock
from foundation.events.models import OutboxMessage
from institutions.rules import Role
from payments import services
from payments.models import Channel, ChannelNotice, PaymentAttempt, Refund
from payments.providers.errors import BalanceTooLow
from payments.rules import AttemptState, RefundReason
from payments.selectors.health import Health, channel_health
from payments.services import asking, returning, watching
from tests.institutions import people
from tests.payments.bank import CODE, Ledger, unsure
from tests.payments.owing import SYSTEM, Desk, desk, owed
from tests.payments.paying import begun, channel, tell_paid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank"), pytest.mark.row("FC-12")]

PAGE = "/institution/payments/channel/health/"


def launched(place: Desk, bank: Ledger) -> PaymentAttempt:
    attempt = begun(owed(place.institution, minutes=None).bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    return attempt


def told(place: Desk, at: Channel, bank: Ledger) -> PaymentAttempt:
    attempt = launched(place, bank)
    tell_paid(at, attempt, notice=attempt.public_id)
    return attempt


def asked(place: Desk, bank: Ledger) -> PaymentAttempt:
    """A payment whose notice never came."""
    attempt = launched(place, bank)
    asking.ask_attempt(attempt=attempt.public_id)
    return attempt


def failed(place: Desk, failure: str) -> None:
    attempt = begun(owed(place.institution, minutes=None).bill_id)
    services.fail_attempt(attempt=attempt.public_id, failure=failure, actor=SYSTEM)


def health(place: Desk) -> Health:
    admin = people.staff(Role.INSTITUTION_ADMIN, place.institution, username=f"boss{clock.now().timestamp()}")
    [found] = channel_health(actor=people.actor(admin), since=clock.now() - timedelta(days=1))
    return found


def test_success_and_reasons_of_failure_are_counted(place: Desk, at: Channel, bank: Ledger) -> None:
    for _ in range(3):
        told(place, at, bank)
    failed(place, "payer")
    found = health(place)
    assert (found.started, found.captured, found.failed) == (4, 3, 1)
    assert found.success_percent == 75.0
    assert found.failures == [("付款人放弃", 1)]
    assert found.half_seconds is not None
    assert found.lost == 0


def test_payments_found_by_asking_and_notices_that_never_came(place: Desk, at: Channel, bank: Ledger) -> None:
    told(place, at, bank)
    late, lost = asked(place, bank), asked(place, bank)
    tell_paid(at, late, notice="late")
    long_ago = clock.now() - timedelta(hours=1)
    PaymentAttempt.objects.filter(pk=lost.pk).update(started_at=long_ago, captured_at=long_ago)
    found = health(place)
    assert (found.captured, found.asked, found.lost) == (3, 2, 1)
    assert ChannelNotice.objects.count() == 2


def test_a_channel_that_does_not_answer_is_seen(place: Desk, at: Channel, bank: Ledger) -> None:
    attempt = begun(owed(place.institution).bill_id)
    bank.down["order"] = unsure()
    asking.launch_attempt(attempt=attempt.public_id)
    assert health(place).unanswered == 0
    PaymentAttempt.objects.update(started_at=clock.now() - timedelta(minutes=2))
    assert health(place).unanswered == 1


def test_refunds_that_wait_are_counted_by_their_age(place: Desk, at: Channel, bank: Ledger) -> None:
    for _ in range(3):
        attempt = told(place, at, bank)
        services.refund_bill(
            bill=attempt.bill.public_id, amount_fen=None, reason=RefundReason.STAFF, actor=place.actor
        )
    first, second, _third = Refund.objects.order_by("pk")
    bank.down["refund"] = BalanceTooLow(CODE, "NOT_ENOUGH")
    returning.send_refund(refund=first.public_id)
    Refund.objects.filter(pk=first.pk).update(opened_at=clock.now() - timedelta(days=8))
    Refund.objects.filter(pk=second.pk).update(opened_at=clock.now() - timedelta(hours=2))
    waiting = health(place).refunds
    assert (waiting.count, waiting.over, waiting.abnormal, waiting.lacks_balance) == (3, (2, 1, 1), 0, 1)


def test_the_page_shows_the_own_channels_and_asks_a_bounded_number_of_times(
    place: Desk, at: Channel, bank: Ledger, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    channel(desk(2).institution, number="shop-2")
    told(place, at, bank)
    admin = people.staff(Role.INSTITUTION_ADMIN, place.institution, username="boss")
    client = people.at_work(Client(), admin)
    client.get(PAGE)
    with django_assert_max_num_queries(14):
        shown = client.get(PAGE, {"period": "1h"}).content.decode()
    assert shown.count("测试银行") == 2
    assert "100.0%" in shown
    centre = people.at_work(Client(), people.staff(Role.CENTRE_ADMIN))
    assert centre.get("/admin/payments/channel/health/").content.decode().count("测试银行") == 4
    assert people.at_work(Client(), place.account).get(PAGE).status_code == 403


def test_a_channel_in_trouble_is_told_once_an_hour(place: Desk, at: Channel, bank: Ledger) -> None:
    for _ in range(watching.LEAST_PAYMENTS - 1):
        failed(place, "closed")
    assert watching.watch_channels() == 0
    failed(place, "closed")
    assert PaymentAttempt.objects.filter(state=AttemptState.FAILED).count() == watching.LEAST_PAYMENTS
    assert watching.watch_channels() == 1
    assert watching.watch_channels() == 0
    [event] = OutboxMessage.objects.filter(topic="pay_channel.unhealthy.v1")
    assert event.payload["trouble"] == "success"
    assert event.payload["channel_id"] == at.public_id
