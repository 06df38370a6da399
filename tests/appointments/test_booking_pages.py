"""Booking on the pages and by the resident API, and what goes wrong there."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from appointments.models import Booking
from appointments.services import bookings, care, suspension
from foundation.core import clock
from identity import selectors as identity
from tests.accounts.people import signed_in
from tests.appointments.booking import Clinic, Resident, resident, row, session
from tests.cards import families
from tests.cards.applying import applicant
from tests.cards.world import CENTRE
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-03")]


def phone_of(who: Resident) -> Client:
    return signed_in(Client(), who.account)


def test_one_place_is_booked_by_two_requests_and_shown_by_a_third() -> None:
    clinic, who = session(), resident()
    phone = phone_of(who)
    address = f"/appointments/new/{clinic.slot}/"
    page = phone.get(address).content.decode()
    assert "确认预约" in page
    assert who.patient.person_id in page
    answer = phone.post(address, {"who": [who.patient.person_id]})
    booking = Booking.objects.get()
    assert answer["Location"] == f"/appointments/{booking.public_id}/"
    shown = phone.get(answer["Location"]).content.decode()
    assert "已约好" in shown
    assert booking.channel == "h5"
    assert booking.account == who.account.public_id
    assert "测试科01" in phone.get("/appointments/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_family_is_booked_on_one_page_all_or_none(sandbox: Sandbox) -> None:
    who = families.guardian()
    child = families.child_of(who, name="测小宝")
    own = identity.self_person(who.account.pk)
    assert own is not None
    phone = signed_in(Client(), who.account)
    with transaction.atomic():
        clinic, narrow = session(capacity=2), session(capacity=1)
    for place, booked in ((narrow, 0), (clinic, 2)):
        address = f"/appointments/new/{place.slot}/"
        assert "测小宝" in phone.get(address).content.decode()
        answer = phone.post(address, {"who": [own.person_id, child]})
        assert Booking.objects.count() == booked
        assert answer.status_code == (302 if booked else 422)
    listed = phone.get("/appointments/").content.decode()
    assert "已为 2 人预约" in listed
    assert "测小宝" in listed


def test_a_full_band_says_so_and_names_the_others_of_the_department() -> None:
    clinic, who = session(capacity=1, bands=2), resident()
    resident("13900001002").books(clinic.slot)
    answer = phone_of(who).post(f"/appointments/new/{clinic.slot}/", {"who": [who.patient.person_id]})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "已经约满" in page
    assert f"/appointments/new/{clinic.slots[1].public_id}/" in page
    assert not Booking.objects.filter(person=who.patient.person_pk).exists()


def test_a_full_band_is_full_before_anybody_fills_in_a_form() -> None:
    clinic, who = session(capacity=1, bands=2), resident()
    resident("13900001002").books(clinic.slot)
    page = phone_of(who).get(f"/appointments/new/{clinic.slot}/").content.decode()
    assert "已经约满" in page
    assert f"/appointments/new/{clinic.slots[1].public_id}/" in page


@pytest.mark.row("OP-02")
def test_a_band_that_is_stopped_by_itself_is_said_with_its_reason_and_led_on() -> None:
    clinic, who = session(bands=3), resident()
    phone, booking = phone_of(who), who.books(clinic.slot).booking_id
    instead = session(institution=clinic.institution, starts_in=timedelta(days=3))
    suspension.stop_slot(
        slot=clinic.slot, reason="院内会诊", substitute=instead.schedule.public_id, actor=CENTRE
    )
    for answer in (
        phone.get(f"/appointments/new/{clinic.slot}/"),
        phone.post(f"/appointments/new/{clinic.slot}/", {"who": [who.patient.person_id]}),
    ):
        page = answer.content.decode()
        assert "这个时间停诊了" in page
        assert "院内会诊" in page
        assert f"/appointments/new/{clinic.slots[1].public_id}/" in page
    assert "院内会诊" in phone.get(f"/schedules/{clinic.schedule.public_id}/").content.decode()
    shown = phone.get(f"/appointments/{booking}/").content.decode()
    assert "院内会诊" in shown
    assert f"/schedules/{instead.schedule.public_id}/" in shown
    asked = {"slot": clinic.slot, "persons": [who.patient.person_id]}
    problem = post(api_of(who), "appointments", asked).json()
    assert problem["code"] == "slot_stopped"
    assert problem["detail"].startswith("医生这个时间停诊：院内会诊")
    slots = Client().get(f"/api/resident/v1/schedules/{clinic.schedule.public_id}").json()["session"]["slots"]
    assert [(slot["state"], slot["reason"]) for slot in slots] == [
        ("stopped", "院内会诊"),
        ("open", ""),
        ("open", ""),
    ]


def held(who: Resident, clinic: Clinic) -> str:
    return bookings.hold_slot(slot=clinic.slot, patient=who.patient, by=who.by, actor=who.actor).booking_id


def test_what_was_held_is_confirmed_on_its_page_which_says_what_comes_next() -> None:
    clinic, who = session(), resident()
    address = f"/appointments/{held(who, clinic)}/"
    phone = phone_of(who)
    page = phone.get(address).content.decode()
    assert "还差一步" in page
    assert f'action="{address}confirm/"' in page
    assert phone.get(f"{address}confirm/")["Location"] == address
    answer = phone.post(f"{address}confirm/", follow=True)
    shown = answer.content.decode()
    assert "已约好" in shown
    assert "到医院后先签到" in shown
    assert Booking.objects.get().state == "booked"
    # A second click is led to the same page.
    assert phone.post(f"{address}confirm/")["Location"] == address


def test_what_was_held_with_a_fee_is_confirmed_on_the_way_to_its_bill() -> None:
    clinic, who = session(fee_fen=1_500), resident()
    address = f"/appointments/{held(who, clinic)}/"
    phone = phone_of(who)
    assert "确认，去支付" in phone.get(address).content.decode()
    answer = phone.post(f"{address}confirm/")
    row = Booking.objects.get()
    assert (row.state, answer["Location"]) == ("held", f"/bills/{row.bill}/")
    assert "去支付" in phone.get(address).content.decode()


def test_whoever_confirms_too_late_is_told_and_led_to_another_time() -> None:
    clinic, who = session(), resident()
    address = f"/appointments/{held(who, clinic)}/"
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        phone = phone_of(who)
        page = phone.get(address).content.decode()
        assert "保留时间已过" in page
        assert f"{address}confirm/" not in page
        answer = phone.post(f"{address}confirm/")
        assert answer.status_code == 409
        assert f"/departments/{clinic.schedule.department.public_id}/" in answer.content.decode()
        care.expire_holds(actor=CENTRE)
        assert "没有按时确认" in phone.get(address).content.decode()


def test_nobody_is_booked_for_whom_the_account_does_not_hold() -> None:
    clinic, who, other = session(), resident(), resident("13900001002")
    answer = phone_of(who).post(f"/appointments/new/{clinic.slot}/", {"who": [other.patient.person_id]})
    assert answer.status_code == 422
    assert not Booking.objects.exists()


def test_whoever_has_no_card_is_led_to_it() -> None:
    clinic = session()
    page = signed_in(Client(), applicant("13900003001").account).get(f"/appointments/new/{clinic.slot}/")
    assert "申领健康卡" in page.content.decode()


def test_cancelling_asks_first_and_says_what_happens() -> None:
    clinic, who = session(), resident()
    ref = who.books(clinic.slot)
    phone, address = phone_of(who), f"/appointments/{ref.booking_id}/cancel/"
    assert "会发生什么" in phone.get(address).content.decode()
    assert row(ref).state == "booked"
    assert phone.post(address)["Location"] == f"/appointments/{ref.booking_id}/"
    assert row(ref).state == "cancelled"
    # A second click is led to the same page.
    assert phone.post(address)["Location"] == f"/appointments/{ref.booking_id}/"


def test_changing_offers_only_what_is_free_and_keeps_the_old_one_otherwise() -> None:
    clinic, who = session(capacity=1, bands=3), resident()
    ref = who.books(clinic.slot)
    resident("13900001002").books(clinic.slots[1].public_id)
    phone, address = phone_of(who), f"/appointments/{ref.booking_id}/change/"
    page = phone.get(address).content.decode()
    assert clinic.slots[2].public_id in page
    assert clinic.slots[1].public_id not in page
    assert phone.post(address, {"slot": clinic.slots[1].public_id}).status_code == 422
    answer = phone.post(address, {"slot": clinic.slots[2].public_id})
    made = Booking.objects.get(state="booked", person=who.patient.person_pk)
    assert answer["Location"] == f"/appointments/{made.public_id}/"
    assert "已改约" in phone.get(f"/appointments/{ref.booking_id}/").content.decode()


def test_strangers_see_nothing() -> None:
    clinic, who, stranger = session(), resident(), resident("13900001002")
    ref = who.books(clinic.slot)
    for path in ("", "cancel/", "change/"):
        address = f"/appointments/{ref.booking_id}/{path}"
        assert phone_of(stranger).get(address).status_code == 404
        assert phone_of(stranger).post(f"/appointments/{ref.booking_id}/confirm/").status_code == 404
        assert Client().get(address).status_code == 302
    assert ref.booking_id not in phone_of(stranger).get("/appointments/").content.decode()


def test_the_list_asks_the_same_number_of_questions_however_long_it_is(
    django_assert_max_num_queries: Any,
) -> None:
    who = resident()
    for _ in range(4):
        who.books(session().slot)
    phone = phone_of(who)
    with django_assert_max_num_queries(16):
        phone.get("/appointments/")


def test_what_is_too_late_to_cancel_says_what_to_do() -> None:
    clinic, who = session(starts_in=timedelta(hours=3)), resident()
    ref = who.books(clinic.slot)
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
        page = phone_of(who).get(f"/appointments/{ref.booking_id}/").content.decode()
        assert "打医院电话" in page
        assert phone_of(who).post(f"/appointments/{ref.booking_id}/cancel/").status_code == 409


def api_of(who: Resident) -> Client:
    session_key = str(phone_of(who).session.session_key)
    return Client(headers={"X-Session-Token": session_key, "EHC-Device": "word-of-the-device"})


def post(http: Client, path: str, body: dict[str, Any] | None = None) -> Any:
    return http.post(f"/api/resident/v1/{path}", body or {}, content_type="application/json")


def test_the_api_holds_confirms_changes_and_cancels() -> None:
    clinic, who = session(bands=2), resident()
    http = api_of(who)
    patients = http.get("/api/resident/v1/appointments/patients").json()["patients"]
    assert [each["relation"] for each in patients] == ["self"]
    asked = {"slot": clinic.slot, "persons": [patients[0]["person_id"]], "hold": True}
    made = post(http, "appointments", asked).json()["bookings"][0]
    assert made["state"] == "held"
    address = f"appointments/{made['id']}"
    assert post(http, f"{address}/confirm").json()["state"] == "booked"
    bands = http.get(f"/api/resident/v1/{address}/alternatives").json()["bands"]
    assert [each["slot"] for each in bands] == [clinic.slots[1].public_id]
    changed = post(http, f"{address}/change", {"slot": bands[0]["slot"]}).json()
    assert changed["state"] == "booked"
    assert http.get(f"/api/resident/v1/{address}").json()["moved_to"] == changed["id"]
    assert post(http, f"appointments/{changed['id']}/cancel").json()["state"] == "cancelled"
    listed = http.get("/api/resident/v1/appointments").json()
    assert [each["state"] for each in listed["past"]] == ["cancelled", "cancelled"]
    assert len(Booking.objects.values_list("device", flat=True)[0]) == 64


def test_the_api_refuses_with_a_code_and_books_for_nobody_else() -> None:
    clinic, who, other = session(capacity=1), resident(), resident("13900001002")
    asked = {"slot": clinic.slot, "persons": [other.patient.person_id]}
    assert post(api_of(who), "appointments", asked).status_code == 404
    other.books(clinic.slot)
    asked["persons"] = [who.patient.person_id]
    problem = post(api_of(who), "appointments", asked)
    assert (problem.status_code, problem.json()["code"]) == (409, "slot_full")


@pytest.mark.row("OP-02")
def test_who_was_booked_in_a_stopped_session_is_led_to_another() -> None:
    clinic, other, who = session(), session(starts_in=timedelta(days=2)), resident()
    again = session(institution=clinic.institution, starts_in=timedelta(days=3))
    booking = who.books(clinic.slot).booking_id
    phone = phone_of(who)
    suspension.stop_schedule(
        schedule=clinic.schedule.public_id,
        reason="医生外出",
        substitute=again.schedule.public_id,
        actor=CENTRE,
    )
    shown = phone.get(f"/appointments/{booking}/").content.decode()
    assert "医生外出" in shown
    assert f"/schedules/{again.schedule.public_id}/" in shown
    second = who.books(other.slot).booking_id
    suspension.stop_schedule(schedule=other.schedule.public_id, reason="停诊了", actor=CENTRE)
    shown = phone.get(f"/appointments/{second}/").content.decode()
    assert f"/departments/{other.schedule.department.public_id}/" in shown


def test_from_the_hospitals_to_the_booking_it_is_fewer_than_ten_requests() -> None:
    clinic, who = session(), resident()
    phone, asked = phone_of(who), 0
    address = "/hospitals/"
    for leads in (
        f"/hospitals/{clinic.institution}/",
        f"/departments/{clinic.schedule.department.public_id}/",
        f"/schedules/{clinic.schedule.public_id}/",
        f"/appointments/new/{clinic.slot}/",
    ):
        page = phone.get(address).content.decode()
        asked += 1
        assert leads in page, address
        address = leads
    assert phone.get(address).status_code == 200
    answer = phone.post(address, {"who": [who.patient.person_id]})
    assert "已约好" in phone.get(answer["Location"]).content.decode()
    asked += 3
    assert asked < 10
