"""The numbers of a card: another one after a loss, and one that follows certificate and name."""

import pytest

from cards.codes.institution import find_number
from cards.errors import CardHeldByCentre, CardMoveRefused, CardNumberRevoked, CardNumbersUsedUp
from cards.handlers import on_person_updated
from cards.models import Card, CardNumber
from cards.services import life, numbers
from cards.states import CardState, NumberState
from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor, ActorKind
from foundation.events.models import OutboxMessage
from foundation.events.services import Message
from mpi import services as mpi
from mpi.types import PersonChanges
from tests.cards import world
from tests.cards.holding import card_holder

STAFF = Actor(kind=ActorKind.STAFF, id="clerk", scopes=frozenset({"centre", "centre_admin"}))

pytestmark = pytest.mark.django_db


def person_updated() -> None:
    """What the relay does with the newest change of a person."""
    event = OutboxMessage.objects.filter(topic="person.updated.v1").latest("pk")
    on_person_updated(Message(event.public_id, event.topic, event.payload))


def reissue(who: world.Holder, *, replaces: str = "") -> CardNumber:
    return numbers.reissue_number(card_pk=who.card.pk, reason="补领", actor=world.CENTRE, replaces=replaces)


@pytest.mark.row("ID-11")
@pytest.mark.row("ID-14")
def test_a_lost_static_code_is_dead_after_a_re_issue() -> None:
    who, where = world.holder(), world.hospital()
    printed = world.static_of(who)
    world.scan(printed, where)
    life.report_loss(card_pk=who.card.pk, reason="丢失", actor=world.CENTRE)
    new = reissue(who)
    assert (who.number.key_version, new.key_version) == (1, 2)
    assert new.value != who.number.value
    assert new.main_index == who.number.main_index
    assert Card.objects.get(pk=who.card.pk).state == CardState.ACTIVE
    for text in (printed, world.code_of(who)):
        with pytest.raises(CardNumberRevoked):
            world.scan(text, where)
    assert world.scan(f"{new.value}:1", where).card_id == new.value


def test_a_re_issue_is_on_record_and_told_without_a_number_in_it() -> None:
    who = world.holder()
    life.report_loss(card_pk=who.card.pk, reason="丢失", actor=world.CENTRE)
    new = reissue(who)
    entry = AuditEntry.objects.get(action="card.reissued")
    event = OutboxMessage.objects.get(topic="card.number_changed.v1")
    assert (entry.reason, entry.details["before"], entry.details["key_version"]) == ("补领", "lost", 2)
    assert event.payload["before"] == NumberState.REVOKED
    assert event.payload["number_id"] == new.public_id
    assert new.value not in str(entry.__dict__) + str(event.__dict__)
    assert (
        OutboxMessage.objects.filter(topic="card.state_changed.v1").latest("pk").payload["after"] == "active"
    )


def test_a_second_click_uses_up_no_other_key() -> None:
    who = world.holder()
    first = reissue(who, replaces=who.number.public_id)
    assert reissue(who, replaces=who.number.public_id) == first
    assert reissue(who).key_version == 3


def test_when_the_keys_are_used_up_nothing_is_revoked() -> None:
    who = world.holder()
    reissue(who)
    last = reissue(who)
    with pytest.raises(CardNumbersUsedUp):
        reissue(who)
    assert who.card.numbers.get(state=NumberState.CURRENT) == last


def test_a_frozen_card_is_not_re_issued_nor_one_whose_loss_the_centre_keeps() -> None:
    who = card_holder()
    life.freeze_card(card_pk=who.card.pk, reason="holder", actor=who.actor)
    with pytest.raises(CardMoveRefused):
        numbers.reissue_number(card_pk=who.card.pk, reason="holder", actor=who.actor)
    life.report_loss(card_pk=who.card.pk, reason="来电挂失", actor=STAFF)
    with pytest.raises(CardHeldByCentre):
        numbers.reissue_number(card_pk=who.card.pk, reason="holder", actor=who.actor)


@pytest.mark.row("ID-14")
def test_another_name_gives_another_number_and_the_old_one_still_resolves() -> None:
    who, where = world.holder(), world.hospital()
    mpi.update_person(
        person_pk=who.card.person_id, changes=PersonChanges(name="测试乙"), actor=world.CENTRE, reason="更名"
    )
    person_updated()
    new = who.card.numbers.get(state=NumberState.CURRENT)
    assert new.value != who.number.value
    assert new.main_index != who.number.main_index
    assert Card.objects.get(pk=who.card.pk).face["name"] == "测试乙"
    assert find_number(who.number.value).card_id == who.card.pk
    assert world.scan(world.static_of(who), where).found.card_pk == who.card.pk


@pytest.mark.row("ID-14")
def test_another_certificate_gives_another_number_once() -> None:
    who = world.holder()
    corrected = world.citizen_number()
    mpi.change_identity(
        person_pk=who.card.person_id, id_type="01", id_number=corrected, actor=world.CENTRE, reason="号码更正"
    )
    person_updated()
    person_updated()
    assert sorted(who.card.numbers.values_list("state", flat=True)) == ["current", "superseded"]
    assert Card.objects.get(pk=who.card.pk).face["id_number"] == corrected


def test_who_takes_back_a_name_has_the_first_number_again() -> None:
    who = world.holder()
    for name in ("测试乙", world.NAME):
        mpi.update_person(
            person_pk=who.card.person_id, changes=PersonChanges(name=name), actor=world.CENTRE, reason="更名"
        )
        person_updated()
    assert who.card.numbers.get(state=NumberState.CURRENT) == who.number
    reissue(who)
    assert who.card.numbers.filter(state=NumberState.REVOKED).count() == 2


def test_another_phone_leaves_the_number_alone() -> None:
    who = world.holder()
    mpi.update_person(
        person_pk=who.card.person_id, changes=PersonChanges(phone="13800000000"), actor=world.CENTRE
    )
    person_updated()
    assert who.card.numbers.get() == who.number
    assert Card.objects.get(pk=who.card.pk).face["phone"] == "13800000000"
    assert not OutboxMessage.objects.filter(topic="card.number_changed.v1").exists()
