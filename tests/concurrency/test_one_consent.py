"""A request to read records is answered once, and a report is kept once, whoever comes at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from foundation.core.actor import Actor
from foundation.events.models import OutboxMessage
from identity import services as identity
from identity.rules import Evidence
from identity.types import FamilyLimits, Relation
from institutions.rules import Role
from mpi import selectors as mpi
from records.errors import AccessEnded, AccessOver, AccessTaken
from records.models import AccessGrant, AccessRequest, RecordAccess, Report, ReportVersion
from records.rules import RecordKind, RequestState
from records.selectors.access import Scope, preview, records_of
from records.services import access, viewing
from records.services.access import (
    ask_person,
    ask_with_code,
    grant_access,
    open_code,
    refuse_access,
    revoke_access,
)
from records.services.reports import publish_report
from records.services.viewing import open_record
from tests.cards.holding import CENTRE, CardHolder
from tests.cards.world import Hospital, hospital
from tests.concurrency.waiting import overtaken
from tests.institutions import people as staff
from tests.records import world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("OP-07")]

CALLERS = 12


def at_once(one: Callable[[int], str]) -> list[str]:
    barrier = threading.Barrier(CALLERS, timeout=30)

    def run(turn: int) -> str:
        barrier.wait()
        try:
            return one(turn)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CALLERS) as threads:
        return list(threads.map(run, range(CALLERS)))


@pytest.fixture
def here(transactional_db: None) -> Hospital:
    return hospital(short_name="东区医院")


@pytest.fixture
def patient(here: Hospital) -> CardHolder:
    with transaction.atomic():
        who = world.proved()
    world.report(here, who)
    return who


def test_of_twelve_answers_one_stands(here: Hospital, patient: CardHolder) -> None:
    doctor = staff.actor(staff.staff(Role.DOCTOR, here.public_id))
    request_id = question(patient, doctor)
    agree, refuse = agreeing(patient, request_id), refusing(patient, request_id)

    def one(turn: int) -> str:
        if turn % 2:
            return refuse()
        try:
            agree()
        except AccessOver:
            return "late"
        return "answered"

    assert at_once(one).count("answered") == 1
    is_granted = AccessRequest.objects.get().state == "granted"
    assert AccessGrant.objects.count() == is_granted
    assert OutboxMessage.objects.filter(topic="access.granted.v1").count() == is_granted


def test_one_of_two_phones_has_the_code(here: Hospital, patient: CardHolder) -> None:
    with transaction.atomic():
        other = world.proved("13900001002", "测试乙")
    doctor = staff.actor(staff.staff(Role.DOCTOR, here.public_id))
    shown = ask_with_code(purpose="outpatient", kinds=["lab"], actor=doctor)
    token = shown.text.rstrip("/").rpartition("/")[2]

    def one(turn: int) -> str:
        actor = (patient if turn % 2 else other).actor
        try:
            open_code(token=token, actor=actor)
        except AccessTaken:
            return "taken"
        return actor.id

    outcomes = at_once(one)
    assert len(set(outcomes) - {"taken"}) == 1
    assert outcomes.count("taken") == CALLERS // 2


def granted(here: Hospital, patient: CardHolder, doctor: Actor) -> str:
    return agreeing(patient, question(patient, doctor))().public_id


def question(patient: CardHolder, doctor: Actor) -> str:
    shown = ask_with_code(purpose="outpatient", kinds=list(RecordKind.values), actor=doctor)
    return open_code(token=shown.text.rstrip("/").rpartition("/")[2], actor=patient.actor).public_id


def agreeing(who: CardHolder, request_id: str, person_id: str = "") -> Callable[[], AccessGrant]:
    person_pk = mpi.by_public_ids([person_id])[person_id].person_pk if person_id else who.card.person_id
    items = records_of(person_pk)
    scope = Scope(frozenset(RecordKind.values), frozenset(item.institution for item in items))
    seen = preview(items, scope).digest
    return lambda: grant_access(
        request_id=request_id,
        account_pk=who.account.pk,
        person_id=person_id or who.card.subject,
        scope=scope,
        duration="day",
        seen=seen,
        actor=who.actor,
    )


def refusing(who: CardHolder, request_id: str, person_id: str = "") -> Callable[[], str]:
    def refused() -> str:
        try:
            refuse_access(
                request_id=request_id,
                account_pk=who.account.pk,
                person_id=person_id or who.card.subject,
                actor=who.actor,
            )
        except AccessOver:
            return "late"
        return "answered"

    return refused


def believing(row: AccessRequest, state: RequestState, moment: datetime, **values: Any) -> None:
    """Decides by what was read before, and writes without asking again: the usual mistake."""
    if row.state != RequestState.WAITING:
        raise AccessOver
    AccessRequest.objects.filter(pk=row.pk).update(state=state, answered_at=moment, **values)


def test_a_no_that_comes_after_a_yes_is_too_late(here: Hospital, patient: CardHolder) -> None:
    doctor = staff.actor(staff.staff(Role.DOCTOR, here.public_id))
    request_id = question(patient, doctor)
    late = overtaken(first=agreeing(patient, request_id), then=refusing(patient, request_id))
    assert (late, AccessRequest.objects.get().state) == ("late", RequestState.GRANTED)


def test_without_the_conditional_update_a_refused_request_opens(
    here: Hospital, patient: CardHolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "_answer", believing)
    doctor = staff.actor(staff.staff(Role.DOCTOR, here.public_id))
    request_id = question(patient, doctor)
    assert overtaken(first=agreeing(patient, request_id), then=refusing(patient, request_id)) == "answered"
    assert AccessRequest.objects.get().state == RequestState.REFUSED
    # The phone says that it was refused, and the doctor reads.
    assert open_record(grant_id=AccessGrant.objects.get().public_id, actor=doctor).reports


def test_of_two_guardians_phones_one_answers(here: Hospital, patient: CardHolder) -> None:
    with transaction.atomic():
        child, mother, father = (
            world.proved(f"1390000110{place}", f"测试{name}")
            for place, name in zip("345", "丙丁戊", strict=True)
        )
        for guardian in (mother, father):
            identity.open_dependant_holding(
                account_pk=guardian.account.pk,
                person_pk=child.card.person_id,
                relation=Relation.CHILD,
                evidence=Evidence.GUARDIAN_PROOF,
                limits=FamilyLimits(dependants=5, guardians=5),
                actor=CENTRE,
            )
    world.report(here, child)
    doctor = staff.actor(staff.staff(Role.DOCTOR, here.public_id))
    request_id = ask_person(
        person_pk=child.card.person_id, purpose="outpatient", kinds=["lab"], name="示范医生甲", actor=doctor
    )
    person_id = child.card.subject
    late = overtaken(
        first=agreeing(mother, request_id, person_id), then=refusing(father, request_id, person_id)
    )
    assert late == "late"
    assert AccessRequest.objects.get().account == mother.actor.id


def test_a_consent_given_twice_at_once_is_one(
    here: Hospital, patient: CardHolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor = staff.actor(staff.staff(Role.DOCTOR, here.public_id))
    request_id = question(patient, doctor)
    agree = agreeing(patient, request_id)

    def again() -> str:
        try:
            agree()
        except AccessOver:
            return "late"
        except IntegrityError:
            return "refused by the database"
        return "answered"

    assert overtaken(first=agree, then=again) == "late"
    # Without the guard the database still has one grant for a request, and says so as a fault.
    monkeypatch.setattr(access, "_answer", believing)
    AccessRequest.objects.update(state=RequestState.WAITING, answered_at=None)
    assert again() == "refused by the database"
    assert AccessGrant.objects.count() == 1


def reading(grant_id: str, doctor: Actor) -> Callable[[], str]:
    def read() -> str:
        try:
            open_record(grant_id=grant_id, actor=doctor)
        except AccessEnded:
            return "shut"
        return "read"

    return read


def test_a_reading_waits_for_a_consent_that_is_being_taken_back(here: Hospital, patient: CardHolder) -> None:
    doctor = staff.actor(staff.staff(Role.DOCTOR, here.public_id))
    grant = granted(here, patient, doctor)

    def take_back() -> bool:
        return revoke_access(grant_id=grant, account_pk=patient.account.pk, actor=patient.actor)

    assert overtaken(first=take_back, then=reading(grant, doctor)) == "shut"
    assert not RecordAccess.objects.exists()


def test_taking_back_waits_for_a_reading_that_has_begun(here: Hospital, patient: CardHolder) -> None:
    doctor = staff.actor(staff.staff(Role.DOCTOR, here.public_id))
    grant = granted(here, patient, doctor)

    def take_back() -> bool:
        return revoke_access(grant_id=grant, account_pk=patient.account.pk, actor=patient.actor)

    assert overtaken(first=reading(grant, doctor), then=take_back)
    # What was read before stands in the person's list, and nothing is read any more.
    assert RecordAccess.objects.count() == 1
    assert reading(grant, doctor)() == "shut"


def test_without_the_lock_somebody_reads_after_it_was_taken_back(
    here: Hospital, patient: CardHolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor = staff.actor(staff.staff(Role.DOCTOR, here.public_id))
    grant = granted(here, patient, doctor)

    def only_looking(grant_id: str, actor: Actor) -> AccessGrant:
        row = AccessGrant.objects.select_related("institution").get(public_id=grant_id)
        if row.revoked_at is not None:
            raise AccessEnded
        return row

    def take_back() -> bool:
        return revoke_access(grant_id=grant, account_pk=patient.account.pk, actor=patient.actor)

    monkeypatch.setattr(viewing, "_live", only_looking)
    assert overtaken(first=take_back, then=reading(grant, doctor)) == "read"
    revoked_at = AccessGrant.objects.get().revoked_at
    assert revoked_at is not None
    assert RecordAccess.objects.get().at > revoked_at


def test_no_reading_is_written_after_the_consent_was_taken_back(here: Hospital, patient: CardHolder) -> None:
    doctor = staff.actor(staff.staff(Role.DOCTOR, here.public_id))
    grant = granted(here, patient, doctor)

    def one(turn: int) -> str:
        try:
            if turn == CALLERS // 2:
                revoke_access(grant_id=grant, account_pk=patient.account.pk, actor=patient.actor)
                return "revoked"
            open_record(grant_id=grant, actor=doctor)
        except AccessEnded:
            return "shut"
        return "read"

    outcomes = at_once(one)
    assert outcomes.count("revoked") == 1
    assert RecordAccess.objects.count() == outcomes.count("read")
    revoked_at = AccessGrant.objects.get().revoked_at
    assert revoked_at is not None
    with pytest.raises(AccessEnded):
        open_record(grant_id=grant, actor=doctor)


@pytest.mark.row("OP-12")
def test_a_report_that_comes_twelve_times_at_once_is_one(here: Hospital, patient: CardHolder) -> None:
    said = world.details()

    def one(_turn: int) -> str:
        kept = publish_report(
            institution=here.public_id,
            person_pk=patient.card.person_id,
            details=said,
            actor=world.HOSPITAL,
        )
        return "new" if kept.is_changed else "known"

    assert at_once(one).count("new") == 1
    assert Report.objects.filter(number=said.number).count() == 1
    assert ReportVersion.objects.filter(report__number=said.number).count() == 1
