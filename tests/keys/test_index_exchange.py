"""A new key for the blind indexes: every row of every model is found at every step, and moved."""

import pytest
from django.core.management import CommandError
from pytest_django import Settings

from foundation.audit.models import AuditEntry
from gmcrypto import keystore, reindexing, subject_keys
from gmcrypto.errors import RotationRefused
from gmcrypto.indexed import all_indexed, check_registered, columns_of
from gmcrypto.keyring import Purpose
from gmcrypto.models import IndexMove
from mpi.models import Identifier
from tests.cards import world
from tests.keys.everything import Everything, command, later

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rows(db: None) -> Everything:
    return Everything()


def indexes() -> dict[str, set[bytes]]:
    """What stands in every first column of every model."""
    found: dict[str, set[bytes]] = {}
    for indexed in all_indexed():
        for column in columns_of(indexed.model):
            values = indexed.model._base_manager.filter(**{f"{column}__isnull": False})
            found[f"{indexed.label}.{column}"] = set(values.values_list(column, flat=True))
    return found


def test_every_model_with_a_blind_index_is_registered_and_its_unique_columns_are_twins() -> None:
    assert check_registered() == []


def test_who_is_not_registered_or_not_a_twin_is_refused_at_the_start(settings: Settings) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.gmcrypto.sample.apps.SampleConfig"]
    found = {(message.obj.__name__, message.id) for message in check_registered()}
    assert found == {
        ("Patient", "gmcrypto.E003"),
        ("Untwinned", "gmcrypto.E003"),
        ("Untwinned", "gmcrypto.E004"),
    }


def test_every_row_of_every_model_is_moved_and_found_at_every_step(rows: Everything) -> None:
    before = indexes()
    # A model that this test has no row of would not be proved: add one to ``Everything``.
    assert [name for name, values in before.items() if not values] == []
    assert "index-1 is active; no rotation" in command("status")
    assert all(rows.is_found().values())
    assert "Go on after" in command("begin")
    assert all(rows.is_found().values())
    with later():
        assert "Go on after" in command("continue")
        assert "switched from index-1" in command("status")
        assert all(rows.is_found().values())
        newcomer = world.holder()
        with later():
            assert "Done: index-2 finds every row." in command("continue")
            assert all(rows.is_found().values())
    after = indexes()
    for name, values in before.items():
        assert after[name], name
        assert values.isdisjoint(after[name]), name
    assert Identifier.objects.filter(person=newcomer.card.person_id).exists()
    actions = AuditEntry.objects.filter(subject_type="gmcrypto.ManagedKey").order_by("id")
    assert [(entry.action, entry.subject_id) for entry in actions] == [
        ("key.prepared", "index-2"),
        ("key.rotated", "index-2"),
        ("key.retired", "index-1"),
    ]


def test_the_next_exchange_finds_what_the_one_before_left(rows: Everything) -> None:
    for _round in range(2):
        command("begin")
        with later():
            command("continue")
            with later():
                assert "Done" in command("continue")
        assert all(rows.is_found().values())
    assert keystore.active(Purpose.INDEX).version == 3
    assert IndexMove.objects.filter(kid="index-3", finished_at=None).count() == 0


def test_a_run_that_was_stopped_goes_on_behind_the_last_batch(rows: Everything) -> None:
    for _number in range(4):
        world.holder()
    keystore.prepare(Purpose.INDEX)

    class Stopped(Exception):
        pass

    def stop(line: str) -> None:
        if line.startswith("mpi.Identifier"):
            raise Stopped

    with pytest.raises(Stopped):
        reindexing.fill(batch=2, report=stop)
    assert Identifier.objects.filter(value_index_next=None).count() == 3
    lines: list[str] = []
    reindexing.fill(batch=2, report=lines.append)
    assert not Identifier.objects.filter(value_index_next=None).exists()
    assert not any(line.startswith("cards.") for line in lines)
    assert all(rows.is_found().values())


def test_rows_of_somebody_who_was_erased_are_counted_and_left(rows: Everything) -> None:
    erased = world.holder(name="测试丁")
    subject_keys.destroy_subject_key(erased.card.subject)
    keystore.prepare(Purpose.INDEX)
    done = reindexing.fill(report=lambda _line: None)
    # The person, the identifier and the card number.
    assert done.destroyed == 3
    assert reindexing.fill(report=lambda _line: None) == done
    assert all(rows.is_found().values())


def test_a_value_that_two_rows_hold_stops_the_exchange_and_names_the_row(rows: Everything) -> None:
    twin = world.holder()
    row = Identifier.objects.filter(person=twin.card.person_id).get()
    keystore.prepare(Purpose.INDEX)
    # As no service writes it: the same value, and another first index.
    row.value = rows.holder.id_number
    row.save()
    with pytest.raises(RotationRefused, match=f"mpi.Identifier {row.pk} holds the same value"):
        reindexing.fill(batch=3, report=lambda _line: None)


def test_the_steps_refuse_to_be_run_out_of_order() -> None:
    with pytest.raises(CommandError, match="under way"):
        command("continue")
    with pytest.raises(RotationRefused, match="Prepare"):
        reindexing.fill(report=lambda _line: None)
    command("begin")
    with pytest.raises(CommandError, match="already prepared"):
        command("begin")
    with pytest.raises(RotationRefused, match="Rotate"):
        reindexing.switch(report=lambda _line: None)
    assert "Go on after" in command("continue")
    assert keystore.active(Purpose.INDEX).version == 1
