"""Medicines: told once, queued for, and handed out once, to whom they are for."""

import re
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from appointments import errors
from appointments.models import Medicine, Ticket
from appointments.rules.queueing import MedicineState, TicketState
from appointments.selectors import check_in as reading
from appointments.services import medicines
from cards.codes.mint import mint_dynamic
from cards.services.binding import bind_card
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.clock import BEIJING
from foundation.core.errors import PermissionRefused
from foundation.events import relay
from foundation.events.models import InboxMessage, OutboxMessage
from foundation.gateway import inbound
from institutions.rules import Role
from notifications.models import Message
from tests.accounts.people import signed_in
from tests.appointments.waiting import CENTRE, Clinic, clinic, resident
from tests.cards.holding import CardHolder
from tests.cards.test_api_resident import Phone
from tests.institutions import people
from tests.interop.senders import event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("OP-13")]

NOON = datetime(2026, 12, 10, 12, 0, tzinfo=BEIJING)


@pytest.fixture(autouse=True)
def noon() -> object:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def where(noon: object) -> Clinic:
    with transaction.atomic():
        return clinic()


@pytest.fixture
def who(where: Clinic) -> CardHolder:
    with transaction.atomic():
        found = resident()
        bind_card(card_pk=found.card.pk, actor=Actor(where.nurse.kind, "c" * 26, where.institution))
        return found


@pytest.fixture
def pharmacist(where: Clinic) -> Any:
    return people.staff(Role.PHARMACIST, where.institution)


def ready(where: Clinic, who: CardHolder, number: str = "R1", *, department: str = "0101") -> Medicine:
    medicines.note_ready(
        institution=where.institution,
        institution_pk=where.institution_pk,
        person_pk=who.card.person_id,
        said=medicines.ReadyMedicine(number, "3 号窗口", "A12", 2, department),
        actor=CENTRE,
    )
    return Medicine.objects.get(number=number)


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.row("NT-01")
def test_an_event_of_the_hospital_is_told_once_and_without_what_it_is(where: Clinic, who: CardHolder) -> None:
    card = who.card.numbers.get().value
    told = event(
        "medicine.ready",
        aggregate="prescription:R9",
        patient={"health_card_id": card},
        prescription_no="R9",
        window="3",
        pick_code="A12",
        items_count=2,
    )
    for _ in range(2):
        inbound.accept(told, institution=where.institution)
        relay.work_inbox()
    assert InboxMessage.objects.get().state == "done"
    row = Medicine.objects.get()
    assert (row.number, row.window, row.pick_code, row.state) == ("R9", "3", "A12", MedicineState.READY)
    published = OutboxMessage.objects.get(topic="medicine.ready.v1").payload
    assert set(published) == {"medicine_id", "person_id", "institution"}
    while relay.run_once():
        continue
    assert Message.objects.filter(kind="medicine.ready").count() == 1


@pytest.mark.row("NT-01")
def test_a_patient_who_is_not_known_yet_is_waited_for(where: Clinic) -> None:
    told = event(
        "medicine.ready", aggregate="prescription:R9", patient={"patient_id": "P404"}, prescription_no="R9"
    )
    inbound.accept(told, institution=where.institution)
    relay.work_inbox()
    assert not Medicine.objects.exists()
    assert InboxMessage.objects.get().state != "done"


def test_what_is_ready_is_collected_by_code_and_once(where: Clinic, who: CardHolder, pharmacist: Any) -> None:
    row = ready(where, who)
    window = people.at_work(Client(), pharmacist)
    ticket = re.search(r'name="ticket" value="(\w+)"', window.get("/window/pharmacy/").content.decode())
    assert ticket is not None
    code = mint_dynamic(who.card.numbers.get(), at=clock.now()).text
    found = window.post("/window/pharmacy/", {"text": code, "ticket": ticket[1]}, follow=True)
    assert "测试甲" in text(found)
    assert "A12" in text(found)
    path = found.redirect_chain[-1][0]
    assert "已发药" in text(window.post(path, {"medicine": row.public_id}, follow=True))
    row.refresh_from_db()
    assert (row.state, row.ended_at) == (MedicineState.COLLECTED, NOON)
    again = window.post(path, {"medicine": row.public_id}, follow=True)
    assert "已经取走" in text(again)
    assert OutboxMessage.objects.filter(topic="medicine.collected.v1").count() == 1


