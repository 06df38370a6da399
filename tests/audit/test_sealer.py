"""The audit record: written, chained, sealed, and found out when somebody touches it."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from pytest_django import Settings

from foundation.audit import sealer
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.audit.models import AuditCheckpoint, AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor

ACTOR = Actor.system("test")
SUBJECT = ("cards.Card", "0123456789abcdefghjkmnpqrs")


@pytest.fixture(autouse=True)
def _own_file(settings: Settings, tmp_path: Path) -> None:
    settings.AUDIT_CHECKPOINT_FILE = str(tmp_path / "checkpoints.jsonl")


def write(count: int) -> None:
    for _ in range(count):
        audit.record(Action.CARD_ISSUED, actor=ACTOR, subject=SUBJECT, details={"key_version": 1})


def tamper(sql: str) -> None:
    """Do what an intruder with the rights of a superuser could do."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
        cursor.execute(sql)
        cursor.execute("ALTER TABLE audit_entry ENABLE TRIGGER ALL")


@pytest.mark.django_db
def test_sealed_entries_have_contiguous_numbers_and_verify() -> None:
    write(5)
    assert sealer.seal() == 5
    write(3)
    assert sealer.seal() == 3
    numbers = list(AuditEntry.objects.order_by("seal_no").values_list("seal_no", flat=True))
    assert numbers == list(range(1, 9))
    assert sealer.verify() == []


@pytest.mark.django_db
def test_details_name_only_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="id_number"):
        audit.record(Action.CARD_ISSUED, actor=ACTOR, subject=SUBJECT, details={"id_number": "x"})


@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["UPDATE audit_entry SET reason = 'x'", "DELETE FROM audit_entry"])
def test_the_database_refuses_change_and_deletion(sql: str) -> None:
    write(1)
    sealer.seal()
    with pytest.raises(ProgrammingError, match="not changed or deleted"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.django_db
def test_a_changed_entry_is_found() -> None:
    write(4)
    sealer.seal()
    tamper("UPDATE audit_entry SET actor_id = 'somebody else' WHERE seal_no = 2")
    assert sealer.Finding("changed", 2) in sealer.verify()


@pytest.mark.django_db
def test_a_deleted_entry_is_found() -> None:
    write(4)
    sealer.seal()
    tamper("DELETE FROM audit_entry WHERE seal_no = 2")
    assert sealer.Finding("deleted", 2) in sealer.verify()


@pytest.mark.django_db
def test_truncation_is_found_by_the_checkpoint_outside_the_database() -> None:
    write(4)
    sealer.seal()
    tamper("DELETE FROM audit_entry WHERE seal_no > 2")
    AuditCheckpoint.objects.all().delete()
    assert sealer.verify() == [sealer.Finding("deleted", 4)]


@pytest.mark.django_db
def test_a_rewritten_chain_does_not_match_its_checkpoint() -> None:
    write(3)
    sealer.seal()
    tamper("UPDATE audit_entry SET actor_id = 'somebody else', chain = NULL, seal_no = NULL")
    AuditCheckpoint.objects.all().delete()
    sealer.seal()
    assert sealer.Finding("changed before checkpoint", 3) in sealer.verify()


@pytest.mark.django_db
def test_a_forged_checkpoint_is_found() -> None:
    write(1)
    sealer.seal()
    AuditCheckpoint.objects.update(signature=b"\x30\x06\x02\x01\x01\x02\x01\x01")
    assert sealer.Finding("checkpoint signature", 1) in sealer.verify()


@pytest.mark.django_db
def test_entries_left_unsealed_are_found_and_the_command_says_so() -> None:
    with time_machine.travel(clock.now() - timedelta(minutes=6), tick=False):
        write(2)
    with pytest.raises(CommandError, match="findings"):
        call_command("verify_audit")
    sealer.seal()
    call_command("verify_audit")


@pytest.mark.django_db
def test_a_checkpoint_that_could_not_be_written_outside_is_written_with_the_next(settings: Settings) -> None:
    path = Path(settings.AUDIT_CHECKPOINT_FILE)
    path.mkdir()  # a folder stands in its place: the disk refuses
    write(1)
    with pytest.raises(OSError, match="directory"):
        sealer.seal()
    path.rmdir()
    with time_machine.travel(clock.now() + timedelta(minutes=2), tick=False):
        write(1)
        sealer.seal()
    assert len(path.read_bytes().splitlines()) == AuditCheckpoint.objects.count() == 2
    assert sealer.verify() == []


@pytest.mark.django_db
def test_many_entries_are_written_in_one_copy() -> None:
    entries = [audit.Entry(Action.CODE_VERIFIED, ACTOR, SUBJECT, institution="i" * 26) for _ in range(50)]
    assert audit.record_many(entries) == 50
    sealer.seal()
    assert AuditEntry.objects.filter(seal_no__isnull=False, institution="i" * 26).count() == 50
    assert sealer.verify() == []


@pytest.mark.django_db(transaction=True)
def test_twenty_writers_do_not_wait_for_each_other_nor_for_the_sealer() -> None:
    everyone_has_written = threading.Barrier(20, timeout=60)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with transaction.atomic():
                write(1)
                # Passed only if all twenty hold an uncommitted entry at the same time.
                everyone_has_written.wait()
        except BaseException as exc:
            failures.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    sealer.seal()
    for thread in threads:
        thread.join()
    assert failures == []
    while sealer.seal():
        continue
    assert AuditEntry.objects.filter(seal_no=None).count() == 0
    assert sealer.verify() == []
