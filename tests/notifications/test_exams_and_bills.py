"""What residents are told of examinations and of bills: who hears, how often, and never which ones."""

from datetime import datetime, timedelta

import pytest

from cards.models import CardNumber
from foundation.core import clock
from foundation.events import relay
from foundation.events.models import InboxMessage
from foundation.events.services import Message as Event
from foundation.events.types import InboxState
from foundation.gateway import inbound
from identity import rules as levels
from identity.rules import Deed, Level
from notifications.handlers import visits
from notifications.models import Dispatch, Message
from tests.appointments.booking import Resident, resident
from tests.appointments.examining import Examining, examining
from tests.identity import test_family as family
from tests.interop.senders import event
from tests.interop.world import Place
from tests.notifications.sending import daytime, template

pytestmark = pytest.mark.django_db
SOON = timedelta(days=2)


class Orders:
    """A hospital whose system tells of examinations of one resident."""

    def __init__(self) -> None:
        self.hospital = Place()
        self.place: Examining = examining(self.hospital.public_id)
        self.who: Resident = resident()
        self.card = CardNumber.objects.get(card__person=self.who.patient.person_pk).value
        self.seqs: dict[str, int] = {}

    def tell(self, kind: str, order: str = "JC1", **data: str) -> None:
        self.seqs[order] = self.seqs.get(order, 0) + 1
        told = event(
            kind,
            seq=self.seqs[order],
            aggregate=f"exam:{order}",
            order_no=order,
            patient={"health_card_id": self.card},
            **data,
        )
        inbound.accept(told, institution=self.hospital.public_id)
        relay.work_inbox()
        relay.expand()
        relay.deliver()

    def times(self, begins: datetime) -> dict[str, str]:
        return {
            "starts_at": begins.isoformat(),
            "ends_at": (begins + timedelta(minutes=15)).isoformat(),
        }

    def heard(self) -> list[str]:
        return list(
            Message.objects.filter(account=self.who.account).order_by("pk").values_list("kind", flat=True)
        )


@pytest.mark.row("NT-01")
def test_a_resident_is_told_that_examinations_wait_and_several_are_one_push() -> None:
    template("exam.ordered")
    with daytime():
        orders = Orders()
        orders.tell("exam.ordered", "JC1", item_code="XR")
        orders.tell("exam.ordered", "JC2", item_code="US")
    told = Message.objects.filter(kind="exam.ordered")
    assert {message.account_id for message in told} == {orders.who.account.pk}
    assert {message.institution for message in told} == {orders.hospital.public_id}
    # Which examinations they are stands on the page, and for whoever may read it.
    assert [message.params for message in told] == [{"relation": "self"}] * 2
    assert Dispatch.objects.get().count == 2


@pytest.mark.row("NT-01")
@pytest.mark.row("HI-05")
def test_what_the_hospital_settles_recalls_and_takes_back_is_told() -> None:
    orders = Orders()
    begins = clock.now() + SOON
    orders.tell("exam.ordered", item_code="XR")
    orders.tell("exam.booked", **orders.times(begins), place="医技楼二层")
    orders.tell("exam.reminder", **orders.times(begins))
    orders.tell("exam.cancelled")
    assert orders.heard() == ["exam.ordered", "exam.fixed", "exam.due", "exam.cancelled"]
    at = {message.kind: message.params.get("at") for message in Message.objects.all()}
    assert at["exam.fixed"] == at["exam.due"] == begins.isoformat()


@pytest.mark.row("HI-05")
def test_of_an_examination_that_was_taken_back_nobody_is_reminded() -> None:
    orders = Orders()
    orders.tell("exam.ordered", item_code="XR")
    orders.tell("exam.cancelled")
    orders.tell("exam.reminder", **orders.times(clock.now() + SOON))
    assert orders.heard() == ["exam.ordered", "exam.cancelled"]
    assert not InboxMessage.objects.exclude(state=InboxState.DONE).exists()


@pytest.mark.row("HI-05")
def test_a_reminder_of_an_examination_that_nobody_ordered_waits_for_staff() -> None:
    orders = Orders()
    orders.tell("exam.reminder", **orders.times(clock.now() + SOON))
    row = InboxMessage.objects.get()
    assert (row.state, row.last_error) == (InboxState.RECEIVED, "ExamOrderNotFound")


class Owing:
    """A child with a guardian, and bills of the child."""

    def __init__(self) -> None:
        self.parent = family.guardian("13900000071")
        self.child, _number = family.person(family.born(5))
        family.hold(self.parent, self.child)

    def bill(self, topic: str, subject: str = "hospital", **more: str) -> None:
        payload = {
            "bill_id": "b1",
            "person_id": self.child.person_id,
            "institution": "",
            "subject_type": subject,
            "subject_id": "x",
            **more,
        }
        visits.on_bill(Event(f"{topic}-{subject}", topic, payload))

    def heard(self) -> list[str]:
        return list(Message.objects.filter(account=self.parent).order_by("pk").values_list("kind", flat=True))


@pytest.mark.row("NT-02")
def test_who_may_pay_for_a_child_hears_of_the_childs_bills() -> None:
    owing = Owing()
    for topic in ("bill.opened.v1", "bill.cancelled.v1", "bill.expired.v1", "bill.refunded.v1"):
        owing.bill(topic)
    assert owing.heard() == ["bill.opened", "bill.cancelled", "bill.expired", "bill.refunded"]


@pytest.mark.row("NT-02")
@pytest.mark.row("FC-06")
def test_what_an_insurance_gives_back_is_told_once() -> None:
    owing = Owing()
    owing.bill("bill.refund_due.v1")
    for part in ("insurer_fund", "insurer_account", "reduction"):
        owing.bill("bill.refunded.v1", part, within=part)
    owing.bill("bill.insurance_returned.v1")
    owing.bill("bill.refunded.v1")
    assert owing.heard() == ["bill.refund_due", "bill.insurance_returned", "bill.refunded"]


@pytest.mark.row("NT-02")
def test_who_may_book_and_not_pay_hears_nothing_of_bills(monkeypatch: pytest.MonkeyPatch) -> None:
    owing = Owing()
    monkeypatch.setitem(levels.NEEDED_FOR, Deed.PAY_BILL, Level.SEEN_IN_PERSON + 1)
    owing.bill("bill.opened.v1")
    visits.on_ended(
        Event(
            "e9",
            "appointment.cancelled.v1",
            {"person_id": owing.child.person_id, "booking_id": "b1", "institution": "", "reason": "hospital"},
        )
    )
    assert owing.heard() == ["appointment.cancelled"]


def test_what_happens_to_the_bill_of_a_booking_is_told_with_the_booking() -> None:
    owing = Owing()
    for topic in ("bill.opened.v1", "bill.paid.v1", "bill.cancelled.v1", "bill.expired.v1"):
        owing.bill(topic, "appointments.Booking")
    assert owing.heard() == []
