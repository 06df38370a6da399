"""Consent to read records: asked, shown beforehand, granted, read, taken back (OP-07)."""

import base64
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

import gmcrypto
from foundation.accounts.models import Account
from foundation.core import clock
from foundation.core.errors import PermissionRefused
from foundation.events.models import OutboxMessage
from gmcrypto.statements import is_genuine, signed_bytes
from identity.errors import LevelTooLow
from institutions.rules import Role
from mpi.models import Person
from records.errors import (
    AccessChanged,
    AccessEnded,
    AccessOver,
    AccessTaken,
    AccessUnknown,
    NothingToOpen,
    RecordNotCovered,
)
from records.models import AccessGrant, AccessRequest, RecordAccess
from records.rules import RecordKind
from records.selectors.access import preview, records_of
from records.services.access import (
    FORM,
    ask_by_scan,
    ask_with_code,
    open_code,
    refuse_access,
    revoke_access,
)
from records.services.viewing import open_record, read_report_by_grant
from tests.cards.holding import CardHolder, card_holder
from tests.cards.world import Holder, Hospital, code_of
from tests.institutions import people as staff
from tests.records import world
from tests.records.consenting import ALL, agree, asked, everything

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-07")]


def test_what_is_shown_is_what_opens_and_nothing_else(
    here: Hospital, there: Hospital, patient: CardHolder, doctor: Account
) -> None:
    items = records_of(patient.card.person_id)
    scope = everything(patient, kinds=frozenset({RecordKind.LABORATORY.value}))
    shown = preview(items, scope)
    assert ([item.place for item in shown.opens], len(shown.stays)) == (["东区医院"], 2)
    grant = agree(patient, asked(doctor, patient), scope)
    actor = staff.actor(doctor)
    opened = open_record(grant_id=grant.public_id, actor=actor)
    assert ([row.title for row in opened.reports], opened.visits) == (["血常规"], [])
    [own] = shown.opens
    assert (
        read_report_by_grant(grant_id=grant.public_id, report_id=own.item_id, actor=actor).results[0].value
        == "12.5"
    )
    image = next(item for item in shown.stays if item.thing == "report")
    with pytest.raises(RecordNotCovered):
        read_report_by_grant(grant_id=grant.public_id, report_id=image.item_id, actor=actor)
    assert RecordAccess.objects.count() == 2


def test_what_comes_later_stays_shut(here: Hospital, patient: CardHolder, doctor: Account) -> None:
    grant = agree(patient, asked(doctor, patient))
    before = open_record(grant_id=grant.public_id, actor=staff.actor(doctor))
    world.report(here, patient, title="后来的报告")
    after = open_record(grant_id=grant.public_id, actor=staff.actor(doctor))
    assert len(before.reports) == len(after.reports) == 2


def test_the_receipt_is_signed_and_names_nobody(here: Hospital, patient: CardHolder, doctor: Account) -> None:
    grant = agree(patient, asked(doctor, patient))
    statement, signature = grant.receipt["statement"], grant.receipt["signature"]
    assert (statement["opens"], statement["stays_shut"], statement["level"]) == (3, 0, 3)
    assert statement["reader_name"] == "示范医生甲 主任医师"
    assert patient.card.subject not in str(grant.receipt)
    assert patient.id_number not in str(grant.receipt)
    public = gmcrypto.PublicKey(bytes.fromhex(signature["public_key"]))
    value = base64.b64decode(signature["value"])
    assert gmcrypto.verify(public, signed_bytes(FORM, statement), value)
    changed = statement | {"until": "2099-01-01T00:00:00+08:00"}
    assert not is_genuine(FORM, changed, key_id=signature["key_id"], value=signature["value"])


def test_revoking_shuts_at_once(here: Hospital, patient: CardHolder, doctor: Account) -> None:
    grant = agree(patient, asked(doctor, patient))
    actor = staff.actor(doctor)
    open_record(grant_id=grant.public_id, actor=actor)
    revoked: dict[str, Any] = {
        "grant_id": grant.public_id,
        "account_pk": patient.account.pk,
        "actor": patient.actor,
    }
    assert revoke_access(**revoked)
    assert not revoke_access(**revoked)
    with pytest.raises(AccessEnded):
        open_record(grant_id=grant.public_id, actor=actor)
    assert RecordAccess.objects.count() == 1
    topics = set(OutboxMessage.objects.values_list("topic", flat=True))
    assert {"access.granted.v1", "record.opened.v1", "access.revoked.v1"} <= topics


def test_it_ends_by_itself(here: Hospital, patient: CardHolder, doctor: Account) -> None:
    grant = agree(patient, asked(doctor, patient))
    with time_machine.travel(clock.now() + timedelta(hours=24, seconds=1), tick=False):
        with pytest.raises(AccessEnded):
            open_record(grant_id=grant.public_id, actor=staff.actor(doctor))


