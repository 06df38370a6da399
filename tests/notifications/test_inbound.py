"""What hospitals ask us to pass on: told once, without what it says."""

from typing import Any

import pytest

from foundation.core import clock
from foundation.events.inbound import InboundEvent, PatientRef, inbound_type
from notifications.inbound import DAILY_LIST, DEPOSIT_LOW, EDUCATION_PUSH, FOLLOWUP_DUE, SURVEY_INVITE
from notifications.models import Dispatch, Message
from notifications.rules.topics import Channel
from tests.identity import test_family as family
from tests.institutions.people import hospital
from tests.notifications.sending import template

pytestmark = [pytest.mark.django_db, pytest.mark.row("NT-01")]
KINDS = (
    (DAILY_LIST, "stay.daily_list"),
    (DEPOSIT_LOW, "stay.deposit_low"),
    (FOLLOWUP_DUE, "followup.due"),
    (SURVEY_INVITE, "survey.invite"),
    (EDUCATION_PUSH, "education.push"),
)


def event(kind: Any, patient: PatientRef | None, institution: str) -> InboundEvent:
    return InboundEvent(
        id="e-1",
        type=kind.name,
        institution=institution,
        institution_pk=1,
        seq=1,
        aggregate="stay:1",
        occurred_at=clock.now(),
        data=kind.example,
        patient=patient,
    )


@pytest.mark.parametrize(("kind", "told"), KINDS)
def test_the_resident_is_told_once_and_nothing_of_the_content(kind: Any, told: str) -> None:
    account = family.guardian()
    person, _number = family.person(family.born(5))
    family.hold(account, person)
    place = hospital(1)
    patient = PatientRef(person.person_pk, person.person_id)
    for _ in range(2):
        kind.handler(event(kind, patient, place))
    (message,) = Message.objects.all()
    assert (message.kind, message.institution, message.person_id) == (told, place, person.person_pk)
    assert message.params == {"relation": "child"}
    assert inbound_type(kind.name) is kind


def test_what_the_hospital_wants_read_costs_no_sms() -> None:
    template("education.push")
    account = family.guardian()
    person, _number = family.person(family.born(5))
    family.hold(account, person)
    patient = PatientRef(person.person_pk, person.person_id)
    EDUCATION_PUSH.handler(event(EDUCATION_PUSH, patient, hospital(1)))
    assert Message.objects.exists()
    assert not Dispatch.objects.filter(channel=Channel.SMS).exists()


def test_an_event_without_a_person_tells_nobody() -> None:
    DAILY_LIST.handler(event(DAILY_LIST, None, hospital(1)))
    assert not Message.objects.exists()
