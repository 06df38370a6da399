"""The contacts whom a resident named for emergencies are told by SMS, and nothing of anybody's health."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from foundation.core import clock
from foundation.events import relay
from institutions.rules import Role
from mpi import services as persons
from notifications import selectors
from notifications.models import Dispatch, Message
from notifications.rules.topics import DispatchState
from notifications.services import outsiders, replaying
from records.models import EmergencyInfo
from records.services.emergency import keep_emergency_info, open_by_document
from records.types import Contact, EmergencyDetails
from sandbox.sms import REJECTED_PHONE
from tests.cards.holding import CENTRE, CardHolder
from tests.cards.world import Hospital, hospital
from tests.institutions import people as staff
from tests.notifications.sending import DAYTIME, daytime, send, template
from tests.records import world
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("ER-01")]

DAUGHTER, SON, LANDLINE = "13900009999", "139 0000 8888", "010-00000000"
NOTICE: dict[str, Any] = {
    "external_id": "contact_notice",
    "fields": {"hospital": "{hospital}", "when": "{when}"},
}


@pytest.fixture
def here(db: None) -> Hospital:
    return hospital(short_name="东区医院")


@pytest.fixture
def patient(here: Hospital) -> CardHolder:
    who = world.proved()
    contacts = [
        Contact("测试丙", "女儿", DAUGHTER),
        Contact("测试丁", "", LANDLINE),
        Contact("测试戊", "", SON),
    ]
    leave(who, contacts)
    return who


def leave(who: CardHolder, contacts: list[Contact]) -> None:
    keep_emergency_info(
        account_pk=who.account.pk,
        person_id=who.card.subject,
        details=EmergencyDetails(blood="O", allergies="青霉素过敏", contacts=contacts),
        actor=who.actor,
    )


def opened(who: CardHolder, where: Hospital, username: str = "nurse") -> str:
    nurse = staff.actor(staff.staff(Role.NURSE, where.public_id, username=username))
    opening = open_by_document(id_type="01", number=who.id_number, reason="车祸昏迷", actor=nurse)
    relay.run_once()
    return opening


def to_contacts() -> list[Dispatch]:
    return list(Dispatch.objects.filter(message__account=None).order_by("pk"))


def test_each_contact_with_a_mobile_phone_gets_one_sms_without_anything_of_health(
    sandbox: Sandbox, here: Hospital, patient: CardHolder
) -> None:
    template("emergency.contact", **NOTICE)
    with daytime():
        opened(patient, here)
        send()
    for phone in (DAUGHTER, "13900008888"):
        [sent] = sandbox.messages(phone)
        assert sent["params"] == {"hospital": "东区医院", "when": "2026年11月23日 10:00"}
        for word in ("测试", "青霉素", "O 型", "昏迷", patient.card.numbers.get().value):
            assert word not in str(sent)
    assert [row.state for row in to_contacts()] == [DispatchState.SENT] * 2


def test_the_night_does_not_hold_it_back(sandbox: Sandbox, here: Hospital, patient: CardHolder) -> None:
    template("emergency.contact", **NOTICE)
    with time_machine.travel(DAYTIME.replace(hour=2), tick=False):
        opened(patient, here)
        send()
    assert len(sandbox.messages(DAUGHTER)) == 1


def test_it_is_in_nobodys_inbox(here: Hospital, patient: CardHolder) -> None:
    template("emergency.contact", **NOTICE)
    opened(patient, here)
    kinds = [message.kind for message in selectors.latest(patient.account.public_id, limit=20)]
    assert "emergency.opened" in kinds
    assert "emergency.contact" not in kinds
    # Nothing of whom it goes to rests with the message.
    assert DAUGHTER not in str(list(Message.objects.filter(account=None).values()))


def test_the_same_event_tells_once_and_so_does_another_opening_of_the_same_hospital(
    here: Hospital, patient: CardHolder
) -> None:
    template("emergency.contact", **NOTICE)
    opening = opened(patient, here)
    event: dict[str, Any] = {"key": "e1", "person_pk": patient.card.person_id, "institution": here.public_id}
    assert len(to_contacts()) == 2
    again = Message.objects.filter(account=None).values_list("dedupe_key", flat=True)[0].rpartition(":")[0]
    assert outsiders.tell_contacts(opening_id=opening, **event | {"key": again}) == 0
    opened(patient, here, "nurse2")
    assert len(to_contacts()) == 2
    opened(patient, hospital(short_name="西区医院"), "nurse3")
    assert len(to_contacts()) == 4
    with time_machine.travel(clock.now() + timedelta(hours=3), tick=False):
        opened(patient, here, "nurse4")
    assert len(to_contacts()) == 6


def test_who_was_taken_out_meanwhile_is_not_written_to(
    sandbox: Sandbox, here: Hospital, patient: CardHolder
) -> None:
    template("emergency.contact", **NOTICE)
    with daytime():
        opened(patient, here)
        leave(patient, [Contact("测试丙", "女儿", DAUGHTER)])
        send()
    assert [(row.state, row.error) for row in to_contacts()] == [
        (DispatchState.SENT, ""),
        (DispatchState.PERMANENT_FAILURE, "no_address"),
    ]
    assert sandbox.messages("13900008888") == []


def test_a_person_whose_key_was_destroyed_has_no_contacts_any_more(
    here: Hospital, patient: CardHolder
) -> None:
    template("emergency.contact", **NOTICE)
    with daytime():
        opened(patient, here)
        persons.destroy_person_key(person_pk=patient.card.person_id, actor=CENTRE, reason="测试")
        send()
    assert {row.error for row in to_contacts()} == {"no_address"}


def test_without_wording_in_force_or_contacts_nobody_is_told(here: Hospital, patient: CardHolder) -> None:
    opened(patient, here)
    assert to_contacts() == []
    template("emergency.contact", **NOTICE)
    EmergencyInfo.objects.all().delete()
    with time_machine.travel(clock.now() + timedelta(hours=3), tick=False):
        opened(patient, here, "nurse2")
    assert to_contacts() == []


def test_a_number_that_is_refused_ends_in_a_state_that_staff_see_and_send_anew(
    sandbox: Sandbox, here: Hospital, patient: CardHolder
) -> None:
    template("emergency.contact", **NOTICE)
    leave(patient, [Contact("测试丙", "女儿", REJECTED_PHONE)])
    with daytime():
        opened(patient, here)
        send()
        [row] = to_contacts()
        assert (row.state, row.error) == (DispatchState.PERMANENT_FAILURE, "number_rejected")
        leave(patient, [Contact("测试丙", "女儿", DAUGHTER)])
        centre = staff.actor(staff.staff(Role.CENTRE_ADMIN, username="centre"))
        replaying.replay_dispatch(dispatch=row.public_id, actor=centre, reason="改了号码")
        send()
    assert len(sandbox.messages(DAUGHTER)) == 1
