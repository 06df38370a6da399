"""Moving stored values to new keys."""

import io

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from foundation.core.ids import new_public_id
from gmcrypto import keystore, subject_keys
from gmcrypto.keyring import Purpose
from gmcrypto.models import SubjectKey
from gmcrypto.rotation import Progress, reencrypt_model, rewrap_subject_keys
from tests.gmcrypto.sample.models import Client, Patient

pytestmark = pytest.mark.django_db


def silent(_progress: Progress) -> None:
    """Take the progress and say nothing."""


def make_clients(count: int) -> list[Client]:
    return [Client.objects.create(secret=f"secret {number}") for number in range(count)]


def key_ids(field: str) -> set[str]:
    return {value.key_id() for value in Client.objects.values_list(field, flat=True)}


def run_command(*args: str) -> str:
    out = io.StringIO()
    call_command("reencrypt_fields", *args, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_every_value_moves_to_the_new_key_and_the_second_run_finds_nothing() -> None:
    clients = make_clients(7)
    keystore.rotate(Purpose.CLIENT_SECRET)
    done = reencrypt_model(Client, batch=3, report=silent)
    assert (done.seen, done.changed, done.last) == (7, 7, clients[-1].pk)
    assert key_ids("secret") == {"client_secret-2"}
    assert key_ids("note") == {"data-1"}
    assert [row.secret for row in Client.objects.order_by("pk")] == [f"secret {n}" for n in range(7)]
    assert reencrypt_model(Client, batch=3, report=silent).changed == 0


def test_a_run_that_was_stopped_goes_on_where_it_was() -> None:
    clients = make_clients(6)
    keystore.rotate(Purpose.CLIENT_SECRET)

    class Stopped(Exception):
        pass

    def stop(progress: Progress) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        reencrypt_model(Client, batch=2, report=stop)
    assert key_ids("secret") == {"client_secret-1", "client_secret-2"}
    done = reencrypt_model(Client, after=clients[1].pk, batch=2, report=silent)
    assert (done.seen, done.changed) == (4, 4)
    assert key_ids("secret") == {"client_secret-2"}


def test_values_of_persons_stay_and_their_keys_are_wrapped_anew() -> None:
    made = Patient.objects.create(subject=new_public_id(), name="林示例")
    keystore.rotate(Purpose.DATA)
    assert reencrypt_model(Patient, report=silent).changed == 0
    done = rewrap_subject_keys(batch=1, report=silent)
    assert done.changed == done.seen >= 1
    row = SubjectKey.objects.get(subject=made.subject)
    assert row.wrapped is not None
    assert b"data-2" in bytes(row.wrapped)
    keystore.forget()
    assert Patient.objects.get(pk=made.pk).name == "林示例"
    assert rewrap_subject_keys(report=silent).changed == 0


def test_a_row_that_passes_to_another_person_moves_to_that_key() -> None:
    made = Patient.objects.create(subject=new_public_id(), name="林示例")
    heir = new_public_id()
    Patient.objects.filter(pk=made.pk).update(subject=heir)
    assert Patient.objects.get(pk=made.pk).name == "林示例"
    assert reencrypt_model(Patient, report=silent).changed == 1
    subject_keys.destroy_subject_key(made.subject)
    assert Patient.objects.get(pk=made.pk).name == "林示例"


def test_rows_whose_key_was_destroyed_are_counted_and_left() -> None:
    first = Patient.objects.create(subject=new_public_id(), name="林示例")
    second = Patient.objects.create(subject=new_public_id(), name="周示例")
    subject_keys.destroy_subject_key(first.subject)
    Patient.objects.update(subject=new_public_id())
    done = reencrypt_model(Patient, report=silent)
    assert (done.seen, done.changed, done.destroyed) == (2, 1, 1)
    assert Patient.objects.get(pk=second.pk).name == "周示例"


def test_the_command_goes_through_the_installed_models(settings: Settings) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.gmcrypto.sample.apps.SampleConfig"]
    make_clients(3)
    keystore.rotate(Purpose.CLIENT_SECRET)
    assert "sample.Client: 3 seen, 3 changed, 0 with a destroyed key." in run_command()
    assert "sample.Client: 3 seen, 0 changed" in run_command("sample.Client")
    with pytest.raises(CommandError, match="exactly one model"):
        run_command("--after", "5")
    with pytest.raises(CommandError):
        run_command("sample.Nobody")
