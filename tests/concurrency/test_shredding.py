"""Whoever comes back while the nightly job runs is kept whole, or registered anew whole.

The guard is the lock on the person: the job holds it before it looks whether anybody needs the
person, and so does whoever registers or takes on somebody. Without it a card is issued on a
person whose key is gone a moment later.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.db.models import QuerySet

from cards.models import Card
from cards.services.binding import link_patient
from cards.services.bulk import Applicant, issue_cards
from cards.services.issue import issue_card
from cards.states import CardState, Channel
from foundation.accounts import closing
from foundation.core import clock
from gmcrypto import subject_keys
from gmcrypto.errors import KeyDestroyed
from identity import services as identity
from identity.rules import Evidence
from mpi import selectors as mpi
from mpi import services as persons
from mpi.errors import PersonErased
from mpi.models import Identifier, Person, SourceRecord
from mpi.types import PersonIdentity
from privacy import retention as periods
from privacy.services import retention
from privacy.services.closing import close_account
from tests.cards.applying import applicant
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.concurrency.waiting import overtaken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-16")]

HOSPITAL = "0" * 26


@pytest.fixture
def gone() -> CardHolder:
    """Somebody who closed their account, and is to be shredded tonight."""
    with transaction.atomic():
        holder = card_holder()
    close_account(
        account_id=holder.account.public_id,
        is_confirmed=True,
        certificate=holder.id_number,
        actor=holder.actor,
    )
    return holder


@pytest.fixture(autouse=True)
def tonight(gone: CardHolder) -> Iterator[datetime]:
    with time_machine.travel(clock.now() + 2 * periods.CLOSED_ACCOUNT, tick=True):
        yield clock.now()


def identity_of(gone: CardHolder) -> PersonIdentity:
    return PersonIdentity(name="测试甲", id_type="01", id_number=gone.id_number, nation="01")


def one_by_one(gone: CardHolder) -> int:
    with transaction.atomic():
        person = persons.register_person(identity=identity_of(gone), source=HOSPITAL, actor=CENTRE)
        persons.link_source_record(person_pk=person.person_pk, source=HOSPITAL, local_id="P1")
        return issue_card(person_pk=person.person_pk, channel=Channel.H5, actor=CENTRE).card.pk


def as_a_list(gone: CardHolder) -> int:
    (issued,) = issue_cards(
        applicants=[Applicant(identity_of(gone), patient_id="P1")],
        channel=Channel.BATCH,
        actor=CENTRE,
        institution_pk=None,
    )
    assert issued.card_pk is not None
    return issued.card_pk


WAYS = pytest.mark.parametrize("register", [one_by_one, as_a_list])


@contextmanager
def guard_off(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(QuerySet, "select_for_update", unlocked)
        patch.setattr(subject_keys, "is_destroyed", never)
        yield


def unlocked(rows: "QuerySet[Any]", **_options: Any) -> "QuerySet[Any]":
    return rows


def never(_subject: str) -> bool:
    return False


def live() -> Card:
    return Card.objects.exclude(state=CardState.CANCELLED).get()


@WAYS
def test_a_person_who_is_registered_at_the_same_moment_stays(
    gone: CardHolder, register: Callable[[CardHolder], int]
) -> None:
    report = overtaken(first=lambda: register(gone), then=retention.apply_retention)
    assert (report.done["accounts"], report.done["persons"], report.failed) == (1, 0, {})
    assert live().person_id == gone.card.person_id
    assert (mpi.particulars(live().person_id).name, live().face["name"]) == ("测试甲", "测试甲")


@WAYS
def test_a_person_who_is_being_shredded_is_registered_anew(
    gone: CardHolder, register: Callable[[CardHolder], int]
) -> None:
    overtaken(first=retention.apply_retention, then=lambda: register(gone))
    card = live()
    assert card.person_id != gone.card.person_id
    assert (mpi.particulars(card.person_id).name, card.face["name"]) == ("测试甲", "测试甲")
    assert card.numbers.get().value
    for kind in (Identifier, SourceRecord):
        assert set(kind._base_manager.values_list("person", flat=True)) == {card.person_id}
    old = Person.objects.get(pk=gone.card.person_id)
    assert old.name_token is None
    with pytest.raises(PersonErased):
        mpi.particulars(old.pk)


@WAYS
def test_without_the_guard_a_card_is_issued_on_somebody_shredded(
    gone: CardHolder, register: Callable[[CardHolder], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with guard_off(monkeypatch):
        overtaken(first=retention.apply_retention, then=lambda: register(gone))
    card = live()
    assert card.person_id == gone.card.person_id
    with pytest.raises(KeyDestroyed):
        assert card.face


def test_a_person_taken_on_at_the_same_moment_stays(gone: CardHolder) -> None:
    again = applicant("13900001044").account
    waiting = closing.waiting_to_be_shredded(closed_before=clock.now(), limit=10)
    report = overtaken(
        first=lambda: identity.open_self_holding(
            account_pk=again.pk, person_pk=gone.card.person_id, evidence=Evidence.REAL_NAME, actor=CENTRE
        ),
        then=retention.apply_retention,
    )
    assert list(waiting) == [gone.account.public_id]
    assert (report.done["accounts"], report.done["persons"]) == (1, 0)
    assert mpi.particulars(gone.card.person_id).name == "测试甲"


def _card(person_pk: int) -> Any:
    return issue_card(person_pk=person_pk, channel=Channel.WINDOW, actor=CENTRE)


def _holding(person_pk: int) -> Any:
    return identity.open_self_holding(
        account_pk=applicant("13900001045").account.pk,
        person_pk=person_pk,
        evidence=Evidence.WINDOW,
        actor=CENTRE,
    )


def _number_of_a_source(person_pk: int) -> Any:
    card = Card.objects.get(person=person_pk)
    return link_patient(card_pk=card.pk, patient_id="P9", actor=replace(CENTRE, institution=HOSPITAL))


def _certificate(person_pk: int) -> Any:
    return persons.add_identifier(person_pk=person_pk, id_type="03", number="E12345678", actor=CENTRE)


@pytest.mark.parametrize("write", [_card, _holding, _number_of_a_source, _certificate])
def test_nothing_is_written_about_somebody_who_was_found_before_they_were_shredded(
    gone: CardHolder, write: Callable[[int], Any]
) -> None:
    found = mpi.find_by_identifier("01", gone.id_number)
    assert found is not None

    def written() -> str:
        try:
            with transaction.atomic():
                write(found.person_pk)
        except PersonErased as exc:
            return exc.code
        return ""

    assert overtaken(first=retention.apply_retention, then=written) == PersonErased.code
