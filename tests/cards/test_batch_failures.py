"""A line that ends in an error that nobody expected stops no other, and gets a result in the end."""

from dataclasses import replace

import pytest
from django.db import connection
from pytest_django import Settings

from cards.batch.selectors import why
from cards.batch.states import BatchState, Note
from cards.batch.verdicts import MOST_FAILURES
from cards.models import Batch, BatchRow, Card
from cards.services.batch_counter import complete_row
from cards.services.batch_work import runnable_batches, work_on
from identity.providers.base import RealNameAnswer
from identity.providers.population import PopulationDatabase
from mpi.types import PersonIdentity
from tests.cards.listing import clerk_of, handed_in, line, results, worked_off
from tests.cards.world import citizen_number, hospital
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.row("ID-09"), pytest.mark.django_db(transaction=True)]

UNKEEPABLE, BROKEN = "测试毒", "测试乱"


class Garbling(PopulationDatabase):
    """A real-name source that answers some people with what nobody can use."""

    def check(self, *, request_id: str, id_type: str, id_number: str, name: str) -> RealNameAnswer:
        if name == BROKEN:
            raise RecursionError
        answer = super().check(request_id=request_id, id_type=id_type, id_number=id_number, name=name)
        # No column of text takes this character.
        return replace(answer, reference="R\x00") if name == UNKEEPABLE else answer


@pytest.fixture
def garbling(sandbox: Sandbox, settings: Settings) -> None:
    settings.REAL_NAME_PROVIDER = f"{__name__}.Garbling"


def come_to_their_turn() -> None:
    Batch.objects.update(resume_at=None)
    BatchRow.objects.update(next_at=None)


def test_lines_that_cannot_be_done_stop_no_other_and_are_told_in_the_end(garbling: None) -> None:
    place = hospital()
    batch = handed_in(place, [line(UNKEEPABLE), line(), line(BROKEN), line(), line("测试坏")])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cards_batch_row SET content = %s WHERE line = 6", [b"\x01" * 60])
    for _ in range(MOST_FAILURES - 1):
        worked_off(batch)
        assert (batch.state, batch.note) == (BatchState.WORKING, Note.LINES_FAILED)
        assert runnable_batches() == []
        come_to_their_turn()
    assert {at: state for at, (state, _) in results(batch).items()} == {
        2: "waiting",
        3: "issued",
        4: "waiting",
        5: "issued",
        6: "waiting",
    }
    worked_off(batch)
    assert (batch.state, batch.note) == (BatchState.DONE, "")
    assert [results(batch)[at] for at in (2, 4, 6)] == [("unnamed", "failed_repeatedly")] * 3
    assert "窗口" in why(BatchRow.objects.get(line=2))
    assert Card.objects.count() == 2


def test_the_counter_can_finish_what_the_list_could_not(garbling: None, settings: Settings) -> None:
    place = hospital()
    number = citizen_number()
    batch = handed_in(place, [line(BROKEN, number=number)])
    for _ in range(MOST_FAILURES):
        come_to_their_turn()
        worked_off(batch)
    settings.REAL_NAME_PROVIDER = "identity.providers.population.PopulationDatabase"
    row = BatchRow.objects.get()
    given = PersonIdentity(name=BROKEN, id_type="01", id_number=number)
    assert complete_row(row=row, identity_given=given, actor=clerk_of(place), reason="测试").created


def test_a_fault_that_has_passed_costs_the_line_nothing(garbling: None, settings: Settings) -> None:
    batch = worked_off(handed_in(hospital(), [line(BROKEN)]))
    assert BatchRow.objects.get().failures == 1
    settings.REAL_NAME_PROVIDER = "identity.providers.population.PopulationDatabase"
    come_to_their_turn()
    worked_off(batch)
    assert results(batch) == {2: ("issued", "")}


def test_a_slow_list_of_faults_gives_others_their_turn(garbling: None) -> None:
    batch = handed_in(hospital(), [line(BROKEN) for _ in range(3)])
    turns = 0
    while work_on(public_id=batch.public_id, seconds=0):
        turns += 1
    assert turns == 3
    assert set(BatchRow.objects.values_list("failures", flat=True)) == {1}
