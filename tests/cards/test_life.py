"""Freezing, releasing, cancelling; the static code; the face that follows its person."""

import pytest

from cards.errors import (
    CardFrozen,
    CardHeldByCentre,
    CardLost,
    CardMoveRefused,
    CardNotFound,
    CardNumbersUsedUp,
)
from cards.handlers import on_person_updated
from cards.models import Card
from cards.rules.life import APPLICATION_MOVES, CARD_MOVES, CardMove, may_move_card
from cards.services import life, numbers
from cards.services.issue import issue_card
from cards.states import ApplicationState, CardState, Channel
from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import PermissionRefused
from foundation.events.models import OutboxMessage
from foundation.events.services import Message
from mpi import services as mpi
from mpi.types import PersonChanges
from tests.cards import world
from tests.cards.holding import CENTRE, CardHolder, card_holder

STAFF = Actor(kind=ActorKind.STAFF, id="clerk", scopes=frozenset({"centre", "centre_admin"}))

pytestmark = pytest.mark.django_db


@pytest.fixture
def holder() -> CardHolder:
    return card_holder()


def state_of(holder: CardHolder) -> str:
    return Card.objects.get(pk=holder.card.pk).state


def test_the_holder_freezes_and_releases_the_card_and_both_are_on_record(holder: CardHolder) -> None:
    life.freeze_card(card_pk=holder.card.pk, reason="holder", actor=holder.actor)
    assert state_of(holder) == CardState.FROZEN
    life.unfreeze_card(card_pk=holder.card.pk, reason="holder", actor=holder.actor)
    assert state_of(holder) == CardState.ACTIVE
    actions = AuditEntry.objects.filter(subject_id=holder.card.public_id).values_list("action", "actor_id")
    assert ("card.frozen", holder.account.public_id) in actions
    assert ("card.unfrozen", holder.account.public_id) in actions
    changes = OutboxMessage.objects.filter(topic="card.state_changed.v1").order_by("pk")
    assert [change.payload["after"] for change in changes] == ["frozen", "active"]


def test_what_the_centre_stopped_its_holder_cannot_start(holder: CardHolder) -> None:
    life.freeze_card(card_pk=holder.card.pk, reason="疑似冒用", actor=STAFF)
    with pytest.raises(CardHeldByCentre):
        life.unfreeze_card(card_pk=holder.card.pk, reason="holder", actor=holder.actor)
    life.unfreeze_card(card_pk=holder.card.pk, reason="已核实", actor=STAFF)
    assert state_of(holder) == CardState.ACTIVE


def test_a_move_that_the_table_does_not_allow_is_refused(holder: CardHolder) -> None:
    with pytest.raises(CardMoveRefused):
        life.unfreeze_card(card_pk=holder.card.pk, reason="holder", actor=holder.actor)
    life.cancel_card(card_pk=holder.card.pk, reason="本人申请", actor=STAFF)
    with pytest.raises(CardMoveRefused):
        life.freeze_card(card_pk=holder.card.pk, reason="holder", actor=holder.actor)
    with pytest.raises(CardNotFound):
        life.freeze_card(card_pk=0, reason="holder", actor=holder.actor)


def test_after_a_cancelled_card_the_person_may_get_another(holder: CardHolder) -> None:
    life.cancel_card(card_pk=holder.card.pk, reason="本人申请", actor=STAFF)
    again = issue_card(person_pk=holder.card.person_id, channel=Channel.H5, actor=CENTRE)
    assert again.created
    old, new = holder.card.numbers.get(), again.card.numbers.get()
    assert (old.key_version, new.key_version) == (1, 2)
    assert old.value != new.value
    assert old.main_index == new.main_index


