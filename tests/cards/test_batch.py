"""Cards made in advance (ID-09): a list is cleansed, checked, and each line done once."""

import pytest
from django.db import transaction

from cards.batch.states import BatchState, Note
from cards.batch.verdicts import MOST_UNANSWERED
from cards.errors import BatchRepeated, ChannelStopped
from cards.models import Batch, BatchRow, Card, CardBinding, CardNumber
from cards.services import batch as batches
from cards.services import batch_work
from cards.services.batch_work import runnable_batches, work_on
from cards.services.channels import switch_channel
from cards.services.life import cancel_card
from cards.states import Channel
from foundation.audit.models import AuditEntry
from foundation.core.errors import StalePage
from foundation.events import relay
from foundation.events.models import OutboxMessage
from identity.models import Holding, IdentityCheck
from mpi import selectors as mpi
from mpi.models import Identifier, Person
from notifications.models import Message
from tests.cards.holding import card_holder
from tests.cards.listing import clerk_of, handed_in, line, results, worked_off
from tests.cards.world import CENTRE, citizen_number, holder, hospital
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.row("ID-09"), pytest.mark.django_db(transaction=True)]


def test_each_person_of_a_list_gets_a_card_with_everything_that_a_single_one_has(sandbox: Sandbox) -> None:
    place = hospital()
    lines = [line(patient=f"P{number}") for number in range(5)]
    batch = worked_off(handed_in(place, lines))

    assert batch.state == BatchState.DONE
    assert set(results(batch).values()) == {("issued", "")}
    for row in BatchRow.objects.filter(batch=batch).select_related("card"):
        card = row.card
        assert card is not None
        assert (card.channel, card.face["name"]) == (Channel.BATCH, "测试甲")
        assert card.face["id_number"] == row.content["id_number"]
        number = CardNumber.objects.get(card=card)
        assert len(number.value) == 64
        found = mpi.find_by_source(place.public_id, row.content["patient_id"])
        assert found is not None
        assert found.person_pk == row.person_id == card.person_id
        assert mpi.particulars(card.person_id).phone == "13900000000"
        assert CardBinding.objects.filter(card=card, institution=place.public_id).exists()
        check = IdentityCheck.objects.get(public_id=row.check_reference)
        assert (check.outcome, check.person_id) == ("match", row.person_id)
        assert AuditEntry.objects.filter(action="card.issued", subject_id=card.public_id).count() == 1
        assert AuditEntry.objects.filter(action="person.registered", subject_id=card.subject).count() == 1
        assert (
            OutboxMessage.objects.filter(topic="card.issued.v1", payload__card_id=card.public_id).count() == 1
        )
    assert not Holding.objects.exists()


def test_named_and_unnamed_are_separated_and_each_line_says_why(sandbox: Sandbox) -> None:
    place = hospital()
    known, good = holder(), citizen_number()
    conflict = holder(name="测试丁")
    rows = [
        line(number=good),
        line(number=good),
        line("测试乙", number=good),
        line("", number=citizen_number()),
        line("无名氏", number=citizen_number()),
        line("测试丙", number=""),
        line("测试丙", number=good[:-1] + ("1" if good[-1] != "1" else "2")),
        line("测不符"),
        line("测无此人"),
        line(number=known.id_number, patient="K1"),
        line(number=conflict.id_number),
        line("测试戊", number="E12345678", id_type="护照"),
        line("测试己", patient="K2"),
        line("测试庚", patient="K2"),
    ]
    batch = worked_off(handed_in(place, rows))
    assert results(batch) == {
        2: ("issued", ""),
        3: ("refused", "duplicate_line"),
        4: ("refused", "number_repeated"),
        5: ("unnamed", "name_missing"),
        6: ("unnamed", "name_placeholder"),
        7: ("unnamed", "number_placeholder"),
        8: ("unnamed", "number_check_digit"),
        9: ("unnamed", "real_name_mismatch"),
        10: ("unnamed", "real_name_not_found"),
        11: ("existing", "already_has_card"),
        12: ("refused", "identity_conflict"),
        13: ("issued", ""),
        14: ("issued", ""),
        15: ("refused", "duplicate_patient_id"),
    }
    found = mpi.find_by_source(place.public_id, "K1")
    assert found is not None
    assert found.person_pk == known.card.person_id
    assert batch.state == BatchState.DONE


def test_somebody_whose_card_was_cancelled_gets_a_new_one_under_the_next_key(sandbox: Sandbox) -> None:
    before = holder()
    cancel_card(card_pk=before.card.pk, reason="测试", actor=CENTRE)
    batch = worked_off(handed_in(hospital(), [line(number=before.id_number)]))
    assert results(batch) == {2: ("issued", "")}
    card = Card.objects.exclude(state="cancelled").get(person=before.card.person_id)
    assert card.numbers.get().key_version == 2
    assert Person.objects.count() == 1


