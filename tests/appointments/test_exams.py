"""Examinations that are ordered, planned and booked together."""

from datetime import timedelta

import pytest
from django.test import Client

from appointments import errors
from appointments.models import Booking, ExamOrder, Slot
from appointments.rules import BookingState
from appointments.rules.exams import ExamRuleKind
from appointments.selectors.exams import exam_sets, proposal, state_of
from appointments.services import bookings, coming, exams
from appointments.services.leaving import cancel_booking, change_booking
from cards.models import CardNumber
from foundation.core import clock
from foundation.core.errors import PermissionRefused
from foundation.events import relay
from foundation.events.models import InboxMessage, OutboxMessage
from foundation.events.types import InboxState
from foundation.gateway import inbound
from identity import services as identity
from identity.rules import Evidence
from institutions.rules import Role
from tests.accounts.people import signed_in
from tests.appointments.booking import Resident, resident
from tests.appointments.examining import Examining, examining, order
from tests.cards.world import CENTRE
from tests.institutions import people
from tests.interop.senders import event
from tests.interop.world import Place

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-09")]


@pytest.fixture
def place() -> Examining:
    return examining()


@pytest.fixture
def who() -> Resident:
    return resident()


def book(who: Resident, slots: dict[str, str]) -> list[str]:
    return exams.book_exams(slots=slots, patient=who.patient, by=who.by, actor=who.actor)


def test_a_set_is_planned_by_the_rules_and_booked_together(place: Examining, who: Resident) -> None:
    ct, us = place.orders(who.patient.person_pk, "CT", "US")
    [early, late] = place.opens("92", 0, 2)
    [scan] = place.opens("91", 1)
    found = proposal(who.account.pk, ct)
    assert [stop.slot for stop in found.stops] == [scan, late]
    assert found.reasons == ["空腹的检查先做"]
    made = book(who, {us: scan, ct: late})
    assert len(made) == 2
    assert {order(each).booking.state for each in (ct, us)} == {BookingState.BOOKED}  # type: ignore[union-attr]
    assert Slot.objects.get(public_id=early).free == [1, 2]
    [shown] = exam_sets(who.account.pk)
    assert (len(shown.waiting), len(shown.settled)) == (0, 2)
    assert OutboxMessage.objects.filter(topic="appointment.booked.v1").count() == 2


def test_what_is_done_in_one_department_gets_one_number(place: Examining, who: Resident) -> None:
    ct, xr = place.orders(who.patient.person_pk, "CT", "XR")
    [slot] = place.opens("92", 1)
    [stop] = proposal(who.account.pk, ct).stops
    assert {exam.id for exam in stop.exams} == {ct, xr}
    [booking] = book(who, {ct: slot, xr: slot})
    assert {order(each).booking.public_id for each in (ct, xr)} == {booking}  # type: ignore[union-attr]
    assert Slot.objects.get(public_id=slot).free == [2]


def test_times_against_the_rules_are_refused_with_the_reason(place: Examining, who: Resident) -> None:
    ct, us = place.orders(who.patient.person_pk, "CT", "US")
    [early] = place.opens("92", 0)
    [scan] = place.opens("91", 1)
    with pytest.raises(errors.ExamPlanBroken) as refused:
        book(who, {ct: early, us: scan})
    assert "空腹的检查先做" in refused.value.text()
    assert not Booking.objects.exists()


def test_what_is_booked_already_counts_for_what_is_ordered_later(place: Examining, who: Resident) -> None:
    [meal] = place.orders(who.patient.person_pk, "BA")
    [cup] = place.opens("93", 0)
    book(who, {meal: cup})
    [ct] = place.orders(who.patient.person_pk, "CT")
    [soon] = place.opens("92", 2, days=2)
    [later] = place.opens("92", 2, days=5)
    [stop] = proposal(who.account.pk, ct).stops
    assert stop.slot == later
    with pytest.raises(errors.ExamPlanBroken):
        book(who, {ct: soon})


def test_if_one_place_is_gone_none_is_taken(place: Examining, who: Resident) -> None:
    ct, us = place.orders(who.patient.person_pk, "CT", "US")
    [late] = place.opens("92", 2, capacity=1)
    [scan] = place.opens("91", 1)
    other = resident("13900001002", "测试乙")
    [theirs] = place.orders(other.patient.person_pk, "XR")
    book(other, {theirs: late})
    with pytest.raises((errors.ExamNotHere, errors.SlotFull)):
        book(who, {us: scan, ct: late})
    assert Slot.objects.get(public_id=scan).free == [1, 2]
    assert proposal(who.account.pk, ct).without_places == ["检查科92"]


