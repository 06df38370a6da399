"""What the rules and keys of a channel let be paid."""

from dataclasses import replace

import pytest

from foundation.audit.models import AuditEntry
from payments import services
from payments.errors import (
    BillNotOpen,
    ChannelIncomplete,
    ChannelInUse,
    WayNotOffered,
)
from payments.models import Channel
from payments.rules import BillState, RefundReason
from payments.services import asking
from payments.services.channels import Setup
from tests.payments.bank import CODE, Ledger
from tests.payments.owing import SYSTEM, Desk, balances, owed, row
from tests.payments.paying import (
    asked_now,
    begun,
    refunded,
    refunds_now,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank"), pytest.mark.row("FC-04")]


@pytest.mark.row("FC-12")
def test_a_channel_switched_off_in_mid_payment_leaves_nothing_unsettled(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill, other = owed(place.institution), owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    services.switch_channel(channel=at.public_id, is_on=False, reason="维护", actor=SYSTEM)
    with pytest.raises(WayNotOffered):
        begun(other.bill_id)
    bank.pay(attempt.public_id)
    asked_now()
    assert row(bill).state == BillState.PAID
    refunded(bill.bill_id, place)
    refunds_now()
    assert balances() == {}


@pytest.mark.row("FC-12")
def test_a_channel_without_its_keys_is_not_switched_on_and_no_key_is_told(place: Desk) -> None:
    where = services.add_channel(
        institution=place.institution,
        provider=CODE,
        setup=Setup("shop-2", "https://bank.example", {}, ["scans"]),
        reason="测试",
        actor=SYSTEM,
    )
    with pytest.raises(ChannelIncomplete):
        services.switch_channel(channel=where, is_on=True, reason="测试", actor=SYSTEM)
    setup = Setup("shop-2", "https://bank.example", {"shop": "A"}, ["scans"], secrets={"secret": "hush-hush"})
    services.change_channel(channel=where, setup=setup, reason="补密钥", actor=SYSTEM)
    services.switch_channel(channel=where, is_on=True, reason="测试", actor=SYSTEM)
    entry = AuditEntry.objects.get(action="pay_channel.changed")
    assert entry.details["fields"] == ["values", "secret:secret"]
    assert "hush-hush" not in f"{setup} {list(AuditEntry.objects.values())}"
    # What is not said again stays.
    services.change_channel(
        channel=where,
        setup=Setup("shop-2", "https://bank.example", {}, ["scans"]),
        reason="改门店",
        actor=SYSTEM,
    )
    assert Channel.objects.get().secrets == {"secret": "hush-hush"}


def test_the_number_under_which_money_was_taken_stays(place: Desk, at: Channel, bank: Ledger) -> None:
    """What was paid under it is asked for, and given back, under no other."""
    setup = Setup("shop-2", "https://bank.example", {}, ["scans"])
    services.change_channel(channel=at.public_id, setup=setup, reason="改号", actor=SYSTEM)
    begun(owed(place.institution).bill_id)
    with pytest.raises(ChannelInUse):
        services.change_channel(
            channel=at.public_id, setup=replace(setup, number="shop-3"), reason="改号", actor=SYSTEM
        )
    moved = replace(setup, base_url="https://bank2.example")
    services.change_channel(channel=at.public_id, setup=moved, reason="新地址", actor=SYSTEM)


def test_a_bill_outside_the_rules_of_the_channel_is_not_offered(place: Desk, at: Channel) -> None:
    Channel.objects.update(most_fen=1_000)
    with pytest.raises(WayNotOffered):
        begun(owed(place.institution).bill_id)
    bill = owed(place.institution, total_fen=900)
    services.cancel_bill(bill=bill.bill_id, reason=RefundReason.CANCELLED, actor=SYSTEM)
    with pytest.raises(BillNotOpen):
        begun(bill.bill_id)
