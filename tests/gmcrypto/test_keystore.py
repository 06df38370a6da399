"""Keys in the database: first start, root key rules, keys of persons, races."""

import io
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from foundation.core import clock
from foundation.core.ids import new_public_id
from gmcrypto import keystore, subject_cache, subject_keys
from gmcrypto.errors import KeyDestroyed, KeyUnavailable
from gmcrypto.index import (
    blind_index,
    blind_index_candidates,
    blind_index_versions,
    latest_blind_index,
    next_blind_index,
)
from gmcrypto.keyring import KeyRing, KeyState, Purpose
from gmcrypto.models import ManagedKey, SubjectKey
from gmcrypto.subject_cache import SubjectKeyCache
from tests.gmcrypto.sample.models import Patient

pytestmark = pytest.mark.django_db

# One key a purpose, and three to derive card numbers.
FIRST_KEYS = len(Purpose) + 2


@pytest.fixture
def _fresh_process() -> Iterator[None]:
    """What this process remembers is forgotten before and after."""
    keystore.forget()
    yield
    keystore.forget()


@pytest.fixture
def root_file(settings: Settings, tmp_path: Path, _fresh_process: None) -> Path:
    """No root key in the environment, and a file that does not exist yet."""
    settings.EHC_ROOT_KEY = ""
    settings.EHC_ROOT_KEY_FILE = str(tmp_path / "root.key")
    return tmp_path / "root.key"


@pytest.fixture
def _no_keys() -> None:
    ManagedKey.objects.all().delete()
    SubjectKey.objects.all().delete()