def test_a_band_of_another_department_or_hour_is_refused(place: Examining, who: Resident) -> None:
    [us] = place.orders(who.patient.person_pk, "US")
    [ct] = place.opens("92", 1)
    [noon] = place.opens("91", 4)
    for slot in (ct, noon, "nothing", ""):
        with pytest.raises(errors.ExamNotHere):
            book(who, {us: slot})
    assert proposal(who.account.pk, us).stops == []


def test_an_order_is_booked_once_and_only_for_its_person(place: Examining, who: Resident) -> None:
    [xr] = place.orders(who.patient.person_pk, "XR")
    [slot] = place.opens("92", 1)
    stranger = resident("13900001002", "测试乙")
    with pytest.raises(errors.ExamOrderOver):
        book(stranger, {xr: slot})
    with pytest.raises(errors.ExamOrderNotFound):
        proposal(stranger.account.pk, xr)
    book(who, {xr: slot})
    with pytest.raises(errors.ExamOrderOver):
        book(who, {xr: slot})
    with pytest.raises(errors.ExamOrderNotFound):
        proposal(who.account.pk, xr)


def test_a_cancelled_place_lets_the_order_wait_again(place: Examining, who: Resident) -> None:
    [xr] = place.orders(who.patient.person_pk, "XR")
    [slot] = place.opens("92", 3)
    [booking] = book(who, {xr: slot})
    cancel_booking(booking=booking, actor=who.actor)
    assert state_of(order(xr)) == "open"


def test_places_of_examinations_are_not_sold_as_clinics(
    client: Client, place: Examining, who: Resident
) -> None:
    [xr] = place.orders(who.patient.person_pk, "XR")
    [slot, other] = place.opens("92", 1, 2)
    with pytest.raises(errors.SlotUnknown):
        bookings.book_slot(slot=slot, patient=who.patient, by=who.by, actor=who.actor)
    [booking] = book(who, {xr: slot})
    with pytest.raises((errors.SlotUnknown, errors.ChangeElsewhere)):
        change_booking(booking=booking, slot=other, actor=who.actor)
    assert "检查科92" not in client.get(f"/hospitals/{place.institution}/").content.decode()


def test_an_order_that_ran_out_waits_no_more(place: Examining, who: Resident) -> None:
    [xr] = place.orders(who.patient.person_pk, "XR", valid_until=clock.now() - timedelta(seconds=1))
    assert state_of(order(xr)) == "over"
    with pytest.raises(errors.ExamOrderOver):
        book(who, {xr: place.opens("92", 1)[0]})


def test_a_rule_that_can_never_hold_is_refused(place: Examining) -> None:
    with pytest.raises(errors.ExamRuleMeaningless):
        exams.save_rule(
            institution=place.institution,
            kind=ExamRuleKind.BEFORE,
            first="ct",
            second="ct",
            gap_minutes=0,
            words="测试",
            actor=CENTRE,
        )
    nurse = people.actor(people.staff(Role.NURSE, place.institution))
    with pytest.raises(PermissionRefused):
        exams.save_item(
            institution=place.institution,
            details=exams.ExamItemDetails("Q", "测试", "92"),
            actor=nurse,
        )


# Over the hospital's door


def tell(hospital: Place, kind: str, who: Resident, *, seq: int, **data: str) -> None:
    number = CardNumber.objects.get(card__person=who.patient.person_pk).value
    told = event(
        kind, seq=seq, aggregate="exam:JC1", order_no="JC1", patient={"health_card_id": number}, **data
    )
    inbound.accept(told, institution=hospital.public_id)
    relay.work_inbox()


def test_a_hospital_orders_settles_and_takes_back(who: Resident) -> None:
    hospital = Place()
    place = examining(hospital.public_id)
    tell(hospital, "exam.ordered", who, seq=1, item_code="XR")
    found = ExamOrder.objects.get()
    assert state_of(found) == "open"
    assert OutboxMessage.objects.filter(topic="exam.ordered.v1").count() == 1
    book(who, {found.public_id: place.opens("92", 1)[0]})
    begins = clock.now() + timedelta(days=2)
    tell(
        hospital,
        "exam.booked",
        who,
        seq=2,
        starts_at=begins.isoformat(),
        ends_at=(begins + timedelta(minutes=15)).isoformat(),
        place="医技楼二层",
    )
    assert state_of(order(found.public_id)) == "fixed"
    assert Booking.objects.get().state == BookingState.CANCELLED
    tell(hospital, "exam.cancelled", who, seq=3)
    assert state_of(order(found.public_id)) == "cancelled"


def test_an_examination_that_nobody_registered_waits_for_staff(who: Resident) -> None:
    hospital = Place()
    tell(hospital, "exam.ordered", who, seq=1, item_code="NOTHING")
    message = InboxMessage.objects.get()
    assert (message.state, message.last_error) == (InboxState.RECEIVED, "ExamItemUnknown")