def test_when_every_key_has_been_used_the_centre_has_to_bring_a_new_one(holder: CardHolder) -> None:
    card = holder.card
    for _ in range(2):
        life.cancel_card(card_pk=card.pk, reason="本人申请", actor=STAFF)
        card = issue_card(person_pk=card.person_id, channel=Channel.H5, actor=CENTRE).card
    life.cancel_card(card_pk=card.pk, reason="本人申请", actor=STAFF)
    with pytest.raises(CardNumbersUsedUp):
        issue_card(person_pk=card.person_id, channel=Channel.H5, actor=CENTRE)


def test_switching_the_static_code_is_recorded_once(holder: CardHolder) -> None:
    for _ in range(2):
        life.switch_static_code(card_pk=holder.card.pk, enabled=False, actor=holder.actor)
    assert AuditEntry.objects.filter(action="card.static_code_switched").count() == 1
    assert not Card.objects.get(pk=holder.card.pk).static_enabled


def test_the_face_follows_the_person(holder: CardHolder) -> None:
    mpi.update_person(
        person_pk=holder.card.person_id,
        changes=PersonChanges(phone="13800000000"),
        actor=CENTRE,
        reason="换号",
    )
    event = OutboxMessage.objects.get(topic="person.updated.v1")
    on_person_updated(Message(event.public_id, event.topic, event.payload))
    assert Card.objects.get(pk=holder.card.pk).face["phone"] == "13800000000"


def test_nothing_leaves_a_final_state() -> None:
    for move, (before, after) in CARD_MOVES.items():
        assert CardState.CANCELLED not in before
        assert not may_move_card(move, CardState.CANCELLED)
        assert move is CardMove.REISSUE or after not in before
    final = {ApplicationState.ISSUED, ApplicationState.REFUSED, ApplicationState.WITHDRAWN}
    assert not [move for move in APPLICATION_MOVES if move[0] in final]


@pytest.mark.row("ID-14")
def test_a_lost_card_is_refused_at_once_and_works_again_when_it_is_found() -> None:
    who, where = world.holder(), world.hospital()
    life.report_loss(card_pk=who.card.pk, reason="手机丢失", actor=CENTRE)
    for text in (world.code_of(who), world.static_of(who)):
        with pytest.raises(CardLost):
            world.scan(text, where)
    life.withdraw_loss(card_pk=who.card.pk, reason="已找回", actor=CENTRE)
    assert world.scan(world.static_of(who), where).card_id == who.number.value


@pytest.mark.row("ID-14")
def test_a_frozen_card_is_refused_at_once() -> None:
    who, where = world.holder(), world.hospital()
    text = world.code_of(who)
    life.freeze_card(card_pk=who.card.pk, reason="疑似冒用", actor=CENTRE)
    with pytest.raises(CardFrozen):
        world.scan(text, where)


def test_a_report_of_loss_does_not_undo_what_the_centre_stopped(holder: CardHolder) -> None:
    life.freeze_card(card_pk=holder.card.pk, reason="疑似冒用", actor=STAFF)
    for actor in (holder.actor, Actor(kind=ActorKind.CLIENT, id="c", institution="i")):
        with pytest.raises(CardHeldByCentre):
            life.report_loss(card_pk=holder.card.pk, reason="holder", actor=actor)
    life.report_loss(card_pk=holder.card.pk, reason="来电挂失", actor=STAFF)
    with pytest.raises(CardHeldByCentre):
        life.withdraw_loss(card_pk=holder.card.pk, reason="holder", actor=holder.actor)


def test_staff_without_the_duty_move_no_card_whatever_page_calls(holder: CardHolder) -> None:
    reviewer = Actor(kind=ActorKind.STAFF, id="clerk", scopes=frozenset({"centre", "reviewer"}))
    with pytest.raises(PermissionRefused):
        life.freeze_card(card_pk=holder.card.pk, reason="测试", actor=reviewer)
    with pytest.raises(PermissionRefused):
        numbers.reissue_number(card_pk=holder.card.pk, reason="测试", actor=reviewer)
    life.freeze_card(card_pk=holder.card.pk, reason="holder", actor=holder.actor)