def test_whoever_has_an_account_is_told_of_a_card_from_a_list(sandbox: Sandbox) -> None:
    with transaction.atomic():
        told = card_holder()
    silent = holder()
    for before in (told.card, silent.card):
        cancel_card(card_pk=before.pk, reason="测试", actor=CENTRE)
    worked_off(handed_in(hospital(), [line(number=who.id_number) for who in (told, silent)]))
    while relay.run_once():
        continue
    found = Message.objects.exclude(kind="card.cancelled")
    assert [(one.kind, one.account) for one in found] == [("card.prepared", told.account)]


def test_a_patient_number_of_somebody_else_leaves_nothing_behind(sandbox: Sandbox) -> None:
    place = hospital()
    worked_off(handed_in(place, [line(patient="P1")]))
    people = Person.objects.count()
    batch = worked_off(handed_in(place, [line("测试乙", patient="P1")]))
    assert results(batch) == {2: ("refused", "source_record_taken")}
    assert (Person.objects.count(), Identifier.objects.count(), Card.objects.count()) == (people, 1, 1)


def test_while_nobody_answers_the_list_rests_and_goes_on_by_itself(sandbox: Sandbox) -> None:
    batch = handed_in(hospital(), [line() for _ in range(3)])
    sandbox.fault("population", "error")
    worked_off(batch)
    assert (batch.state, batch.note) == (BatchState.WORKING, Note.CHECKS_UNANSWERED)
    assert set(results(batch).values()) == {("waiting", "")}
    assert runnable_batches() == []
    sandbox.repair()
    Batch.objects.update(resume_at=None)
    BatchRow.objects.update(next_at=None)
    assert runnable_batches() == [batch.public_id]


def test_where_answers_are_slow_the_rest_is_asked_about_in_the_next_round(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_work, "ASKED_TOGETHER", 2)
    monkeypatch.setattr(batch_work, "ASKING_SECONDS", 0.0)
    batch = worked_off(handed_in(hospital(), [line() for _ in range(5)]))
    assert set(results(batch).values()) == {("issued", "")}
    assert IdentityCheck.objects.count() == 5


def test_a_line_that_is_never_answered_is_left_to_the_counter(sandbox: Sandbox) -> None:
    batch = handed_in(hospital(), [line("测故障"), line()])
    for _ in range(MOST_UNANSWERED):
        Batch.objects.update(resume_at=None)
        BatchRow.objects.update(next_at=None)
        worked_off(batch)
    assert results(batch) == {2: ("unnamed", "real_name_unanswered"), 3: ("issued", "")}
    assert batch.state == BatchState.DONE


def test_a_stopped_channel_takes_no_list_and_pauses_those_that_are_under_way(sandbox: Sandbox) -> None:
    place = hospital()
    batch = handed_in(place, [line()])
    switch_channel(channel=Channel.BATCH, is_open=False, reason="测试", actor=CENTRE)
    with pytest.raises(ChannelStopped):
        handed_in(place, [line()])
    worked_off(batch)
    assert (batch.state, batch.note) == (BatchState.PAUSED, Note.CHANNEL_STOPPED)
    assert not Card.objects.exists()
    switch_channel(channel=Channel.BATCH, is_open=True, reason="测试", actor=CENTRE)
    batches.resume_batch(batch_pk=batch.pk, reason="测试", actor=clerk_of(place))
    assert worked_off(batch).state == BatchState.DONE


def test_a_list_can_rest_go_on_and_be_given_up(sandbox: Sandbox) -> None:
    place = hospital()
    batch = handed_in(place, [line(), line()])
    actor = clerk_of(place)
    batches.pause_batch(batch_pk=batch.pk, reason="测试", actor=actor)
    assert not work_on(public_id=batch.public_id, seconds=1)
    assert set(results(batch).values()) == {("waiting", "")}
    with pytest.raises(StalePage):
        batches.pause_batch(batch_pk=batch.pk, reason="测试", actor=actor)
    batches.resume_batch(batch_pk=batch.pk, reason="测试", actor=actor)
    batches.cancel_batch(batch_pk=batch.pk, reason="测试", actor=actor)
    assert set(results(batch).values()) == {("cancelled", "batch_cancelled")}
    assert not work_on(public_id=batch.public_id, seconds=1)
    with pytest.raises(StalePage):
        batches.resume_batch(batch_pk=batch.pk, reason="测试", actor=actor)


def test_the_same_list_is_taken_once(sandbox: Sandbox) -> None:
    place = hospital()
    rows = [line()]
    batch = handed_in(place, rows)
    with pytest.raises(BatchRepeated):
        handed_in(place, rows)
    batches.cancel_batch(batch_pk=batch.pk, reason="测试", actor=clerk_of(place))
    assert handed_in(place, rows).pk != batch.pk