def run_ensure_keys() -> str:
    out = io.StringIO()
    call_command("ensure_keys", stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("_no_keys")
def test_a_first_start_of_the_demo_makes_root_and_keys(root_file: Path, settings: Settings) -> None:
    settings.DEMO = True
    assert "data-1" in run_ensure_keys()
    assert root_file.stat().st_mode & 0o777 == 0o600
    assert "All keys are there." in run_ensure_keys()
    assert ManagedKey.objects.count() == FIRST_KEYS


@pytest.mark.usefixtures("_no_keys")
def test_a_first_start_in_earnest_makes_no_root(root_file: Path, settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match=r"There is no root key\. Set EHC_ROOT_KEY"):
        run_ensure_keys()
    assert not root_file.exists()
    assert not ManagedKey.objects.exists()


def test_a_lost_root_is_never_replaced(root_file: Path, settings: Settings) -> None:
    settings.DEMO = True
    with pytest.raises(CommandError, match="Bring back the root key"):
        run_ensure_keys()
    assert not root_file.exists()


def test_a_lost_root_is_not_replaced_while_one_person_has_a_key(root_file: Path, settings: Settings) -> None:
    settings.DEMO = True
    ManagedKey.objects.all().delete()
    SubjectKey.objects.create(subject=new_public_id(), wrapped=b"wrapped", created_at=clock.now())
    with pytest.raises(CommandError, match="Bring back the root key"):
        run_ensure_keys()
    assert not root_file.exists()


@pytest.mark.usefixtures("_fresh_process")
def test_a_wrong_root_stops_the_start(settings: Settings) -> None:
    settings.EHC_ROOT_KEY = secrets.token_hex(16)
    with pytest.raises(CommandError, match="were wrapped by the root key"):
        run_ensure_keys()
    with pytest.raises(KeyUnavailable):
        keystore.active(Purpose.DATA)


@pytest.mark.usefixtures("_fresh_process")
def test_a_published_root_stops_the_start(settings: Settings) -> None:
    settings.EHC_ROOT_KEY = "0123456789ABCDEFFEDCBA9876543210"
    with pytest.raises(CommandError, match="printed in a public specification"):
        run_ensure_keys()


def test_an_installation_is_ready_when_every_purpose_has_a_key() -> None:
    keystore.check_ready()
    ManagedKey.objects.filter(purpose="validity").delete()
    with pytest.raises(KeyUnavailable, match="validity"):
        keystore.check_ready()
    assert keystore.ensure_keys() == ["validity-1"]


def test_the_database_allows_one_active_key_but_several_for_derivation() -> None:
    now = clock.now()
    values = {"version": 4, "state": "active", "wrapped": b"x", "created_at": now}
    ManagedKey.objects.create(kid="derivation-4", purpose="derivation", **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        ManagedKey.objects.create(kid="data-4", purpose="data", **values)
    for wrong in ({"purpose": "data", "state": "lost"}, {"purpose": "gambling", "state": "retired"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ManagedKey.objects.create(kid="x-4", **(values | wrong))


def test_a_rotation_is_kept_in_the_database() -> None:
    keystore.rotate(Purpose.SESSION)
    assert keystore.active(Purpose.SESSION).version == 2
    rows = ManagedKey.objects.filter(purpose="session").order_by("version")
    assert [(row.state, row.retired_at is None) for row in rows] == [("retired", False), ("active", True)]
    keystore.rotate(Purpose.DERIVATION)
    assert keystore.retire("derivation-1").state is KeyState.RETIRED


def test_known_keys_stay_in_use_inside_a_transaction_that_failed() -> None:
    ring = KeyRing(keystore.ring().root, keystore.DatabaseKeyStore(), clock=clock.now, cache_seconds=0.0)
    key = ring.active(Purpose.TOKEN_MAC)
    with transaction.atomic():
        transaction.set_rollback(True)
        assert ring.active(Purpose.TOKEN_MAC) == key
        with pytest.raises(KeyUnavailable, match="cannot be read"):
            ring.refresh()


# Blind indexes


def test_an_index_depends_on_domain_value_and_version() -> None:
    first = blind_index("identifier", "11010020171225006X")
    assert blind_index_versions("identifier", "11010020171225006X") == [first]
    assert len({first, blind_index("phone", "11010020171225006X"), blind_index("identifier", "1")}) == 3
    assert len(first) == 32
    for domain in ("", "a\x1fb"):
        with pytest.raises(ValueError, match="domain"):
            blind_index(domain, "x")


def test_both_indexes_are_candidates_during_a_rotation() -> None:
    old = blind_index("phone", "19900000001")
    assert blind_index_candidates("phone", "19900000001") == [old]
    assert next_blind_index("phone", "19900000001") is None
    keystore.prepare(Purpose.INDEX)
    new = next_blind_index("phone", "19900000001")
    assert new is not None
    assert blind_index_candidates("phone", "19900000001") == [old, new]
    assert latest_blind_index("phone", "19900000001") == new
    keystore.rotate(Purpose.INDEX)
    assert blind_index("phone", "19900000001") == new
    assert next_blind_index("phone", "19900000001") == new
    assert blind_index_candidates("phone", "19900000001") == [new]
    keystore.finish(Purpose.INDEX)
    assert next_blind_index("phone", "19900000001") is None
    assert blind_index_versions("phone", "19900000001") == [new, old]


# Keys of persons


def test_a_person_keeps_one_key() -> None:
    subject, other = new_public_id(), new_public_id()
    key = subject_keys.subject_key(subject)
    assert len(key) == 16
    assert subject_keys.subject_key(subject) == subject_keys.read_subject_key(subject) == key
    assert subject_keys.subject_key(other) != key
    keystore.forget()
    assert subject_keys.read_subject_key(subject) == key


def test_the_keys_of_many_persons_cost_three_queries_to_make_and_one_to_read(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    subjects = [new_public_id() for _ in range(50)]
    with django_assert_num_queries(3):
        made = subject_keys.prepare_subject_keys(subjects)
    assert len(set(made.values())) == 50
    keystore.forget()
    keystore.ring().refresh()
    with django_assert_num_queries(1):
        subject_keys.prefetch_subject_keys(subjects)
        assert {subject: subject_keys.read_subject_key(subject) for subject in subjects} == made


def test_a_wrapped_key_of_one_person_is_not_anothers() -> None:
    first, second = new_public_id(), new_public_id()
    subject_keys.prepare_subject_keys([first, second])
    row = SubjectKey.objects.get(subject=first)
    SubjectKey.objects.filter(subject=second).update(wrapped=row.wrapped)
    keystore.forget()
    with pytest.raises(KeyUnavailable, match="another's place"):
        subject_keys.read_subject_key(second)


def test_a_destroyed_key_leaves_a_mark_and_no_bytes() -> None:
    subject = new_public_id()
    subject_keys.subject_key(subject)
    subject_keys.destroy_subject_key(subject)
    row = SubjectKey.objects.get(subject=subject)
    assert (row.wrapped, row.destroyed_at is None) == (None, False)
    with pytest.raises(KeyDestroyed):
        subject_keys.subject_key(subject)


@pytest.mark.django_db(transaction=True)
def test_a_key_whose_transaction_was_rolled_back_encrypts_nothing() -> None:
    subject = new_public_id()

    def write_and_fail() -> None:
        with transaction.atomic():
            Patient.objects.create(subject=subject, name="林示例")
            raise RuntimeError("the rest of the transaction failed")

    with pytest.raises(RuntimeError):
        write_and_fail()
    made = Patient.objects.create(subject=subject, name="周示例")
    keystore.forget()
    assert Patient.objects.get(pk=made.pk).name == "周示例"


@pytest.mark.django_db(transaction=True)
def test_a_key_whose_savepoint_was_rolled_back_encrypts_nothing() -> None:
    subject = new_public_id()

    def write_and_fail() -> None:
        with transaction.atomic():
            Patient.objects.create(subject=subject, name="林示例")
            raise RuntimeError("the inner part failed")

    with transaction.atomic():
        with pytest.raises(RuntimeError):
            write_and_fail()
        made = Patient.objects.create(subject=subject, name="周示例")
    keystore.forget()
    assert Patient.objects.get(pk=made.pk).name == "周示例"


@pytest.mark.django_db(transaction=True)
def test_a_stale_key_in_memory_does_not_hide_a_value() -> None:
    # This process rolled its key back; another one then made the key that counts.
    subject = new_public_id()
    with transaction.atomic():
        subject_keys.subject_key(subject)
        transaction.set_rollback(True)
    stale = subject_keys.read_subject_key(subject)
    remembered = subject_cache.memory
    subject_cache.memory = SubjectKeyCache()
    made = Patient.objects.create(subject=subject, name="周示例")
    subject_cache.memory = remembered
    assert subject_keys.read_subject_key(subject) == stale
    assert Patient.objects.get(pk=made.pk).name == "周示例"
    assert subject_keys.read_subject_key(subject) != stale


@pytest.mark.django_db(transaction=True)
def test_a_committed_key_serves_later_writes_without_a_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    subject = new_public_id()
    with transaction.atomic():
        subject_keys.subject_key(subject)
    with django_assert_num_queries(0):
        subject_keys.subject_key(subject)


@pytest.mark.django_db(transaction=True)
def test_twelve_writers_of_one_person_agree_on_the_key() -> None:
    subject = new_public_id()
    together = threading.Barrier(12)

    def write(number: int) -> int:
        # Every thread stands for a process of its own, so none may know the key from another.
        try:
            together.wait()
            with transaction.atomic():
                return int(Patient.objects.create(subject=subject, name=f"林示例{number}").pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(write, range(12)))
    assert SubjectKey.objects.filter(subject=subject).count() == 1
    keystore.forget()
    names = {Patient.objects.get(pk=pk).name for pk in made}
    assert names == {f"林示例{number}" for number in range(12)}


@pytest.mark.django_db(transaction=True)
def test_two_first_starts_at_once_make_one_set_of_keys() -> None:
    ManagedKey.objects.all().delete()
    together = threading.Barrier(4)

    def start(_number: int) -> bytes:
        try:
            ring = KeyRing(keystore.ring().root, keystore.DatabaseKeyStore(), clock=clock.now)
            together.wait()
            ring.ensure()
            ring.refresh()
            return ring.active(Purpose.DATA).secret
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(start, range(4)))) == 1
    assert ManagedKey.objects.count() == FIRST_KEYS


# The memory of a process


def test_the_cache_is_bounded_and_forgets() -> None:
    cache = SubjectKeyCache(seconds=60, size=3)
    for number in range(5):
        cache.put(str(number), bytes([number]))
    assert [cache.get(str(number)) for number in range(5)] == [None, None, b"\x02", b"\x03", b"\x04"]
    brief = SubjectKeyCache(seconds=0, size=3)
    brief.put("a", b"key")
    assert brief.get("a") is None


def test_the_cache_keeps_what_was_used_last() -> None:
    cache = SubjectKeyCache(size=2)
    cache.put("a", b"1")
    cache.put("b", b"2")
    cache.get("a")
    cache.put("c", b"3")
    assert (cache.get("a"), cache.get("b")) == (b"1", None)


def test_the_cache_trusts_no_key_that_was_replaced() -> None:
    cache = SubjectKeyCache()
    cache.put("a", b"first")
    cache.put("a", b"second")
    cache.trust({"a": b"first"})
    assert cache.committed("a") is None
    cache.trust({"a": b"second"})
    assert cache.committed("a") == b"second"
