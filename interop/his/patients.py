"""A hospital's number of a person: known, found, or made once (HI-02 自动建档).

One row per institution and person is the whole guard: of two scans in the same second one makes
it, one claims it, and the hospital is asked under the row's own key, by which it makes one record
however often it is asked. What the hospital cannot tell apart, its staff decide.
"""

import json
import time
from dataclasses import asdict, dataclass, field
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F, QuerySet

from cards import selectors as cards
from cards.services.binding import bind_card
from cards.services.issue import live_card
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.services import require
from interop.his import client, selectors, tasks
from interop.his.client import Found, HospitalFailure
from interop.his.errors import PatientNumbersNotOffered, PatientRecordSettled, PatientRecordUnknown
from interop.his.models import OPEN_STATES, HospitalSystem, Offer, PatientRecord, RecordState
from mpi import selectors as mpi
from mpi import services as persons
from mpi.errors import PersonErased, SourceRecordTaken

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
BACKOFF_SECONDS = (10, 60, 300, 1_800, 7_200)
LOOK_SECONDS = 0.1
SYSTEM = Actor.system("hospital")
FOUND, CREATED, CHOSEN = "found", "created", "chosen"


@dataclass(frozen=True, slots=True)
class PatientNumber:
    """What came of asking.

    Attributes:
        state: ``known`` where the number was there before; else the state of the question.
        patient_id: Empty while there is none.
        record_id: Public id of the question; empty where none was needed.
    """

    state: str
    patient_id: str = field(default="", repr=False)
    record_id: str = ""


def ask(*, person_pk: int, institution: str, cause: str, actor: Actor) -> PatientNumber:
    """See to it that an institution has a number of a person; the hospital is asked by a worker.

    Raises:
        PatientNumbersNotOffered: The number is not known, and the institution's system not asked.
    """
    known = mpi.local_id_of(person_pk, institution)
    if known:
        return PatientNumber("known", known)
    if selectors.system_of(institution, Offer.PATIENTS) is None:
        raise PatientNumbersNotOffered
    row = _row(person_pk, institution, cause, actor)
    return _told(row)


def wait(*, record: str, institution: str, seconds: float) -> PatientNumber:
    """Ask the hospital now, or wait for whoever is asking it, as long as somebody stands there.

    Not to be called in a transaction.

    Raises:
        PatientRecordUnknown: There is no such question of this institution.
    """
    ends = time.monotonic() + seconds
    work(record=record)
    while True:
        told = read(record=record, institution=institution)
        if told.state not in OPEN_STATES or time.monotonic() >= ends:
            return told
        time.sleep(LOOK_SECONDS)


def read(*, record: str, institution: str) -> PatientNumber:
    """Where a question stands.

    Raises:
        PatientRecordUnknown: There is no such question of this institution.
    """
    row = PatientRecord.objects.filter(public_id=record, institution__public_id=institution).first()
    if row is None:
        raise PatientRecordUnknown(field="record_id")
    return _told(row)


def work(*, record: str) -> bool:
    """Ask the hospital, if it is time and nobody else does; returns whether the question is settled."""
    moment = clock.now()
    due = PatientRecord.objects.filter(public_id=record, state__in=OPEN_STATES, next_attempt_at__lte=moment)
    if not due.update(state=RecordState.ASKING, attempts=F("attempts") + 1, next_attempt_at=moment + LEASE):
        return False
    row = PatientRecord.objects.select_related("institution", "person").get(public_id=record)
    if mpi.local_id_of(row.person_id, row.institution.public_id):
        # The hospital has said it by itself meanwhile, and would be told of the person for nothing.
        _close(row, RecordState.DONE, FOUND)
        return True
    system = selectors.system_of(row.institution.public_id, Offer.PATIENTS)
    if system is None:
        return _end(row, RecordState.FAILED, "not_offered")
    try:
        _settle(row, *_asked(row, system))
    except PersonErased:
        return _end(row, RecordState.FAILED, "person_gone")
    except HospitalFailure as exc:
        return _again(row, exc)
    return True


@transaction.atomic
def choose(*, record: str, patient_id: str, actor: Actor, reason: str = "") -> None:
    """Staff of the hospital say under which number it knows the person.

    Raises:
        PermissionRefused: The actor does not work at the hospital's window.
        PatientRecordUnknown, PatientRecordSettled: It is not theirs, or not open to a decision.
        InvalidInput, SourceRecordTaken: The number is empty, too long, or somebody else's.
    """
    row = _to_decide(record, actor)
    _link(row, patient_id)
    _close(row, RecordState.DONE, CHOSEN)
    audit.record(Action.PATIENT_NUMBER_CHOSEN, actor=actor, subject=row, reason=reason)


@transaction.atomic
def make_new(*, record: str, actor: Actor, reason: str = "") -> None:
    """Staff say that none of the records is this person's: the hospital is asked to make one.

    Raises:
        PermissionRefused, PatientRecordUnknown, PatientRecordSettled: As ``choose``.
    """
    row = _to_decide(record, actor)
    _close(row, RecordState.WAITING, "", wants_new=True, attempts=0, done_at=None)
    audit.record(Action.PATIENT_NUMBER_WANTED, actor=actor, subject=row, reason=reason)
    transaction.on_commit(lambda: tasks.ask_patient_number.delay(row.public_id))


