"""What staff of the centre do to a card and to who its person is."""

import pytest
from django.test import Client

from cards.handlers import on_person_updated
from cards.models import Card
from cards.states import CardState, NumberState
from foundation.audit.models import AuditEntry
from foundation.events.models import OutboxMessage
from foundation.events.services import Message
from institutions.rules import Role
from mpi import selectors as mpi
from tests.cards import world
from tests.institutions import people
from tests.institutions.test_admin import REASON, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre(client: Client) -> Client:
    return people.at_work(client, people.staff(Role.CENTRE_ADMIN, username="centre"))


def address(who: world.Holder, act: str = "") -> str:
    row = f"/admin/cards/card/{who.card.public_id}/"
    return f"{row}do/{act}/" if act else f"{row}change/"


@pytest.mark.row("ID-14")
def test_a_clerk_takes_a_card_through_its_life_with_a_reason_each_time(centre: Client) -> None:
    who = world.holder()
    for act, after in (
        ("report-loss", CardState.LOST),
        ("withdraw-loss", CardState.ACTIVE),
        ("freeze", CardState.FROZEN),
        ("unfreeze", CardState.ACTIVE),
        ("reissue", CardState.ACTIVE),
        ("cancel", CardState.CANCELLED),
    ):
        assert submit(centre, address(who, act)).status_code == 302
        assert Card.objects.get(pk=who.card.pk).state == after
    assert who.card.numbers.count() == 2
    reasons = AuditEntry.objects.filter(subject_id=who.card.public_id, actor_kind="staff")
    assert set(reasons.exclude(action="card.read").values_list("reason", flat=True)) == {REASON}


def test_only_what_the_state_allows_is_offered(centre: Client) -> None:
    who = world.holder()
    submit(centre, address(who, "report-loss"))
    shown = centre.get(address(who)).content.decode()
    assert address(who, "reissue") in shown
    assert address(who, "freeze") not in shown
    assert centre.get(address(who, "freeze")).status_code == 409


def test_a_reviewer_does_nothing_to_a_card(client: Client) -> None:
    reviewer = people.at_work(client, people.staff(Role.REVIEWER, username="reviewer"))
    assert reviewer.get(address(world.holder(), "reissue")).status_code == 403


@pytest.mark.row("ID-14")
def test_a_corrected_certificate_leads_to_another_number(centre: Client) -> None:
    who = world.holder()
    person = mpi.public_id_of(who.card.person_id)
    corrected = world.citizen_number()
    row = f"/admin/mpi/person/{person}/do/correct/"
    wrong = submit(centre, row, id_type="01", id_number="110100199001019971", name=world.NAME)
    assert "身份证号最后一位对不上" in wrong.content.decode()
    assert submit(centre, row, id_type="01", id_number=corrected, name="测试乙").status_code == 302
    event = OutboxMessage.objects.filter(topic="person.updated.v1").latest("pk")
    on_person_updated(Message(event.public_id, event.topic, event.payload))
    card = Card.objects.get(pk=who.card.pk)
    assert (card.face["name"], card.face["id_number"]) == ("测试乙", corrected)
    assert card.numbers.get(state=NumberState.SUPERSEDED) == who.number