def test_another_doctor_of_the_same_hospital_reads_nothing(
    here: Hospital, patient: CardHolder, doctor: Account
) -> None:
    grant = agree(patient, asked(doctor, patient))
    other = staff.staff(Role.DOCTOR, here.public_id, username="doctor2")
    with pytest.raises(AccessUnknown):
        open_record(grant_id=grant.public_id, actor=staff.actor(other))
    clerk = staff.staff(Role.WINDOW_CLERK, here.public_id)
    for command in (
        lambda: open_record(grant_id=grant.public_id, actor=staff.actor(clerk)),
        lambda: ask_with_code(purpose="outpatient", kinds=ALL, actor=staff.actor(clerk)),
    ):
        with pytest.raises(PermissionRefused):
            command()


def test_a_code_is_the_first_ones_who_scans_it(here: Hospital, patient: CardHolder, doctor: Account) -> None:
    shown = ask_with_code(purpose="outpatient", kinds=ALL, actor=staff.actor(doctor))
    token = shown.text.rstrip("/").rpartition("/")[2]
    assert token not in str(list(AccessRequest.objects.values()))
    request_id = open_code(token=token, actor=patient.actor).public_id
    stranger = world.proved("13900001002", "测试乙")
    with pytest.raises(AccessTaken):
        open_code(token=token, actor=stranger.actor)
    world.report(here, stranger)
    with pytest.raises(AccessUnknown):
        agree(stranger, request_id)
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=False):
        with pytest.raises(AccessOver):
            agree(patient, request_id)


def test_one_answer_counts(here: Hospital, patient: CardHolder, doctor: Account) -> None:
    request_id = asked(doctor, patient)
    answer: dict[str, Any] = {
        "request_id": request_id,
        "account_pk": patient.account.pk,
        "person_id": patient.card.subject,
        "actor": patient.actor,
    }
    refuse_access(**answer)
    with pytest.raises(AccessOver):
        agree(patient, request_id)
    with pytest.raises(AccessOver):
        refuse_access(**answer)
    assert not AccessGrant.objects.exists()


def test_what_changed_meanwhile_is_shown_anew(here: Hospital, patient: CardHolder, doctor: Account) -> None:
    request_id = asked(doctor, patient)
    seen = preview(records_of(patient.card.person_id), everything(patient)).digest
    world.report(here, patient, title="刚出的报告")
    with pytest.raises(AccessChanged):
        agree(patient, request_id, seen=seen)
    with pytest.raises(NothingToOpen):
        agree(patient, request_id, everything(patient, kinds=frozenset()))


def test_level_1_opens_nothing_to_anybody(here: Hospital, doctor: Account) -> None:
    who = card_holder("13900001009")
    world.report(here, who)
    request_id = asked(doctor, who)
    with pytest.raises(LevelTooLow):
        agree(who, request_id)


def test_the_patients_own_code_asks_on_the_phone(
    here: Hospital, patient: CardHolder, doctor: Account
) -> None:
    text = code_of(Holder(patient.card, patient.card.numbers.get(), patient.id_number))
    request_id = ask_by_scan(
        text=text, purpose="consultation", kinds=ALL, ticket="t" * 26, actor=staff.actor(doctor)
    )
    message = OutboxMessage.objects.get(topic="access.asked.v1")
    assert message.payload["person_id"] == patient.card.subject
    stranger = world.proved("13900001002", "测试乙")
    with pytest.raises(AccessUnknown):
        agree(stranger, request_id, scope=everything(patient), seen="")
    assert agree(patient, request_id).purpose == "consultation"


def test_a_reading_without_consent_cannot_be_written_down(
    here: Hospital, patient: CardHolder, doctor: Account
) -> None:
    grant = agree(patient, asked(doctor, patient))
    with pytest.raises(IntegrityError), transaction.atomic():
        RecordAccess.objects.create(
            institution=grant.institution,
            person_id=grant.person_id,
            reader="x",
            reader_name="x",
            thing="list",
            at=clock.now(),
        )


def test_what_turns_out_to_be_the_same_persons_stays_shut(
    here: Hospital, patient: CardHolder, doctor: Account
) -> None:
    other = world.proved("13900001002", "测试乙")
    foreign = world.report(here, other)
    grant = agree(patient, asked(doctor, patient))
    merged(other, patient)
    assert len(records_of(patient.card.person_id)) == 4
    opened = open_record(grant_id=grant.public_id, actor=staff.actor(doctor))
    assert len(opened.reports) == 2
    with pytest.raises(RecordNotCovered):
        read_report_by_grant(grant_id=grant.public_id, report_id=foreign.report_id, actor=staff.actor(doctor))


def merged(one: CardHolder, into: CardHolder) -> None:
    """Two anchors are found to be one person."""
    Person.objects.filter(pk=one.card.person_id).update(survivor_id=into.card.person_id)