# Pages and the resident API


def test_the_pages_show_the_plan_and_book_it(client: Client, place: Examining, who: Resident) -> None:
    ct, us = place.orders(who.patient.person_pk, "CT", "US")
    late, scan = place.opens("92", 2)[0], place.opens("91", 1)[0]
    signed_in(client, who.account)
    assert f"/exams/{us}/" in client.get("/exams/").content.decode()
    page = client.get(f"/exams/{ct}/").content.decode()
    assert page.index(scan) < page.index(late)
    assert "检查前 8 小时不吃东西" in page
    # A level that only says that name and number fit does not read what is examined.
    assert "增强CT" not in page
    wrong = client.post(f"/exams/{ct}/", {f"slot-{ct}": scan, f"slot-{us}": scan})
    assert wrong.status_code == 409
    done = client.post(f"/exams/{ct}/", {f"slot-{ct}": late, f"slot-{us}": scan})
    assert (done.status_code, done["Location"]) == (302, "/exams/")
    identity.open_self_holding(
        account_pk=who.account.pk,
        person_pk=who.patient.person_pk,
        evidence=Evidence.WINDOW,
        actor=CENTRE,
    )
    assert "增强CT" in client.get("/exams/").content.decode()
    assert client.get(f"/exams/{ct}/").status_code == 404


def test_a_later_day_is_asked_for(client: Client, place: Examining, who: Resident) -> None:
    [xr] = place.orders(who.patient.person_pk, "XR")
    [soon], [later] = place.opens("92", 1), place.opens("92", 1, days=4)
    signed_in(client, who.account)
    day = (clock.beijing(clock.now()) + timedelta(days=3)).date()
    page = client.get(f"/exams/{xr}/?from={day}").content.decode()
    assert later in page
    assert soon not in page
    assert soon in client.get(f"/exams/{xr}/?from=nothing").content.decode()


def test_the_same_by_the_resident_api(client: Client, place: Examining, who: Resident) -> None:
    [xr] = place.orders(who.patient.person_pk, "XR")
    [slot] = place.opens("92", 1)
    signed_in(client, who.account)
    api = Client(headers={"X-Session-Token": client.session.session_key or ""})
    assert api.get("/api/resident/v1/exams").json()["exams"][0]["state"] == "open"
    plan = api.get(f"/api/resident/v1/exams/{xr}/plan").json()
    assert plan["stops"][0]["slot"] == slot
    assert api.get(f"/api/resident/v1/exams/{xr}/plan?from=tomorrow").status_code == 400
    choice = {"order_id": xr, "slot": slot}
    body = {"person_id": plan["person_id"], "choices": [choice]}
    for expected in (201, 409):
        answer = api.post("/api/resident/v1/exams/bookings", body, content_type="application/json")
        assert answer.status_code == expected


def test_staff_keep_items_and_rules_in_the_admin(client: Client, place: Examining) -> None:
    boss = people.staff(Role.INSTITUTION_ADMIN, place.institution)
    people.at_work(client, boss)
    for model in ("examitem", "examrule", "examorder"):
        assert client.get(f"/institution/appointments/{model}/").status_code == 200
    form = {
        "institution": place.institution,
        "code": "MR",
        "name": "磁共振",
        "department": "92",
        "tags": "magnet",
        "priority": "50",
        "is_open": "on",
        "reason": "新设备",
        "ticket": "t" * 26,
    }
    assert client.post("/institution/appointments/examitem/add/", form).status_code == 302
    wrong = client.post("/institution/appointments/examitem/add/", {**form, "tags": "磁", "ticket": "u" * 26})
    assert wrong.status_code == 200


@pytest.mark.parametrize("kind", ["exam.booked", "exam.cancelled"])
def test_what_the_hospital_says_of_somebody_who_is_there_is_taken_over(
    place: Examining, who: Resident, kind: str
) -> None:
    [ct] = place.orders(who.patient.person_pk, "CT")
    [slot] = place.opens("92", 0)
    exams.book_exams(slots={ct: slot}, patient=who.patient, by=who.by, actor=who.actor)
    booking = Booking.objects.get()
    coming.arrive_booking(booking=booking.public_id, actor=CENTRE)
    if kind == "exam.booked":
        exams.fix_exam(
            order=ct,
            starts_at=booking.slot.starts_at,
            ends_at=booking.slot.ends_at,
            place="2 号机房",
            actor=CENTRE,
        )
    else:
        exams.cancel_order(order=ct, actor=CENTRE)
    booking.refresh_from_db()
    assert booking.state == BookingState.ARRIVED
