"""Lists that meet: at the same people, and with somebody who stops the list in the meantime."""

import threading
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from cards.batch.states import BatchState
from cards.models import Batch, Card, CardBinding, CardNumber
from cards.services import batch as batches
from cards.services.bulk import Applicant, IssuedOne, issue_cards
from cards.states import Channel
from foundation.audit.models import AuditEntry
from foundation.core import clock
from identity.models import IdentityCheck
from identity.providers.base import Outcome, RealNameAnswer
from institutions import selectors as institutions
from mpi.models import Identifier, Person
from mpi.types import PersonIdentity
from tests.cards.listing import clerk_of, handed_in, line, results, worked_off
from tests.cards.world import CENTRE, Hospital, citizen_number, hospital

pytestmark = [pytest.mark.row("ID-09"), pytest.mark.django_db(transaction=True)]

PEOPLE = 40
LISTS = 6


class Stopping:
    """A provider during whose answer a clerk pauses the list."""

    def check(self, *, request_id: str, id_type: str, id_number: str, name: str) -> RealNameAnswer:
        if Batch.objects.filter(state=BatchState.WORKING).exists():
            batches.pause_batch(batch_pk=Batch.objects.get().pk, reason="测试", actor=CENTRE)
        connection.close()
        return RealNameAnswer(outcome=Outcome.MATCH, reference="R1", checked_at=clock.now())


def test_a_list_that_is_stopped_during_its_checks_issues_nothing(settings: Settings) -> None:
    place = hospital()
    batch = handed_in(place, [line()])
    settings.REAL_NAME_PROVIDER = f"{__name__}.Stopping"
    worked_off(batch)
    assert batch.state == BatchState.PAUSED
    assert results(batch) == {2: ("waiting", "")}
    assert not Card.objects.exists()
    batches.resume_batch(batch_pk=batch.pk, reason="测试", actor=clerk_of(place))
    # The answer of before is evidence, and nobody is asked again.
    settings.REAL_NAME_PROVIDER = "tests.nobody.Nobody"
    worked_off(batch)
    assert results(batch) == {2: ("issued", "")}
    assert IdentityCheck.objects.count() == 1


def test_lists_with_the_same_people_at_once_give_each_of_them_one_card() -> None:
    numbers = [citizen_number() for _ in range(PEOPLE)]
    places = [hospital() for _ in range(LISTS)]
    start = threading.Barrier(LISTS, timeout=30)
    done: list[list[IssuedOne]] = []
    failures: list[BaseException] = []

    def work(place: Hospital, order: list[str]) -> None:
        try:
            start.wait()
            done.append(issued_by(place, order))
        except BaseException as exc:
            failures.append(exc)
        finally:
            connection.close()

    orders = [numbers, numbers[::-1], *([*numbers[turn:], *numbers[:turn]] for turn in range(1, LISTS - 1))]
    threads = [threading.Thread(target=work, args=pair) for pair in zip(places, orders, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert [one.error for issued in done for one in issued if one.error is not None] == []
    assert sum(one.created for issued in done for one in issued) == PEOPLE
    for table in (Person, Identifier, Card, CardNumber):
        assert table.objects.count() == PEOPLE, table
    assert CardBinding.objects.count() == PEOPLE * LISTS
    assert AuditEntry.objects.filter(action="card.issued").count() == PEOPLE


def issued_by(place: Hospital, numbers: list[str]) -> list[IssuedOne]:
    actor = clerk_of(place)
    applicants = [
        Applicant(PersonIdentity(name="测试甲", id_type="01", id_number=number)) for number in numbers
    ]
    pk: Any = institutions.visible(actor).get().pk
    return issue_cards(applicants=applicants, channel=Channel.BATCH, actor=actor, institution_pk=pk)