def test_medicines_are_given_to_their_own_person_at_their_own_hospital(
    where: Clinic, who: CardHolder, pharmacist: Any
) -> None:
    row = ready(where, who)
    with transaction.atomic():
        other = resident(2)
        elsewhere = people.actor(people.staff(Role.PHARMACIST, people.hospital(2)))
    actor = people.actor(pharmacist)
    with pytest.raises(errors.MedicineNotFound):
        medicines.hand_out(medicine=row.public_id, person_pk=other.card.person_id, actor=actor)
    with pytest.raises(errors.MedicineNotFound):
        medicines.hand_out(medicine=row.public_id, person_pk=who.card.person_id, actor=elsewhere)
    with pytest.raises(PermissionRefused):
        medicines.hand_out(medicine=row.public_id, person_pk=who.card.person_id, actor=where.nurse)
    assert people.at_work(Client(), people.staff(Role.NURSE, where.institution, username="n2")).get(
        "/window/pharmacy/"
    ).status_code in {302, 403}
    row.refresh_from_db()
    assert row.state == MedicineState.READY


def test_one_queues_at_the_pharmacy_for_all_that_is_ready(
    where: Clinic, who: CardHolder, pharmacist: Any
) -> None:
    first, second = ready(where, who), ready(where, who, "R2")
    phone = signed_in(Client(), who.account)
    assert "药已配好" in text(phone.get("/medicines/"))
    path = f"/medicines/{first.public_id}/check-in/"
    assert phone.post(path, {"code": "1"}).status_code == 422
    code = reading.day_code(where.institution, NOON.date())
    assert phone.post(path, {"code": code}).status_code == 302
    ticket = Ticket.objects.get()
    assert ticket.queue.kind == "pharmacy"
    window = people.at_work(Client(), pharmacist)
    assert "等候 1 人" in text(window.get("/window/pharmacy/"))
    window.post("/window/pharmacy/", {"desk": "3 号窗口"})
    window.post("/window/pharmacy/", {"act": "next", "queue": ticket.queue.public_id, "current": ""})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.desk) == (TicketState.CALLED, "3 号窗口")
    actor = people.actor(pharmacist)
    for row in (first, second):
        medicines.hand_out(medicine=row.public_id, person_pk=who.card.person_id, actor=actor)
        ticket.refresh_from_db()
        assert ticket.state == (TicketState.CALLED if row is first else TicketState.SERVED)


def renewed(page: str) -> str:
    """The part of a page that reads itself again."""
    assert "portal/js/renew.js" in page
    _before, mark, part = page.partition("data-renew=")
    assert mark
    return part.partition("</main>")[0]


def test_the_windows_page_shows_who_comes_by_itself(where: Clinic, who: CardHolder, pharmacist: Any) -> None:
    window = people.at_work(Client(), pharmacist)
    empty = window.get("/window/pharmacy/").content.decode()
    # What is being scanned stays as it is.
    assert 'name="text"' in empty
    assert "等候" not in renewed(empty)
    row = ready(where, who)
    code = reading.day_code(where.institution, NOON.date())
    medicines.check_in_for_medicine(
        medicine=row.public_id, account_pk=who.account.pk, code=code, actor=who.actor
    )
    shown = renewed(window.get("/window/pharmacy/").content.decode())
    assert "等候 1 人" in shown
    assert 'name="text"' not in shown


def test_without_a_queue_one_goes_straight_to_the_window(where: Clinic, who: CardHolder) -> None:
    row = ready(where, who, department="")
    code = reading.day_code(where.institution, NOON.date())
    with pytest.raises(errors.NoQueueForMedicine):
        medicines.check_in_for_medicine(
            medicine=row.public_id, account_pk=who.account.pk, code=code, actor=who.actor
        )
    assert "排队取药" not in text(signed_in(Client(), who.account).get("/medicines/"))


def test_applications_have_the_same(where: Clinic, who: CardHolder) -> None:
    row = ready(where, who)
    phone = Phone(who.account)
    told = phone.get("medicines").json()["medicines"]
    assert [(one["medicine_id"], one["state"], one["pick_code"]) for one in told] == [
        (row.public_id, "ready", "A12")
    ]
    path = f"medicines/{row.public_id}/check-in"
    assert phone.post(path, {"code": "1"}).json()["code"] == "day_code_wrong"
    code = reading.day_code(where.institution, NOON.date())
    assert phone.post(path, {"code": code}).json()["state"] == "waiting"
    with transaction.atomic():
        stranger = Phone(resident(2).account)
    assert stranger.get("medicines").json() == {"medicines": []}
    assert stranger.post(path, {"code": code}).json()["code"] == "medicine_not_found"


def test_what_the_hospital_handed_out_itself_is_over(where: Clinic, who: CardHolder) -> None:
    row = ready(where, who)
    for _ in range(2):
        medicines.note_collected(institution=where.institution, number="R1", actor=CENTRE)
    row.refresh_from_db()
    assert row.state == MedicineState.COLLECTED
    with pytest.raises(errors.MedicineNotFound):
        medicines.note_collected(institution=where.institution, number="R404", actor=CENTRE)
