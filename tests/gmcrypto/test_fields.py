"""Encrypted fields and blind indexes on real rows."""

import pytest
from django.apps.registry import Apps
from django.core.exceptions import FieldError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Q
from django.forms import modelform_factory
from pytest_django import DjangoAssertNumQueries

from foundation.core.ids import new_public_id
from gmcrypto import keystore, subject_keys
from gmcrypto.errors import DecryptionFailed, KeyDestroyed, KeyUnavailable
from gmcrypto.fields import EncryptedTextField, Sealed, prefetch_keys
from gmcrypto.index import blind_index
from gmcrypto.keyring import Purpose
from tests.gmcrypto.sample.models import Client, Patient

pytestmark = pytest.mark.django_db


def make_patient(**values: object) -> Patient:
    return Patient.objects.create(**{"subject": new_public_id(), "name": "林示例", **values})


def stored(row: models.Model, column: str) -> bytes:
    table = row._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM "{table}" WHERE id = %s', [row.pk])
        return bytes(cursor.fetchone()[0])


def overwrite(row: models.Model, column: str, blob: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{row._meta.db_table}" SET "{column}" = %s WHERE id = %s', [blob, row.pk])


def test_a_value_is_read_back_and_lies_encrypted() -> None:
    made = make_patient(phone="19900000001", contact={"name": "周示例", "share": [1, None, "半"]})
    read = Patient.objects.get(pk=made.pk)
    assert (read.name, read.phone) == ("林示例", "19900000001")
    assert read.contact == {"name": "周示例", "share": [1, None, "半"]}
    assert "林示例".encode() not in stored(made, "name")
    assert b"19900000001" not in stored(made, "phone")


def test_nothing_stays_null_and_an_empty_text_stays_empty() -> None:
    made = make_patient(name="", phone=None)
    read = Patient.objects.get(pk=made.pk)
    assert (read.name, read.phone, read.contact) == ("", None, None)
    assert Patient.objects.filter(phone__isnull=True, name__isnull=False).get() == made


def test_an_empty_json_value_is_not_null() -> None:
    made = make_patient(contact={})
    assert Patient.objects.get(pk=made.pk).contact == {}


def test_a_change_inside_a_json_value_is_saved() -> None:
    made = make_patient(contact={"tags": ["a"]})
    read = Patient.objects.get(pk=made.pk)
    read.contact["tags"].append("b")
    read.save()
    assert Patient.objects.get(pk=made.pk).contact == {"tags": ["a", "b"]}


def test_a_value_that_was_not_read_is_saved_as_it_was() -> None:
    made = make_patient()
    before = stored(made, "name")
    read = Patient.objects.get(pk=made.pk)
    read.city = "示范市"
    read.save()
    assert stored(made, "name") == before


def test_deferred_fields_and_refresh_work() -> None:
    made = make_patient(phone="19900000001")
    assert Patient.objects.only("public_id").get(pk=made.pk).name == "林示例"
    assert Patient.objects.defer("name").get(pk=made.pk).name == "林示例"
    assert Patient.objects.only("name").get(pk=made.pk).name == "林示例"
    other = Patient.objects.get(pk=made.pk)
    other.name = "何示例"
    other.save(update_fields=["name"])
    made.refresh_from_db()
    assert (made.name, made.phone) == ("何示例", "19900000001")
    made.refresh_from_db(fields=["name"])
    assert made.name == "何示例"


def test_a_deferred_row_saves_without_touching_what_it_did_not_load() -> None:
    made = make_patient()
    before = stored(made, "name")
    partial = Patient.objects.only("public_id", "city").get(pk=made.pk)
    partial.city = "示范市"
    partial.save()
    assert stored(made, "name") == before


def test_bulk_create_encrypts() -> None:
    rows = [Patient(subject=new_public_id(), name=f"林示例{number}") for number in range(3)]
    Patient.objects.bulk_create(rows)
    assert sorted(row.name for row in Patient.objects.all()) == ["林示例0", "林示例1", "林示例2"]


def test_a_value_moved_to_another_row_does_not_open() -> None:
    # The same person on both rows, so that the key fits and only the place does not.
    subject = new_public_id()
    first, second = make_patient(subject=subject, name="甲"), make_patient(subject=subject, name="乙")
    overwrite(second, "name", stored(first, "name"))
    with pytest.raises(DecryptionFailed):
        _ = Patient.objects.get(pk=second.pk).name


def test_a_value_moved_to_another_field_does_not_open() -> None:
    made = make_patient(name="19900000001", phone="19900000002")
    overwrite(made, "phone", stored(made, "name"))
    read = Patient.objects.get(pk=made.pk)
    assert read.name == "19900000001"
    with pytest.raises(DecryptionFailed):
        _ = read.phone


def test_a_row_with_a_new_public_id_does_not_take_old_values_along() -> None:
    read = Patient.objects.get(pk=make_patient().pk)
    read.pk, read.public_id = None, new_public_id()
    read._state.adding = True
    with pytest.raises(DecryptionFailed):
        read.save()


@pytest.mark.parametrize("blob", [b"", b"\x01", b"plain text in the column, as somebody wrote it"])
def test_what_is_no_envelope_does_not_open(blob: bytes) -> None:
    made = make_patient()
    overwrite(made, "name", blob)
    with pytest.raises(DecryptionFailed):
        _ = Patient.objects.get(pk=made.pk).name


def test_without_a_public_id_nothing_is_saved() -> None:
    row = Patient(subject=new_public_id(), name="林示例", public_id="")
    with pytest.raises(FieldError, match="public_id"):
        row.save()


def test_a_person_is_named_by_a_public_id() -> None:
    for subject in ("", "short", "X" * 26):
        with pytest.raises(ValueError, match="26 characters"):
            make_patient(subject=subject)


def test_a_field_without_a_value_is_refused_by_the_column() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Patient.objects.create(subject=new_public_id(), name=None)


@pytest.mark.parametrize(
    "condition",
    [
        Q(name="林示例"),
        Q(name__contains="林"),
        Q(name__in=["林示例"]),
        Q(name__gt="a"),
        Q(contact__tags="a"),
        Q(phone=None),
    ],
)
def test_a_search_is_refused_with_a_sentence(condition: Q) -> None:
    with pytest.raises(FieldError, match=r"blind index|no parts"):
        Patient.objects.filter(condition)


def test_an_update_without_an_instance_is_refused() -> None:
    made = make_patient()
    with pytest.raises(FieldError, match="set it on an instance"):
        Patient.objects.update(name="何示例")
    made.name = "何示例"
    with pytest.raises(FieldError, match="set it on an instance"):
        Patient.objects.bulk_update([made], ["name"])


def test_values_show_no_plaintext() -> None:
    make_patient()
    (value,) = Patient.objects.values_list("name", flat=True)
    assert isinstance(value, Sealed)
    assert repr(value).startswith("<Sealed, ")


def test_a_fixture_is_refused() -> None:
    made = make_patient()
    with pytest.raises(FieldError, match="fixtures"):
        Patient._meta.get_field("name").value_to_string(made)


def test_text_takes_text_only() -> None:
    with pytest.raises(TypeError, match="takes text"):
        make_patient(name=5)


def test_a_destroyed_key_leaves_nothing_to_read_or_write() -> None:
    made, other = make_patient(), make_patient(name="周示例")
    assert subject_keys.destroy_subject_key(made.subject)
    assert not subject_keys.destroy_subject_key(made.subject)
    read = Patient.objects.get(pk=made.pk)
    with pytest.raises(KeyDestroyed):
        _ = read.name
    with pytest.raises(KeyDestroyed), transaction.atomic():
        make_patient(subject=made.subject)
    read.city = "示范市"
    read.save()
    assert Patient.objects.get(pk=other.pk).name == "周示例"


def test_a_value_whose_key_was_never_there_is_unavailable() -> None:
    made = make_patient()
    blob = stored(made, "name").replace(made.subject.encode(), new_public_id().encode())
    overwrite(made, "name", blob)
    with pytest.raises(KeyUnavailable):
        _ = Patient.objects.get(pk=made.pk).name


def test_many_rows_need_one_query_for_their_keys(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(20):
        make_patient(name=f"林示例{number}", phone=f"199000000{number:02}")
    keystore.forget()
    keystore.ring().refresh()
    rows = list(Patient.objects.order_by("pk"))
    with django_assert_num_queries(1):
        prefetch_keys(rows)
        assert [row.name for row in rows] == [f"林示例{number}" for number in range(20)]
        assert rows[3].phone == "19900000003"


def test_without_the_prefetch_every_person_costs_a_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(3):
        make_patient()
    keystore.forget()
    keystore.ring().refresh()
    rows = list(Patient.objects.all())
    with django_assert_num_queries(3):
        assert {row.name for row in rows} == {"林示例"}


def test_rows_about_no_person_use_the_key_of_their_purpose() -> None:
    made = Client.objects.create(secret="s3cret", note="备注")
    read = Client.objects.get(pk=made.pk)
    assert (read.secret, read.note) == ("s3cret", "备注")
    secret, note = Client.objects.values_list("secret", "note").get()
    assert secret.key_id() == keystore.active(Purpose.CLIENT_SECRET).kid == "client_secret-1"
    assert note.key_id() == "data-1"


def test_an_old_version_still_opens_after_a_rotation() -> None:
    made = Client.objects.create(secret="before")
    keystore.rotate(Purpose.CLIENT_SECRET)
    later = Client.objects.create(secret="after")
    assert Client.objects.get(pk=made.pk).secret == "before"
    assert Client.objects.values_list("secret", flat=True).get(pk=later.pk).key_id() == "client_secret-2"
    assert Client.objects.get(pk=later.pk).secret == "after"


def test_a_blind_index_finds_and_is_unique() -> None:
    digest = blind_index("phone", "19900000001")
    made = make_patient(phone="19900000001", phone_index=digest)
    assert Patient.objects.get(phone_index=blind_index("phone", "19900000001")) == made
    assert Patient.objects.get(phone_index__in=[digest]).phone_index == digest
    with pytest.raises(IntegrityError), transaction.atomic():
        make_patient(phone_index=digest)


def test_a_blind_index_column_takes_nothing_but_an_index() -> None:
    for wrong in ("19900000001", b"19900000001", bytes(31)):
        with pytest.raises(FieldError, match="32 bytes"), transaction.atomic():
            make_patient(phone_index=wrong)


def test_a_form_edits_encrypted_text() -> None:
    made = Client.objects.create(secret="s3cret")
    form_class = modelform_factory(Client, fields=["secret"])
    assert form_class(instance=made).initial == {"secret": "s3cret"}
    form = form_class({"secret": "changed"}, instance=made)
    assert form.is_valid()
    form.save()
    assert Client.objects.get(pk=made.pk).secret == "changed"


def test_a_field_that_cannot_work_is_found_by_the_checks() -> None:
    registry = Apps()

    class Wrong(models.Model):  # noqa: DJ008
        secret = EncryptedTextField(unique=True)

        class Meta:
            app_label = "sample"
            apps = registry

    found = {message.id for message in Wrong._meta.get_field("secret").check()}
    assert found == {"gmcrypto.E001", "gmcrypto.E002"}
    assert Patient._meta.get_field("name").check() == []


def test_a_migration_writes_only_what_differs() -> None:
    _, path, args, kwargs = Client._meta.get_field("secret").deconstruct()
    assert (path, args, kwargs) == ("gmcrypto.fields.EncryptedTextField", [], {"purpose": "client_secret"})
    _, path, args, kwargs = Patient._meta.get_field("phone_index").deconstruct()
    assert (path, args, kwargs) == ("gmcrypto.fields.BlindIndexField", [], {"null": True, "unique": True})