@transaction.atomic
def try_again(*, record: str, actor: Actor, reason: str = "") -> None:
    """Staff have the hospital asked once more after it had failed too often.

    Raises:
        PermissionRefused, PatientRecordUnknown, PatientRecordSettled: As ``choose``.
    """
    row = _to_decide(record, actor)
    _close(row, RecordState.WAITING, "", attempts=0, done_at=None)
    audit.record(Action.PATIENT_NUMBER_WANTED, actor=actor, subject=row, reason=reason)
    transaction.on_commit(lambda: tasks.ask_patient_number.delay(row.public_id))


def candidates_of(row: PatientRecord) -> list[Found]:
    """The records that the hospital could not tell apart."""
    return [Found(**each) for each in json.loads(row.candidates or "[]")]


@transaction.atomic
def _row(person_pk: int, institution: str, cause: str, actor: Actor) -> PatientRecord:
    anchors = mpi.cluster(person_pk)
    found = PatientRecord.objects.filter(institution__public_id=institution, person__in=anchors).first()
    if found is not None:
        return found
    place = institutions.institution_pk(institution)
    if place is None:
        raise PatientNumbersNotOffered
    moment = clock.now()
    row, is_new = PatientRecord.objects.get_or_create(
        institution_id=place,
        person_id=mpi.survivor(person_pk),
        defaults={
            "state": RecordState.WAITING,
            "cause": cause,
            "created_at": moment,
            "next_attempt_at": moment,
        },
    )
    if is_new:
        audit.record(Action.PATIENT_NUMBER_WANTED, actor=actor, subject=row, details={"kind": cause})
        transaction.on_commit(lambda: tasks.ask_patient_number.delay(row.public_id))
    return row


def _asked(row: PatientRecord, system: HospitalSystem) -> tuple[str, list[Found]]:
    person = mpi.particulars(mpi.survivor(row.person_id))
    card = live_card(person.person_pk)
    told = {
        "name": person.name,
        "id_type": person.id_type,
        "id_number": person.id_number,
        "birth_date": person.birth_date.isoformat() if person.birth_date else "",
        "gender": person.sex,
        "phone": person.phone,
        "health_card_id": cards.current_numbers([card.pk])[card.pk] if card is not None else "",
    }
    told = {name: value for name, value in told.items() if value}
    if not row.wants_new:
        found = client.search_patients(system, told)
        if found:
            return FOUND, found
    # A new decision is a new key: the first may have been answered with a record that was refused.
    key = f"{row.public_id}-new" if row.wants_new else row.public_id
    return CREATED, [Found(client.create_patient(system, told, key=key))]


@transaction.atomic
def _settle(row: PatientRecord, outcome: str, found: list[Found]) -> None:
    if not _mine(row).update(next_attempt_at=clock.now() + LEASE):
        return
    if len({each.patient_id for each in found}) == 1:
        try:
            _link(row, found[0].patient_id)
        except SourceRecordTaken:
            # The number is somebody else's here: the hospital took two people for one.
            log.warning("patient_number_taken", record=row.public_id)
        else:
            _close(row, RecordState.DONE, outcome)
            action = Action.PATIENT_NUMBER_CREATED if outcome == CREATED else Action.PATIENT_NUMBER_FOUND
            audit.record(action, actor=SYSTEM, subject=row)
            return
    row.candidates = json.dumps([asdict(each) for each in found])
    row.state, row.outcome, row.failure = RecordState.AMBIGUOUS, "", ""
    row.save(update_fields=["candidates", "state", "outcome", "failure"])


def _link(row: PatientRecord, patient_id: str) -> None:
    institution = row.institution.public_id
    person_pk = persons.take_on(row.person_id)
    persons.link_source_record(person_pk=person_pk, source=institution, local_id=patient_id)
    card = live_card(person_pk)
    if card is not None:
        hospital = Actor(kind=ActorKind.SYSTEM, id=SYSTEM.id, institution=institution)
        bind_card(card_pk=card.pk, actor=hospital)


def _close(row: PatientRecord, state: RecordState, outcome: str, **more: object) -> None:
    row.state, row.outcome, row.failure, row.candidates = state, outcome, "", None
    row.done_at = row.next_attempt_at = clock.now()
    for name, value in more.items():
        setattr(row, name, value)
    row.save()


def _to_decide(record: str, actor: Actor) -> PatientRecord:
    require(actor, Duty.WORK_AT_WINDOW)
    row = selectors.visible_records(actor).select_for_update(of=("self",)).filter(public_id=record).first()
    if row is None:
        raise PatientRecordUnknown
    if row.state not in {RecordState.AMBIGUOUS, RecordState.FAILED}:
        raise PatientRecordSettled
    return row


def _end(row: PatientRecord, state: RecordState, failure: str) -> bool:
    _mine(row).update(state=state, failure=failure)
    return False


def _again(row: PatientRecord, failure: HospitalFailure) -> bool:
    if failure.is_final or row.attempts > len(BACKOFF_SECONDS):
        return _end(row, RecordState.FAILED, failure.code)
    pause = timedelta(seconds=BACKOFF_SECONDS[row.attempts - 1])
    _mine(row).update(state=RecordState.WAITING, failure=failure.code, next_attempt_at=clock.now() + pause)
    return False


def _mine(row: PatientRecord) -> "QuerySet[PatientRecord]":
    return PatientRecord.objects.filter(pk=row.pk, state=RecordState.ASKING, attempts=row.attempts)


def _told(row: PatientRecord) -> PatientNumber:
    number = mpi.local_id_of(row.person_id, row.institution.public_id)
    state = RecordState.DONE.value if number else row.state
    return PatientNumber(state, number, row.public_id)
