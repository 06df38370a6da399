"""What hospitals tell of money, over their signed door."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from foundation.core import clock
from foundation.events import relay
from foundation.events.models import InboxMessage, OutboxMessage
from foundation.events.types import InboxState, WaitReason
from foundation.gateway import inbound
from payments import services
from payments.models import Bill, PaymentAttempt, Refund
from payments.rules import BillState, RefundReason, RefundState
from tests.accounts.people import signed_in
from tests.cards.holding import CardHolder, card_holder
from tests.interop.senders import event, sender_of
from tests.interop.world import Place
from tests.payments.insuring import claim
from tests.payments.owing import SYSTEM, balances

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-10")]

ITEMS = [{"title": "腹部彩超", "amount_fen": 12_000, "category": "examination"}]


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def who() -> CardHolder:
    return card_holder()


def told(kind: str, who: CardHolder, *, seq: int, number: str = "MZ1", **data: Any) -> dict[str, Any]:
    patient = {"health_card_id": who.card.numbers.get().value}
    return event(kind, seq=seq, aggregate=f"bill:{number}", bill_no=number, patient=patient, **data)


def tell(place: Place, envelope: dict[str, Any]) -> None:
    inbound.accept(envelope, institution=place.public_id)
    relay.work_inbox()


def charge(place: Place, who: CardHolder, *, seq: int = 1, total: int = 12_000) -> None:
    items = [{"title": "腹部彩超", "amount_fen": total, "category": "examination"}]
    tell(place, told("bill.charged", who, seq=seq, items=items, total_fen=total))


def pay_at_till(place: Place, who: CardHolder, *, seq: int = 2, amount: int = 12_000) -> None:
    confirmed = told(
        "bill.paid_confirmed", who, seq=seq, receipt_no="SJ1", amount_fen=amount, paid_by="hospital"
    )
    tell(place, confirmed)


def test_a_charge_that_the_hospital_signs_is_a_bill_that_the_patient_sees(
    place: Place, who: CardHolder, client: Client
) -> None:
    envelope = told("bill.charged", who, seq=1, items=ITEMS, total_fen=12_000)
    assert sender_of(place).send(envelope).status_code == 202
    relay.work_inbox()
    bill = Bill.objects.get()
    assert (bill.state, bill.total_fen, bill.reference) == (BillState.OPEN, 12_000, "MZ1")
    assert OutboxMessage.objects.filter(topic="bill.opened.v1").count() == 1
    page = signed_in(client, who.account).get(f"/bills/{bill.public_id}/").content.decode()
    assert "¥120.00" in page
    assert bill.number[:4] in page


def test_each_charge_is_told_once_however_often_it_is_sent(place: Place, who: CardHolder) -> None:
    envelope = told("bill.charged", who, seq=1, items=ITEMS, total_fen=12_000)
    for _ in range(3):
        tell(place, envelope)
    tell(place, told("prescription.payable", who, seq=1, number="CF1", items=ITEMS, total_fen=12_000))
    assert OutboxMessage.objects.filter(topic="bill.opened.v1").count() == 2
    assert Bill.objects.get(reference="CF1").items.get().category == "examination"


def test_a_charge_that_does_not_add_up_waits_for_staff(place: Place, who: CardHolder) -> None:
    tell(place, told("bill.charged", who, seq=1, items=ITEMS, total_fen=11_999))
    assert not Bill.objects.exists()
    message = InboxMessage.objects.get()
    assert (message.state, message.last_error) == (InboxState.RECEIVED, "BillTotalWrong")


def test_a_field_that_is_wrong_is_named_at_once(place: Place, who: CardHolder) -> None:
    wrong = told("bill.charged", who, seq=1, items=[{"title": "腹部彩超"}], total_fen=1)
    answer = sender_of(place).send(wrong)
    assert answer.status_code == 422
    assert "data.items[0].amount_fen" in answer.content.decode()


@pytest.mark.row("HI-04")
def test_what_an_insurance_needs_comes_with_the_charge_and_is_kept_as_it_came(
    place: Place, who: CardHolder
) -> None:
    told_: dict[str, Any] = {
        "items": ITEMS,
        "total_fen": 12_000,
        "reduction_fen": 500,
        "insurance": claim(12_000),
    }
    for seq in (1, 2):
        tell(place, told("bill.charged", who, seq=seq, **told_))
    bill = Bill.objects.get()
    assert (bill.reduction_fen, bill.due_fen) == (500, 11_500)
    assert bill.claim.told == claim(12_000)
    # Another batch of the hospital's is another bill.
    changed = told_ | {"insurance": claim(12_000, batch_no="B0002")}
    tell(place, told("bill.charged", who, seq=3, **changed))
    assert list(Bill.objects.order_by("pk").values_list("state", flat=True)) == ["cancelled", "open"]


@pytest.mark.row("HI-04")
@pytest.mark.parametrize(
    "wrong",
    [
        claim(11_999),
        claim(12_000, outside_fen=1, first_fen=1, within_fen=1),
        claim(12_000, outside_fen=12_000),
    ],
)
def test_an_insurance_part_that_is_not_the_bill_waits_for_staff(
    place: Place, who: CardHolder, wrong: dict[str, Any]
) -> None:
    tell(place, told("bill.charged", who, seq=1, items=ITEMS, total_fen=12_000, insurance=wrong))
    assert not Bill.objects.exists()
    assert InboxMessage.objects.get().last_error == "ClaimWrong"


def test_a_charge_changed_before_it_is_paid_takes_the_place_of_the_old_one(
    place: Place, who: CardHolder
) -> None:
    charge(place, who)
    charge(place, who, seq=2, total=9_000)
    charge(place, who, seq=3, total=9_000)
    assert list(Bill.objects.order_by("pk").values_list("state", "total_fen")) == [
        (BillState.CANCELLED, 12_000),
        (BillState.OPEN, 9_000),
    ]


def test_what_the_till_took_pays_the_bill_and_a_repeat_changes_nothing(place: Place, who: CardHolder) -> None:
    charge(place, who)
    pay_at_till(place, who)
    pay_at_till(place, who, seq=3)
    bill = Bill.objects.get()
    assert (bill.state, bill.receipt, bill.captured_fen) == (BillState.PAID, "SJ1", 12_000)
    assert PaymentAttempt.objects.count() == 1
    assert balances() == {"income": -12_000, "till": 12_000}


def test_a_payment_waits_a_day_for_its_charge_and_when_it_has_failed_is_applied_with_it(
    place: Place, who: CardHolder
) -> None:
    pay_at_till(place, who)
    for hours, reason in (
        (1, WaitReason.GAP),
        (2, WaitReason.GAP),
        (23, WaitReason.GAP),
        (25, WaitReason.NOTHING),
    ):
        with time_machine.travel(clock.now() + timedelta(hours=hours)):
            relay.work_inbox()
        assert InboxMessage.objects.get().waiting_for == reason
    failed = InboxMessage.objects.get()
    assert (failed.state, failed.last_error) == (InboxState.RECEIVED, "BillNotFound")
    charge(place, who)
    relay.work_inbox()
    assert Bill.objects.get().state == BillState.PAID


def test_a_payment_told_before_its_charge_waits_for_it(place: Place, who: CardHolder) -> None:
    pay_at_till(place, who)
    assert not PaymentAttempt.objects.exists()
    charge(place, who)
    relay.work_inbox()
    assert Bill.objects.get().state == BillState.PAID


def test_money_that_the_till_took_for_a_cancelled_charge_is_owed_back(place: Place, who: CardHolder) -> None:
    charge(place, who)
    tell(place, told("bill.cancelled", who, seq=2))
    pay_at_till(place, who, seq=3)
    assert Bill.objects.get().state == BillState.CANCELLED
    assert Refund.objects.get().reason == RefundReason.LATE


def test_a_paid_charge_is_not_replaced_by_another(place: Place, who: CardHolder) -> None:
    charge(place, who)
    pay_at_till(place, who)
    charge(place, who, seq=3, total=1)
    assert Bill.objects.get().total_fen == 12_000
    assert InboxMessage.objects.get(last_error="BillTaken").state == InboxState.RECEIVED


def test_the_hospital_confirms_only_what_was_paid_here(place: Place, who: CardHolder) -> None:
    charge(place, who)
    said = told("bill.paid_confirmed", who, seq=2, receipt_no="SJ9", amount_fen=12_000, paid_by="platform")
    tell(place, said)
    assert InboxMessage.objects.get(last_error="BillNotPaid").state == InboxState.RECEIVED


@pytest.mark.parametrize(("by", "state"), [("hospital", RefundState.PAID), ("platform", RefundState.DUE)])
def test_a_refund_that_the_hospital_made_is_booked_and_one_that_it_asks_for_is_owed(
    place: Place, who: CardHolder, by: str, state: str
) -> None:
    charge(place, who)
    pay_at_till(place, who)
    refunded = told("bill.refunded", who, seq=3, refund_no="TF1", amount_fen=2_000, refunded_by=by)
    tell(place, refunded)
    refund = Refund.objects.get()
    assert (refund.state, refund.amount_fen, refund.reason) == (state, 2_000, RefundReason.HOSPITAL)


@pytest.mark.parametrize("by", ["hospital", "platform"])
def test_a_refund_told_twice_under_one_number_goes_back_once(place: Place, who: CardHolder, by: str) -> None:
    charge(place, who)
    pay_at_till(place, who)
    for seq in (3, 4):
        tell(place, told("bill.refunded", who, seq=seq, refund_no="TF1", amount_fen=2_000, refunded_by=by))
    assert Refund.objects.count() == 1
    assert Bill.objects.get().refund_fen == 2_000


def test_a_refund_asked_for_and_then_given_back_at_the_till_is_one(place: Place, who: CardHolder) -> None:
    charge(place, who)
    pay_at_till(place, who)
    for seq, by in ((3, "platform"), (4, "hospital"), (5, "hospital")):
        tell(place, told("bill.refunded", who, seq=seq, refund_no="TF1", amount_fen=2_000, refunded_by=by))
    assert Refund.objects.get().state == RefundState.PAID
    tell(place, told("bill.refunded", who, seq=6, refund_no="TF2", amount_fen=2_000, refunded_by="hospital"))
    assert Refund.objects.count() == 2


def test_the_refund_that_was_owed_is_the_one_that_the_till_gave_back(place: Place, who: CardHolder) -> None:
    charge(place, who)
    pay_at_till(place, who)
    bill = Bill.objects.get()
    services.refund_bill(bill=bill.public_id, amount_fen=2_000, reason=RefundReason.CANCELLED, actor=SYSTEM)
    given = told("bill.refunded", who, seq=3, refund_no="TF1", amount_fen=2_000, refunded_by="hospital")
    tell(place, given)
    assert Refund.objects.get().state == RefundState.PAID


@pytest.mark.parametrize("never", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+08:00"])
def test_a_moment_that_cannot_be_kept_or_shown_is_refused(place: Place, who: CardHolder, never: str) -> None:
    envelope = told("bill.charged", who, seq=1, items=ITEMS, total_fen=12_000, expires_at=never)
    refused = sender_of(place).send(envelope)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "data.expires_at"
    assert not Bill.objects.exists()


def test_the_last_moment_that_can_be_shown_is_taken(place: Place, who: CardHolder, client: Client) -> None:
    last = "9999-12-31T23:59:59+08:00"
    tell(place, told("bill.charged", who, seq=1, items=ITEMS, total_fen=12_000, expires_at=last))
    bill = Bill.objects.get()
    assert signed_in(client, who.account).get(f"/bills/{bill.public_id}/").status_code == 200


def test_blanks_around_a_line_make_no_other_bill_of_it(place: Place, who: CardHolder) -> None:
    items = [{**ITEMS[0], "title": " 腹部彩超 "}]
    for seq in (1, 2):
        tell(place, told("bill.charged", who, seq=seq, items=items, total_fen=12_000))
    assert Bill.objects.count() == 1
